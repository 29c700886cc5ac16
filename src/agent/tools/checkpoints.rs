//! Checkpoints: the states that a session can go back to, and forks of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sessions::{self, SessionTold};
use crate::agent::call::Call;
use crate::agent::fields::{self, Page, PageOf};
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::{ErrorCode, Fault};
use crate::session::NewForks;
use crate::store::checkpoints::CheckpointRow;
use crate::tenant::Scope;

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "list_checkpoints",
                title: "List checkpoints",
                description: "Lists the states that a session can go back to, the oldest first. There is one after every run of code.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            list,
        ),
        Tool::new(
            About {
                name: "create_checkpoint",
                title: "Create a checkpoint",
                description: "Keeps a session's state as it is now under a label, so that it is not forgotten for newer ones.",
                needs: Scope::Run,
                effect: Effect::Adds,
            },
            create,
        ),
        Tool::new(
            About {
                name: "restore_checkpoint",
                title: "Restore a checkpoint",
                description: "Brings a session's variables back to a checkpoint. The contents of files stay as they are.",
                needs: Scope::Run,
                effect: Effect::Takes,
            },
            restore,
        ),
        Tool::new(
            About {
                name: "fork_session",
                title: "Fork a session",
                description: "Makes a second session with the variables of a session, as they are now or at a checkpoint: to try \
                    something without losing what there is. Both have the same files.",
                needs: Scope::Run,
                effect: Effect::Adds,
            },
            fork,
        ),
    ]
}

/// Which checkpoints are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListCheckpoints {
    /// The session.
    #[schemars(length(max = 36))]
    session_id: String,
    /// How many to return; 50 when it is missing.
    #[schemars(range(min = 1, max = 200))]
    #[serde(default)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[schemars(length(max = 4096))]
    #[serde(default)]
    after: Option<String>,
}

/// A state that can be gone back to.
#[derive(Debug, Serialize, JsonSchema)]
struct CheckpointTold {
    checkpoint_id: String,
    /// The execution that left it, if it was one.
    execution_id: Option<String>,
    /// The cell of a notebook that left it.
    cell_id: Option<String>,
    label: Option<String>,
    execution_count: i64,
    created_at: String,
}

impl From<CheckpointRow> for CheckpointTold {
    fn from(row: CheckpointRow) -> Self {
        Self {
            checkpoint_id: row.id,
            execution_id: row.execution_id,
            cell_id: row.cell_id,
            label: row.label,
            execution_count: row.execution_count,
            created_at: row.created_at,
        }
    }
}

async fn list(call: Call, asked: ListCheckpoints) -> Result<Reply<Page<CheckpointTold>>, Fault> {
    let handle = call.session(&asked.session_id).await?;
    let page = PageOf::new(asked.limit, asked.after);
    let store = &call.service.store;
    let rows = store
        .checkpoints(call.caller.tenant, handle.id, page.after(), page.rows()?)
        .await?;
    let told = rows.into_iter().map(CheckpointTold::from).collect();
    let key = |told: &CheckpointTold| told.created_at.clone();
    Ok(page.page(told, key).into())
}

/// A checkpoint that is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateCheckpoint {
    /// The session.
    #[schemars(length(max = 36))]
    session_id: String,
    /// What it is to be known by.
    #[schemars(length(min = 1, max = 200))]
    label: String,
}

async fn create(call: Call, asked: CreateCheckpoint) -> Result<Reply<CheckpointTold>, Fault> {
    let label = fields::name("label", asked.label)?;
    let handle = call.session(&asked.session_id).await?;
    let stored = handle.checkpoint(Some(label)).await?;
    let store = &call.service.store;
    let row = store
        .checkpoint(call.caller.tenant, handle.id, stored.checkpoint.as_str())
        .await?;
    let row = row.ok_or_else(|| {
        let message = "The session has no checkpoint of this id.";
        Fault::new(ErrorCode::CheckpointNotFound, message)
    })?;
    Ok(CheckpointTold::from(row).into())
}

/// Where to go back to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RestoreCheckpoint {
    /// The session.
    #[schemars(length(max = 36))]
    session_id: String,
    /// One of its checkpoints.
    #[schemars(length(max = 32))]
    checkpoint_id: String,
}

async fn restore(call: Call, asked: RestoreCheckpoint) -> Result<Reply<SessionTold>, Fault> {
    let handle = call.session(&asked.session_id).await?;
    let checkpoint = fields::id(&asked.checkpoint_id, ErrorCode::CheckpointNotFound)?;
    call.service
        .sessions
        .checkpoint_exists(call.caller.tenant, handle.id, &checkpoint)
        .await?;
    handle.restore(Some(checkpoint)).await?;
    sessions::shown(&call, &handle).await
}

/// What a fork begins with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ForkSession {
    /// The session.
    #[schemars(length(max = 36))]
    session_id: String,
    /// One of its checkpoints; its present state when it is missing.
    #[schemars(length(max = 32))]
    #[serde(default)]
    checkpoint_id: Option<String>,
    /// A name for people to know it by.
    #[schemars(length(min = 1, max = 200))]
    #[serde(default)]
    name: Option<String>,
}

async fn fork(call: Call, asked: ForkSession) -> Result<Reply<SessionTold>, Fault> {
    let parent = fields::id(&asked.session_id, ErrorCode::SessionNotFound)?;
    let checkpoint = asked
        .checkpoint_id
        .map(|id| fields::id(&id, ErrorCode::CheckpointNotFound));
    let new = NewForks {
        checkpoint: checkpoint.transpose()?,
        name: asked
            .name
            .map(|name| fields::name("name", name))
            .transpose()?,
        notebook: None,
        ..NewForks::default()
    };
    let fork = call
        .service
        .sessions
        .fork(&call.caller, parent, new)
        .await?;
    sessions::shown(&call, &fork).await
}
