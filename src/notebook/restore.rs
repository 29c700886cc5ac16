//! Undo of an execution: the variables go back to before a cell ran, and the notebook shows which
//! outputs are from then.

use std::sync::Arc;

use super::library::Library;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, SessionId};
use crate::tenant::Caller;

impl Library {
    /// Brings the variables back to before the last execution of a cell. That cell, and those that
    /// ran after it, show from then on that what they show was undone.
    pub(crate) async fn restore_before(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        cell: &str,
    ) -> Result<(), Fault> {
        let never = || {
            Fault::new(
                ErrorCode::ExecutionNotFound,
                "The cell has not run in the notebook's present session.",
            )
        };
        let session = self
            .look(caller.tenant, id, |state| {
                state.document.position(cell)?;
                Ok(state.row.session_id.clone())
            })
            .await?
            .ok_or_else(never)?;
        let session: SessionId = session.parse().map_err(Fault::internal)?;
        let execution = self
            .store
            .last_execution_of(caller.tenant, session, cell)
            .await?
            .ok_or_else(never)?;
        self.sessions
            .restore_before(caller.tenant, session, &execution)
            .await?;
        self.change(caller.tenant, id, |state| state.document.take_back(cell))
            .await
    }
}
