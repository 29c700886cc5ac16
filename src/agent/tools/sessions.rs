//! Sessions: making, listing, restarting and ending them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::call::Call;
use crate::agent::fields::{self, Page, PageOf};
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::{ErrorCode, Fault};
use crate::session::{Handle, NewSession};
use crate::store::sessions::SessionRow;
use crate::tenant::Scope;

/// Limits that a session may be given at once.
const LIMITS: usize = 32;

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "create_session",
                title: "Create a session",
                description: "Makes a session: a Python interpreter of its own, whose variables stay until it is ended. Use it for \
                    an image, a policy or limits other than usual, or to keep things apart; run_code makes you a session anyway.",
                needs: Scope::Run,
                effect: Effect::Adds,
            },
            create,
        ),
        Tool::new(
            About {
                name: "list_sessions",
                title: "List sessions",
                description: "Lists the sessions that there are, the oldest first, with what each does now.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            list,
        ),
        Tool::new(
            About {
                name: "list_images",
                title: "List images",
                description: "Lists the images that sessions can start from: sets of Python packages that are imported already.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            images,
        ),
        Tool::new(
            About {
                name: "restart_session",
                title: "Restart a session",
                description: "Begins a session anew: its variables are gone, what runs is not finished, files stay.",
                needs: Scope::Run,
                effect: Effect::Takes,
            },
            restart,
        ),
        Tool::new(
            About {
                name: "end_session",
                title: "End a session",
                description: "Ends a session for good, with its variables and checkpoints. Files of its project stay.",
                needs: Scope::Run,
                effect: Effect::Takes,
            },
            end,
        ),
    ]
}

/// A session that is named.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OneSession {
    /// The session.
    #[schemars(length(max = 36))]
    pub(super) session_id: String,
}

/// How a new session shall be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateSession {
    /// A name for people to know it by.
    #[schemars(length(min = 1, max = 200))]
    #[serde(default)]
    name: Option<String>,
    /// The image to start from; list_images says which there are.
    #[schemars(length(max = 100))]
    #[serde(default)]
    image: Option<String>,
    /// A policy within the service's own: untrusted, notebook, workflow or trusted.
    #[schemars(length(max = 100))]
    #[serde(default)]
    policy: Option<String>,
    /// The project whose folder is the working directory; the default project when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// Limits by name, as {"memory": "512 MiB", "cell_time": "30 s"}; never beyond the service's own.
    #[schemars(extend("maxProperties" = 32))]
    #[serde(default)]
    limits: BTreeMap<String, String>,
}

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SessionTold {
    session_id: String,
    name: String,
    /// `starting`, `idle`, `busy`, `queued`, `hibernated` (the next call wakes it) or `dead`.
    state: &'static str,
    image: String,
    project_id: Option<String>,
    /// The notebook whose cells run in it.
    notebook_id: Option<String>,
    execution_count: u64,
    /// Its last checkpoint; nothing for the image's own state.
    checkpoint_id: Option<String>,
    created_at: String,
    last_activity: String,
    /// Seconds until its lifetime is over and it ends.
    seconds_left: i64,
}

fn told(row: SessionRow, handle: &Handle) -> SessionTold {
    let seen = handle.view();
    SessionTold {
        session_id: row.id,
        name: row.name,
        state: seen.state.name(),
        image: row.image,
        project_id: row.project_id,
        notebook_id: row.notebook_id,
        execution_count: seen.execution_count,
        checkpoint_id: seen.checkpoint.map(|checkpoint| checkpoint.to_string()),
        created_at: row.created_at,
        last_activity: seen.last_activity,
        seconds_left: (row.lifetime - row.lived).max(0),
    }
}

/// Returns a session as it is now.
pub(super) async fn shown(call: &Call, handle: &Handle) -> Result<Reply<SessionTold>, Fault> {
    let store = &call.service.store;
    let row = store.session(call.caller.tenant, handle.id).await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::SessionNotFound,
            "There is no session of this id.",
        )
    })?;
    Ok(told(row, handle).into())
}

async fn create(call: Call, new: CreateSession) -> Result<Reply<SessionTold>, Fault> {
    if new.limits.len() > LIMITS {
        let message = format!(
            "it names {}; at most {LIMITS} are allowed",
            new.limits.len()
        );
        return Err(Fault::field("limits", message));
    }
    let project = call.project(new.project_id.as_deref()).await?;
    let new = NewSession {
        name: new
            .name
            .map(|name| fields::name("name", name))
            .transpose()?,
        image: new.image,
        policy: new.policy,
        limits: new.limits.into_iter().collect(),
        project: Some(project),
        ..NewSession::default()
    };
    let handle = call.service.sessions.create(&call.caller, new).await?;
    shown(&call, &handle).await
}

async fn list(call: Call, page: PageOf) -> Result<Reply<Page<SessionTold>>, Fault> {
    let tenant = call.caller.tenant;
    let store = &call.service.store;
    let rows = store
        .live_sessions(tenant, page.after(), page.rows()?)
        .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id.parse().map_err(Fault::internal)?;
        match call.service.sessions.get(tenant, id).await {
            Ok(handle) => sessions.push(told(row, &handle)),
            // It ended meanwhile.
            Err(fault)
                if matches!(
                    fault.code,
                    ErrorCode::SessionNotFound | ErrorCode::SessionDead
                ) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(page.page(sessions, |told| told.session_id.clone()).into())
}

/// Nothing has to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The images.
#[derive(Debug, Serialize, JsonSchema)]
struct ImagesTold {
    items: Vec<ImageTold>,
    /// The one that is used when none is named.
    default: String,
}

/// An image.
#[derive(Debug, Serialize, JsonSchema)]
struct ImageTold {
    name: String,
    /// Bytes of memory that all its sessions share.
    memory_bytes: u64,
}

async fn images(call: Call, _: Nothing) -> Result<Reply<ImagesTold>, Fault> {
    let images = call.service.sessions.images().iter();
    let items = images.map(|image| ImageTold {
        name: image.name.clone(),
        memory_bytes: image.memory_bytes,
    });
    let told = ImagesTold {
        items: items.collect(),
        default: call.service.config.sessions.image.clone(),
    };
    Ok(told.into())
}

async fn restart(call: Call, asked: OneSession) -> Result<Reply<SessionTold>, Fault> {
    let handle = call.session(&asked.session_id).await?;
    handle.restart().await?;
    shown(&call, &handle).await
}

/// A session that has ended.
#[derive(Debug, Serialize, JsonSchema)]
struct EndedTold {
    /// The session that has ended.
    ended: String,
}

async fn end(call: Call, asked: OneSession) -> Result<Reply<EndedTold>, Fault> {
    let id = fields::id(&asked.session_id, ErrorCode::SessionNotFound)?;
    call.service.sessions.delete(call.caller.tenant, id).await?;
    let ended = EndedTold {
        ended: asked.session_id,
    };
    Ok(ended.into())
}
