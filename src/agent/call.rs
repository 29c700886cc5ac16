//! A call of a tool: by whom, over which connection, and what it may reach.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::fields;
use super::homes::Homes;
use super::progress::Progress;
use crate::error_code::{ErrorCode, Fault};
use crate::id::ProjectId;
use crate::service::Service;
use crate::session::{Gathered, Handle, Watched};
use crate::tenant::Caller;

/// How often an agent that waits is told that code still runs.
const STILL_RUNNING: Duration = Duration::from_secs(5);

/// A call.
pub(super) struct Call {
    pub(super) service: Arc<Service>,
    pub(super) caller: Caller,
    pub(super) homes: Arc<Homes>,
    /// The connection that it came over; nothing where each request stands alone.
    pub(super) connection: String,
    pub(super) progress: Option<Progress>,
    /// The agent does not want it any more.
    pub(super) cancelled: CancellationToken,
}

impl Call {
    /// Returns a session of the caller's tenant.
    pub(super) async fn session(&self, id: &str) -> Result<Handle, Fault> {
        let id = fields::id(id, ErrorCode::SessionNotFound)?;
        self.service.sessions.get(self.caller.tenant, id).await
    }

    /// Returns the session that is named, or the agent's own.
    pub(super) async fn session_or_own(&self, id: Option<&str>) -> Result<Handle, Fault> {
        match id {
            Some(id) => self.session(id).await,
            None => {
                self.homes
                    .session(&self.service, &self.caller, &self.connection)
                    .await
            }
        }
    }

    /// Returns the project that is named, or the one that is used where none is.
    pub(super) async fn project(&self, id: Option<&str>) -> Result<ProjectId, Fault> {
        match id {
            Some(id) => {
                let id = fields::id(id, ErrorCode::ProjectNotFound)?;
                self.service.projects.find(self.caller.tenant, id).await?;
                Ok(id)
            }
            None => self.service.projects.default_of(&self.caller).await,
        }
    }

    /// Waits for the end of an execution and tells of its progress. When the agent gives it up, it is interrupted.
    pub(super) async fn follow(&mut self, mut watched: Watched) -> Result<Gathered, Fault> {
        let mut gathered = Gathered::default();
        let mut pause = tokio::time::interval(STILL_RUNNING);
        pause.tick().await;
        loop {
            let event = tokio::select! {
                // What was dropped is taken back.
                () = self.cancelled.cancelled() => return Err(cancelled()),
                event = watched.next() => event?,
                _ = pause.tick(), if self.progress.is_some() => {
                    if let Some(progress) = &mut self.progress {
                        progress.still_running().await;
                    }
                    continue;
                }
            };
            let Some((event, _)) = event else {
                return Ok(gathered);
            };
            if let Some(progress) = &mut self.progress {
                progress.of(&event.draft.happening).await;
            }
            gathered.take(event);
        }
    }
}

/// Returns what is said of a call that its agent gave up. Nobody waits for it.
pub(super) fn cancelled() -> Fault {
    Fault::new(
        ErrorCode::SessionBusy,
        "The call was cancelled, and what it ran is interrupted.",
    )
}
