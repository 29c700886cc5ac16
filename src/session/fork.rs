//! Forks: sessions that begin in the state of another one.

use std::sync::Arc;

use python_wasm::CheckpointId;

use super::handle::{ForkBasis, Handle};
use super::link::Link;
use super::registry::{Sessions, missing};
use crate::error_code::{ErrorCode, Fault};
use crate::id::SessionId;
use crate::store::sessions::SessionRow;
use crate::tenant::Caller;

impl Sessions {
    /// Makes a session in the state of another one, or of one of its checkpoints.
    pub(crate) async fn fork(
        self: &Arc<Self>,
        caller: &Caller,
        parent: SessionId,
        checkpoint: Option<CheckpointId>,
        name: Option<String>,
    ) -> Result<Handle, Fault> {
        let handle = self.get(caller.tenant, parent).await?;
        let row = self
            .around
            .store
            .session(caller.tenant, parent)
            .await?
            .ok_or_else(missing)?;
        let basis = match checkpoint {
            Some(checkpoint) => {
                self.checkpoint_exists(caller.tenant, parent, &checkpoint)
                    .await?;
                ForkBasis {
                    checkpoint: Some(checkpoint),
                    link: None,
                }
            }
            None => handle.fork_basis().await?,
        };
        let now = crate::store::now();
        let id = SessionId::new();
        let row = SessionRow {
            id: id.to_string(),
            name: name.unwrap_or_else(|| format!("{} (fork)", row.name)),
            user_id: caller.user.to_string(),
            notebook_id: None,
            checkpoint_id: basis.checkpoint.as_ref().map(ToString::to_string),
            created_at: now.clone(),
            last_activity: now,
            lived: 0,
            ..row
        };
        if row.project_id.is_none() {
            let (from, to) = (
                self.folder(caller.tenant, parent),
                self.folder(caller.tenant, id),
            );
            let copy = to.clone();
            let copied = tokio::task::spawn_blocking(move || {
                crate::disk::copy_tree(&from.join("home"), &copy.join("home"))
            });
            let copied = copied.await.map_err(Fault::internal)?;
            // A parent that ended meanwhile may have lost files before they were copied.
            let there = handle.fork_basis().await.map(drop);
            if let Err(fault) = there.and_then(|()| copied.map_err(Fault::disk)) {
                // What is left of it is named by nothing.
                let _ = crate::disk::remove_tree(&to);
                return Err(fault);
            }
        }
        let sessions = Arc::clone(self);
        let making = tokio::spawn(async move { sessions.bear(row, parent, basis.link).await });
        making.await.map_err(Fault::internal)?
    }

    /// Makes a fork as a copy of what a worker holds, or from its checkpoint.
    async fn bear(
        &self,
        row: SessionRow,
        parent: SessionId,
        link: Option<Arc<Link>>,
    ) -> Result<Handle, Fault> {
        let child = self.prepare(row.clone()).await?;
        if let Err(fault) = self.around.store.add_session(&row, Some(parent)).await {
            return self.keep_if(child, Err(fault)).await;
        }
        let started = match link {
            Some(link) => match child.begin_as(link, parent).await {
                // A cell began there, or it was put to sleep; the state before that is stored.
                Err(fault)
                    if matches!(fault.code, ErrorCode::SessionBusy | ErrorCode::WorkerLost) =>
                {
                    child.wake().await
                }
                begun => begun,
            },
            None => child.wake().await,
        };
        self.keep_if(child, started).await
    }
}
