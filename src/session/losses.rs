//! Telling clients of executions that ended with the service.
//!
//! When it starts, their rows say that they are lost; their events come when the session is first looked
//! at, so that whoever goes on reading where they were finds out.

use python_wasm::Event;
use serde_json::{Value, json};

use super::event::{Draft, ExecutionState, Happening, Notice};
use super::execution::{Finished, loss};
use super::handle::Handle;
use crate::error_code::Fault;
use crate::store::Store;
use crate::store::executions::ExecutionRow;

/// Writes the ends of a session's lost executions to its log, those that are not there yet.
pub(super) async fn tell(store: &Store, handle: &Handle) -> Result<(), Fault> {
    let lost = store.untold_losses(handle.tenant, handle.id).await?;
    let Some(first) = lost.first() else {
        return Ok(());
    };
    let checkpoint = handle.view().checkpoint;
    let append = |draft: Draft| {
        let draft = Draft {
            session_id: Some(handle.id),
            ..draft
        };
        handle.log().append(draft).map_err(Fault::disk)
    };
    let mut ids = Vec::new();
    for row in &lost {
        let id = row.id.parse().map_err(Fault::internal)?;
        // As when a worker ends.
        let (shown, error) = loss(&reason(row));
        let finished = Finished::lost(error, checkpoint.clone());
        for happening in [
            Happening::Kernel(Event::Error(shown)),
            Happening::Notice(Notice::Finished(finished)),
        ] {
            append(Draft {
                execution_id: Some(id),
                cell_id: row.cell_id.clone(),
                ..Draft::of(happening)
            })?;
        }
        ids.push(id);
    }
    append(Draft::of(Happening::Notice(Notice::Restored {
        checkpoint_id: checkpoint,
        reason: reason(first),
        lost: ids,
    })))?;
    let execution_state = ExecutionState::Idle;
    let last = append(Draft::of(Happening::Notice(Notice::Status {
        execution_state,
    })))?;
    store
        .losses_are_told(handle.tenant, handle.id, last.seq)
        .await
}

fn reason(row: &ExecutionRow) -> String {
    let error = row.error.as_deref().unwrap_or_default();
    let error: Value = serde_json::from_str(error).unwrap_or(json!({}));
    error["message"].as_str().unwrap_or_default().to_owned()
}
