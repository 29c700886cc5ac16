//! Telling clients of executions that ended with the service.
//!
//! When it starts, their rows say that they are lost; their events come when the session is first looked
//! at, so that whoever goes on reading where they were finds out.

use python_wasm::Usage;
use serde_json::{Map, Value, json};

use super::event::{Draft, ExecutionState, Happening, Notice};
use super::execution::Finished;
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
        let error: Value = row
            .error
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let finished = Finished {
            outcome: "lost".into(),
            error,
            execution_count: None,
            usage: Usage::default(),
            user_expressions: Map::new(),
            payload: Vec::new(),
            checkpoint_before: checkpoint.clone(),
            checkpoint_after: checkpoint.clone(),
            not_stored: None,
        };
        let id = row.id.parse().map_err(Fault::internal)?;
        append(Draft {
            execution_id: Some(id),
            cell_id: row.cell_id.clone(),
            ..Draft::of(Happening::Notice(Notice::Finished(finished)))
        })?;
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
