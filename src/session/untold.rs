//! Telling clients of executions that had ended when the service did, and whose end it had not told.
//!
//! How an execution ended is stored first and told then. What lies between is made good when the session
//! is first looked at again, so that whoever goes on reading where they were finds out.

use std::collections::BTreeSet;

use super::event::{Draft, Event, ExecutionState, Happening, Notice};
use super::execution::Finished;
use super::handle::Handle;
use crate::error_code::Fault;
use crate::id::ExecutionId;
use crate::store::Store;
use crate::store::executions::ExecutionRow;

/// Events at the end of a log among which the end of an execution is whose row names one of them: warnings
/// may have come in between.
const RECENT: u64 = 64;

/// Writes the ends of a session's executions to its log, those that are stored and not there.
pub(super) async fn tell(store: &Store, handle: &Handle) -> Result<(), Fault> {
    let log = handle.log();
    let recent = log.last().saturating_sub(RECENT);
    let ended = store
        .executions_ended_behind(handle.tenant, handle.id, recent)
        .await?;
    if ended.is_empty() {
        return Ok(());
    }
    // Twice as far: one that was told again stands in front of where it was going to be.
    let from = (recent.saturating_sub(RECENT) + 1).max(log.first());
    let events = match log.range(from, log.last()) {
        Ok(events) => events,
        // Whoever reads it is told so; the session itself goes on.
        Err(error) => {
            tracing::error!(session = %handle.id, %error, "what was told of a session cannot be read");
            return Ok(());
        }
    };
    let told: BTreeSet<ExecutionId> = events.iter().filter_map(finished).collect();
    let mut ends_open = events.last().is_some_and(|last| finished(last).is_some());
    for row in &ended {
        let id = row.id.parse().map_err(Fault::internal)?;
        if told.contains(&id) {
            continue;
        }
        let Some(end) = Finished::stored(row) else {
            continue;
        };
        if let Some(checkpoint) = checkpoint_of(store, handle, row, &events, id).await? {
            append(handle, row, id, checkpoint)?;
        }
        let last = append(handle, row, id, Notice::Finished(end))?;
        store
            .end_is_told(handle.tenant, handle.id, id, last)
            .await?;
        ends_open = true;
    }
    if ends_open {
        let execution_state = ExecutionState::Idle;
        let idle = Happening::Notice(Notice::Status { execution_state });
        let draft = Draft {
            session_id: Some(handle.id),
            ..Draft::of(idle)
        };
        log.append(draft).map_err(Fault::disk)?;
    }
    Ok(())
}

/// Returns which execution an event ends.
fn finished(event: &Event) -> Option<ExecutionId> {
    let is_end = matches!(
        event.draft.happening,
        Happening::Notice(Notice::Finished(_))
    );
    event.draft.execution_id.filter(|_| is_end)
}

/// Returns the notice of the state that an execution left, if it is still to come.
async fn checkpoint_of(
    store: &Store,
    handle: &Handle,
    row: &ExecutionRow,
    events: &[Event],
    id: ExecutionId,
) -> Result<Option<Notice>, Fault> {
    let told = events.iter().any(|event| {
        let is_checkpoint = matches!(
            event.draft.happening,
            Happening::Notice(Notice::Checkpoint { .. })
        );
        is_checkpoint && event.draft.execution_id == Some(id)
    });
    let Some(checkpoint) = row.checkpoint_after.as_deref().filter(|_| !told) else {
        return Ok(None);
    };
    let stored = store
        .checkpoint(handle.tenant, handle.id, checkpoint)
        .await?;
    // One that a cell left as it found it is that of an earlier cell.
    let stored = stored.filter(|stored| stored.execution_id.as_deref() == Some(row.id.as_str()));
    let notice = |pages: i64| {
        Ok::<_, Fault>(Notice::Checkpoint {
            checkpoint_id: checkpoint.parse().map_err(Fault::internal)?,
            pages: pages.cast_unsigned(),
        })
    };
    stored.map(|stored| notice(stored.pages)).transpose()
}

/// Writes something about an execution to the log, and returns its number.
fn append(
    handle: &Handle,
    row: &ExecutionRow,
    id: ExecutionId,
    notice: Notice,
) -> Result<u64, Fault> {
    let draft = Draft {
        session_id: Some(handle.id),
        execution_id: Some(id),
        cell_id: row.cell_id.clone(),
        ..Draft::of(Happening::Notice(notice))
    };
    Ok(handle.log().append(draft).map_err(Fault::disk)?.seq)
}
