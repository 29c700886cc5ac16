//! How long a sandbox lives: more time, pauses, its end.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Context, OnTimeout, Sandboxes, end_in};
use crate::clock;
use crate::error_code::{ErrorCode, Fault};
use crate::session::Handle;
use crate::store::sandboxes::SandboxRow;
use crate::tenant::Caller;

/// How often it is looked whose time is over.
const LOOK: Duration = Duration::from_secs(1);

/// How long and how often it is waited for a cell that was interrupted.
const PAUSE: Duration = Duration::from_millis(50);
const TRIES: u32 = 200;

impl Sandboxes {
    /// Gives a running sandbox so many seconds from now on; with `longer_only` never less than it has.
    pub(crate) async fn set_timeout(
        &self,
        mut row: SandboxRow,
        seconds: u64,
        longer_only: bool,
    ) -> Result<SandboxRow, Fault> {
        if row.standing != "running" {
            return Err(paused(&row));
        }
        let end = end_in(seconds)?;
        if !longer_only || end > row.ends_at {
            row.ends_at = end;
        }
        match self.store.turn_sandbox(&row, "running").await? {
            true => Ok(row),
            false => Err(gone(&row)),
        }
    }

    /// Puts a sandbox to sleep; without `memory` its variables are forgotten and its files stay.
    pub(crate) async fn pause(&self, mut row: SandboxRow, memory: bool) -> Result<(), Fault> {
        row.standing = "paused".into();
        if !self.store.turn_sandbox(&row, "running").await? {
            return Err(paused(&row));
        }
        self.processes.end_of(&row.id).await;
        for (context, handle) in self.contexts(&row).await? {
            handle.interrupt().await?;
            if !memory {
                self.begin_anew(&row, &context, &handle).await?;
            }
            put_to_sleep(&handle).await?;
        }
        Ok(())
    }

    /// Has a sandbox run for so many seconds in the caller's name, waking it if it is paused; without `memory` its variables
    /// are forgotten then. One that runs has its time made no shorter. Tells whether it was paused.
    pub(crate) async fn connect(
        &self,
        caller: &Caller,
        mut row: SandboxRow,
        seconds: u64,
        memory: bool,
    ) -> Result<(SandboxRow, bool), Fault> {
        if row.key_prefix != caller.key_prefix {
            // A token that came with another key does not count with this one.
            let variables = self.variables(&row)?;
            self.seal(&mut row, variables)?;
        }
        caller.user.to_string().clone_into(&mut row.user_id);
        row.key_prefix.clone_from(&caller.key_prefix);
        if row.standing == "running" {
            return Ok((self.set_timeout(row, seconds, true).await?, false));
        }
        if !memory {
            for (context, handle) in self.contexts(&row).await? {
                self.begin_anew(&row, &context, &handle).await?;
            }
        }
        Ok((self.run_on(row, seconds).await?, true))
    }

    /// Has a paused sandbox run for so many seconds. Its sessions wake with the next request.
    pub(super) async fn run_on(
        &self,
        mut row: SandboxRow,
        seconds: u64,
    ) -> Result<SandboxRow, Fault> {
        row.standing = "running".into();
        row.ends_at = end_in(seconds)?;
        if self.store.turn_sandbox(&row, "paused").await? {
            return Ok(row);
        }
        // Another request was faster, or it has ended.
        let now = self.store.sandbox(&row.id()?).await?;
        now.filter(|now| now.standing == "running")
            .ok_or_else(|| gone(&row))
    }

    /// Ends a sandbox, with its sessions and its files.
    pub(crate) async fn end(&self, mut row: SandboxRow) -> Result<(), Fault> {
        let standing = std::mem::replace(&mut row.standing, "ended".into());
        if standing != "ended" && !self.store.turn_sandbox(&row, &standing).await? {
            // Somebody else ends it, or its standing has just changed.
            return match self.store.sandbox(&row.id()?).await? {
                Some(now) if now.standing != standing => Box::pin(self.end(now)).await,
                Some(_) | None => Ok(()),
            };
        }
        self.processes.end_of(&row.id).await;
        self.watchers.end_of(&row.id);
        let tenant = row.tenant()?;
        if let Ok(project) = row.project() {
            let sessions = self.store.sessions_of_project(tenant, project).await?;
            for session in sessions {
                let ended = self
                    .sessions
                    .delete(tenant, session.parse().map_err(Fault::internal)?)
                    .await;
                ignore(ended, &[ErrorCode::SessionNotFound, ErrorCode::SessionDead])?;
            }
            let removed = self.projects.delete(tenant, project).await;
            ignore(removed, &[ErrorCode::ProjectNotFound])?;
        }
        self.store.forget_sandbox(&row.id()?).await
    }

    /// Ends or pauses sandboxes whose time is over, and ends what was being removed, until the service stops.
    pub(crate) async fn tend(self: &Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let over = match self.store.sandboxes_to_end(&clock::text()).await {
                Ok(over) => over,
                Err(fault) => {
                    tracing::warn!(%fault, "it could not be looked which sandboxes are over");
                    continue;
                }
            };
            for row in over {
                let id = row.id.clone();
                let pauses = row.standing == "running" && row.on_timeout == OnTimeout::Pause.name();
                let done = match pauses {
                    true => self.pause(row, true).await,
                    false => self.end(row).await,
                };
                if let Err(fault) = done {
                    tracing::warn!(sandbox = id, %fault, "a sandbox whose time is over could not be ended; it is tried again");
                }
            }
        }
    }

    /// Begins a sandbox's context anew.
    pub(super) async fn begin_anew(
        &self,
        row: &SandboxRow,
        context: &Context,
        handle: &Handle,
    ) -> Result<(), Fault> {
        let caller = self.client(row, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        handle.restart().await?;
        let variables = self.variables(row)?;
        self.set_up(&caller, variables, handle, &context.cwd).await
    }
}

/// Puts a session to sleep. One that has not stopped in time is asleep when it does and its memory is needed.
pub(super) async fn put_to_sleep(handle: &Handle) -> Result<(), Fault> {
    for _ in 0..TRIES {
        match handle.hibernate().await {
            Err(fault) if fault.code == ErrorCode::SessionBusy => tokio::time::sleep(PAUSE).await,
            slept => return slept,
        }
    }
    Ok(())
}

fn ignore(done: Result<(), Fault>, expected: &[ErrorCode]) -> Result<(), Fault> {
    match done {
        Err(fault) if !expected.contains(&fault.code) => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn paused(row: &SandboxRow) -> Fault {
    let message = format!("Sandbox {:?} is paused.", row.id);
    Fault::new(ErrorCode::SandboxPaused, message)
}

fn gone(row: &SandboxRow) -> Fault {
    let message = format!("Sandbox {:?} was not found.", row.id);
    Fault::new(ErrorCode::SandboxNotFound, message)
}
