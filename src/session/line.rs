//! The line of states of a session: which led to the present one, and the way back along it.

use std::collections::HashSet;

use python_wasm::CheckpointId;

use super::registry::Sessions;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{SessionId, TenantId};
use crate::store::executions::ExecutionRow;

impl Sessions {
    /// Brings the variables of a session back to before an execution.
    pub(crate) async fn restore_before(
        &self,
        tenant: TenantId,
        session: SessionId,
        execution: &ExecutionRow,
    ) -> Result<(), Fault> {
        if execution.finished_at.is_none() {
            return Err(Fault::new(
                ErrorCode::SessionBusy,
                "The execution has not ended yet.",
            ));
        }
        let before: Option<CheckpointId> = match &execution.checkpoint_before {
            Some(text) => {
                let checkpoint = text.parse().map_err(Fault::internal)?;
                self.checkpoint_exists(tenant, session, &checkpoint).await?;
                Some(checkpoint)
            }
            None => None,
        };
        self.get(tenant, session).await?.restore(before).await
    }

    /// Refuses a checkpoint that is not the session's.
    pub(crate) async fn checkpoint_exists(
        &self,
        tenant: TenantId,
        session: SessionId,
        checkpoint: &CheckpointId,
    ) -> Result<(), Fault> {
        match self
            .around
            .store
            .checkpoint(tenant, session, checkpoint.as_str())
            .await?
        {
            Some(_) => Ok(()),
            None => Err(Fault::new(
                ErrorCode::CheckpointNotFound,
                format!("The session has no checkpoint {checkpoint}."),
            )),
        }
    }

    /// Returns the ids of the checkpoints that led to a state of a session, and its own.
    pub(crate) async fn line(
        &self,
        tenant: TenantId,
        session: SessionId,
        present: Option<CheckpointId>,
    ) -> Result<HashSet<String>, Fault> {
        let mut parents = self
            .around
            .store
            .checkpoint_parents(tenant, session)
            .await?;
        let mut line = HashSet::new();
        let mut at = present.map(|checkpoint| checkpoint.to_string());
        while let Some(id) = at {
            at = parents.remove(&id);
            line.insert(id);
        }
        Ok(line)
    }
}
