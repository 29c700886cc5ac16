//! Forks: sessions that begin in the state of another one.

use std::sync::Arc;

use python_wasm::CheckpointId;
use tokio::task::JoinSet;

use super::handle::{ForkBasis, Handle};
use super::link::Link;
use super::registry::{Sessions, missing};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, ProjectId, SessionId};
use crate::store::sessions::SessionRow;
use crate::tenant::Caller;
use crate::tenant::quotas::Reservation;

/// Characters of a name before the number of a fork.
const LONGEST_NAME: usize = 190;

/// How forks shall be.
#[derive(Debug, Default)]
pub(crate) struct NewForks {
    /// The state of the parent that they begin in; its present one when nothing is given.
    pub(crate) checkpoint: Option<CheckpointId>,
    pub(crate) name: Option<String>,
    /// The notebook whose session it is to be.
    pub(crate) notebook: Option<NotebookId>,
    /// Another project of the tenant, whose folder is their home in the place of the parent's.
    pub(crate) project: Option<ProjectId>,
}

/// A session that is forked, and what its forks begin with.
struct Parent {
    handle: Handle,
    row: SessionRow,
    basis: ForkBasis,
}

impl Sessions {
    /// Makes a session in the state of another one, or of one of its checkpoints.
    pub(crate) async fn fork(
        self: &Arc<Self>,
        caller: &Caller,
        parent: SessionId,
        new: NewForks,
    ) -> Result<Handle, Fault> {
        let name = new.name.clone();
        let parent = self.parent(caller, parent, new.checkpoint).await?;
        self.room_for(caller.tenant, 1).await?;
        let place = self.around.quotas.reserve_session(caller.tenant)?;
        let name = name.unwrap_or_else(|| format!("{} (fork)", parent.row.name));
        let mut row = parent.child(caller, name, new.notebook);
        if let Some(project) = new.project {
            row.project_id = Some(project.to_string());
        }
        let sessions = Arc::clone(self);
        // That comes to its end also when the caller goes away.
        let making = tokio::spawn(async move { sessions.bear(&parent, row, place).await });
        making.await.map_err(Fault::internal)?
    }

    /// Makes so many sessions in the same state, all of them or none.
    pub(crate) async fn fork_many(
        self: &Arc<Self>,
        caller: &Caller,
        parent: SessionId,
        new: NewForks,
        count: u32,
    ) -> Result<Vec<Handle>, Fault> {
        let most = self.around.config.sessions.forks;
        if !(1..=most).contains(&count) {
            let message = format!("{count} is not from 1 to {most} (`sessions.forks`)");
            return Err(Fault::field("count", message));
        }
        let parent = self.parent(caller, parent, new.checkpoint).await?;
        self.room_for(caller.tenant, count as usize).await?;
        let place = |_| self.around.quotas.reserve_session(caller.tenant);
        let places: Vec<Reservation> = (0..count).map(place).collect::<Result<_, _>>()?;
        let name = new
            .name
            .unwrap_or_else(|| format!("{} (fork)", parent.row.name));
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let rows = (1..=count).map(|number| parent.child(caller, format!("{name} {number}"), None));
        let children: Vec<_> = rows.zip(places).collect();
        let sessions = Arc::clone(self);
        let making = tokio::spawn(async move { sessions.bear_all(parent, children).await });
        making.await.map_err(Fault::internal)?
    }

    async fn parent(
        &self,
        caller: &Caller,
        id: SessionId,
        checkpoint: Option<CheckpointId>,
    ) -> Result<Parent, Fault> {
        let handle = self.get(caller.tenant, id).await?;
        let row = self.around.store.session(caller.tenant, id).await?;
        let basis = match checkpoint {
            Some(checkpoint) => {
                self.checkpoint_exists(caller.tenant, id, &checkpoint)
                    .await?;
                ForkBasis {
                    checkpoint: Some(checkpoint),
                    link: None,
                }
            }
            None => handle.fork_basis().await?,
        };
        Ok(Parent {
            handle,
            row: row.ok_or_else(missing)?,
            basis,
        })
    }

    /// Makes all children at once; when one cannot be made, none is left.
    async fn bear_all(
        self: Arc<Self>,
        parent: Parent,
        children: Vec<(SessionRow, Reservation)>,
    ) -> Result<Vec<Handle>, Fault> {
        let parent = Arc::new(parent);
        let mut making = JoinSet::new();
        for (row, place) in children {
            let (sessions, parent) = (Arc::clone(&self), Arc::clone(&parent));
            making.spawn(async move { sessions.bear(&parent, row, place).await });
        }
        let (mut made, mut failed) = (Vec::new(), None);
        while let Some(child) = making.join_next().await {
            match child.map_err(Fault::internal).flatten() {
                Ok(handle) => made.push(handle),
                Err(fault) => failed = Some(fault),
            }
        }
        let Some(fault) = failed else {
            made.sort_by_key(|handle| handle.id);
            return Ok(made);
        };
        for handle in made {
            if let Err(left) = self.delete(handle.tenant, handle.id).await {
                tracing::warn!(session = %handle.id, fault = %left, "a fork that is not wanted cannot be removed");
            }
        }
        Err(fault)
    }

    /// Makes a fork as a copy of what a worker holds, or from its checkpoint.
    async fn bear(
        &self,
        parent: &Parent,
        row: SessionRow,
        place: Reservation,
    ) -> Result<Handle, Fault> {
        if row.project_id.is_none() {
            self.copy_home(parent, &row).await?;
        }
        let child = self.prepare(row.clone(), place).await?;
        let id = parent.handle.id;
        if let Err(fault) = self.around.store.add_session(&row, Some(id)).await {
            return self.keep_if(child, Err(fault)).await;
        }
        let started = match &parent.basis.link {
            Some(link) => begin_as(&child, Arc::clone(link), id).await,
            None => child.wake().await,
        };
        self.keep_if(child, started).await
    }

    /// Gives a child copies of its parent's files.
    async fn copy_home(&self, parent: &Parent, child: &SessionRow) -> Result<(), Fault> {
        let tenant = parent.handle.tenant;
        let from = self.folder(tenant, parent.handle.id);
        let to = self.folder(tenant, child.id.parse().map_err(Fault::internal)?);
        let copy = to.clone();
        let copied = tokio::task::spawn_blocking(move || {
            crate::disk::copy_tree(&from.join("home"), &copy.join("home"))
        });
        let copied = copied.await.map_err(Fault::internal)?;
        // A parent that ended meanwhile may have lost files before they were copied.
        let there = parent.handle.fork_basis().await.map(drop);
        there
            .and_then(|()| copied.map_err(Fault::disk))
            .inspect_err(|_| {
                // What is left of it is named by nothing.
                let _ = crate::disk::remove_tree(&to);
            })
    }
}

/// Begins as a copy of the parent that a worker holds.
async fn begin_as(child: &Handle, link: Arc<Link>, parent: SessionId) -> Result<(), Fault> {
    match child.begin_as(link, parent).await {
        // A cell began there, or it was put to sleep; the state before that is stored.
        Err(fault) if matches!(fault.code, ErrorCode::SessionBusy | ErrorCode::WorkerLost) => {
            child.wake().await
        }
        begun => begun,
    }
}

impl Parent {
    /// Returns the row of a fork.
    fn child(&self, caller: &Caller, name: String, notebook: Option<NotebookId>) -> SessionRow {
        let now = crate::store::now();
        SessionRow {
            id: SessionId::new().to_string(),
            name,
            user_id: caller.user.to_string(),
            notebook_id: notebook.map(|id| id.to_string()),
            checkpoint_id: self.basis.checkpoint.as_ref().map(ToString::to_string),
            created_at: now.clone(),
            last_activity: now,
            lived: 0,
            once: 0,
            ..self.row.clone()
        }
    }
}
