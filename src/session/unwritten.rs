//! What could not be stored when it happened: it is stored later, and nothing new begins before.

use super::actor::Actor;
use crate::error_code::{ErrorCode, Fault};
use crate::store::checkpoints::CheckpointRow;
use crate::store::executions::{ExecutionEnd, ExecutionRow};

/// Something that is to be stored.
pub(super) enum Unwritten {
    /// How an execution ended, and the state after it. Its own row comes first where it is missing.
    Execution {
        row: Option<Box<ExecutionRow>>,
        end: Box<ExecutionEnd>,
        after: Option<CheckpointRow>,
    },
    /// The session's present state.
    Checkpoint(CheckpointRow),
}

impl Actor {
    /// Stores what could not be stored before.
    pub(super) async fn write_down(&mut self) -> Result<(), Fault> {
        while let Some(unwritten) = self.unwritten.first_mut() {
            let store = &self.around.store;
            match unwritten {
                Unwritten::Execution { row, end, after } => {
                    if let Some(row) = row {
                        match store.add_execution(row).await {
                            // The database said no, and had it.
                            Err(fault) if fault.code != ErrorCode::AlreadyExists => {
                                return Err(fault);
                            }
                            Ok(()) | Err(_) => {}
                        }
                    }
                    *row = None;
                    store
                        .end_execution(self.tenant, self.id, end, after.as_ref())
                        .await?;
                }
                Unwritten::Checkpoint(row) => store.keep_checkpoint(row).await?,
            }
            self.unwritten.remove(0);
        }
        Ok(())
    }
}
