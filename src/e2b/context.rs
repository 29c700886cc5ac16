//! Contexts: the sessions in which a sandbox runs code. Each begins with the sandbox's environment variables and in a folder of its own.

use serde::Serialize;
use serde_json::json;

use super::{Sandboxes, Variables, path, short_name};
use crate::error_code::{ErrorCode, Fault};
use crate::session::{Handle, NewSession, Submission, Watched};
use crate::store::sandboxes::{ContextRow, SandboxRow};
use crate::tenant::Caller;

/// Contexts that a sandbox may have.
const MOST: usize = 20;

/// A context, as clients have it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Context {
    pub(crate) id: String,
    language: &'static str,
    pub(crate) cwd: String,
}

impl From<ContextRow> for Context {
    fn from(row: ContextRow) -> Self {
        Self {
            id: row.id,
            language: "python",
            cwd: row.cwd,
        }
    }
}

impl Sandboxes {
    /// Adds a context to a sandbox.
    pub(crate) async fn add_context(
        &self,
        caller: &Caller,
        sandbox: &SandboxRow,
        cwd: &str,
    ) -> Result<Context, Fault> {
        let inside = path::inside(cwd)?;
        let _turn = self.turn(&sandbox.id).await;
        if self.store.contexts(&sandbox.id).await?.len() >= MOST {
            let message = format!("A sandbox has at most {MOST} contexts; remove one.");
            return Err(Fault::new(ErrorCode::QuotaExceeded, message));
        }
        let handle = self.session(caller, sandbox, false).await?;
        let cwd = path::outside(inside.as_str());
        let variables = self.variables(sandbox)?;
        self.set_up(caller, variables, &handle, &cwd).await?;
        let row = ContextRow {
            id: handle.id.to_string(),
            sandbox_id: sandbox.id.clone(),
            cwd,
        };
        self.store.add_context(&row).await?;
        Ok(row.into())
    }

    /// Starts a session whose home are the sandbox's files.
    pub(super) async fn session(
        &self,
        caller: &Caller,
        sandbox: &SandboxRow,
        once: bool,
    ) -> Result<Handle, Fault> {
        let new = NewSession {
            name: Some(short_name(&sandbox.id)),
            image: Some(sandbox.image.clone()),
            project: Some(sandbox.project()?),
            once,
            ..NewSession::default()
        };
        self.sessions.create(caller, new).await
    }

    /// Has a new session begin with environment variables, in a folder.
    pub(super) async fn set_up(
        &self,
        caller: &Caller,
        variables: Variables,
        handle: &Handle,
        cwd: &str,
    ) -> Result<(), Fault> {
        let begin = Submission {
            silent: true,
            store_history: false,
            environment: variables,
            ..Submission::new(caller, guest(&format!("begin({})", text(cwd))))
        };
        let watched = Watched::begin(handle.clone(), begin).await?;
        match watched.wait().await?.finished {
            Some(finished) if finished.outcome != "ok" => {
                let message = format!("The context cannot begin: {}", finished.error["evalue"]);
                Err(Fault::new(ErrorCode::GuestRefused, message))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Returns a sandbox's contexts with their sessions, as far as they live, the first one first.
    pub(crate) async fn contexts(
        &self,
        sandbox: &SandboxRow,
    ) -> Result<Vec<(Context, Handle)>, Fault> {
        let mut contexts = Vec::new();
        for row in self.store.contexts(&sandbox.id).await? {
            let id = row.id.parse().map_err(Fault::internal)?;
            match self.sessions.get(sandbox.tenant()?, id).await {
                Ok(handle) => contexts.push((row.into(), handle)),
                // It was ended as a session.
                Err(fault)
                    if matches!(
                        fault.code,
                        ErrorCode::SessionNotFound | ErrorCode::SessionDead
                    ) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(contexts)
    }

    /// Returns the context of this id, or the one that is used where none is named.
    pub(crate) async fn context(
        &self,
        sandbox: &SandboxRow,
        id: Option<&str>,
    ) -> Result<(Context, Handle), Fault> {
        let contexts = self.contexts(sandbox).await?;
        let mut contexts = contexts.into_iter();
        let found = match id {
            Some(id) => contexts.find(|(context, _)| context.id == id),
            None => contexts.next(),
        };
        found.ok_or_else(|| {
            let message = match id {
                Some(id) => format!("Context {:?} was not found.", crate::text::line(id, 80)),
                None => "The sandbox has no context any more; add one.".into(),
            };
            Fault::new(ErrorCode::ContextNotFound, message)
        })
    }

    /// Removes a context with its session.
    pub(crate) async fn remove_context(&self, sandbox: &SandboxRow, id: &str) -> Result<(), Fault> {
        let (_, handle) = self.context(sandbox, Some(id)).await?;
        self.store.remove_context(&sandbox.id, handle.id).await?;
        self.sessions.delete(handle.tenant, handle.id).await
    }

    /// Begins a context anew: its variables are gone, its files stay.
    pub(crate) async fn restart_context(
        &self,
        sandbox: &SandboxRow,
        id: &str,
    ) -> Result<(), Fault> {
        let (context, handle) = self.context(sandbox, Some(id)).await?;
        handle.interrupt().await?;
        self.begin_anew(sandbox, &context, &handle).await
    }
}

/// Queues code in a context, with environment variables for this once.
pub(crate) async fn run(
    caller: &Caller,
    handle: &Handle,
    code: String,
    variables: Variables,
) -> Result<Watched, Fault> {
    let submission = Submission {
        environment: variables,
        ..Submission::new(caller, code)
    };
    Watched::begin(handle.clone(), submission).await
}

/// Returns the code of a call of the guest's module for us.
pub(super) fn guest(call: &str) -> String {
    format!("__import__('cellblock_kernel.e2b', fromlist=['e2b']).{call}")
}

/// Returns a text as Python reads it: a JSON string is one of Python's, too.
pub(super) fn text(text: &str) -> String {
    json!(text).to_string()
}
