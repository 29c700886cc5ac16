//! `/sessions/{id}/checkpoints`: the timeline of a session, and the way back.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use python_wasm::{CheckpointId, Variable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Read, Run, id};
use super::looks::VariableView;
use super::page::{Page, PageQuery};
use super::sessions::find;
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{SessionId, TenantId};
use crate::session::Handle;
use crate::store::checkpoints::CheckpointRow;
use crate::worker::protocol::{Answer as Reply, Look, Start};

/// A state that can be gone back to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointView {
    id: String,
    /// The execution that left it, if it was one.
    execution_id: Option<String>,
    cell_id: Option<String>,
    label: Option<String>,
    image: String,
    /// Bytes that differ from the image, before compression; checkpoints share what they have in common.
    bytes: i64,
    execution_count: i64,
    created_at: String,
    /// The session's present state came from it, or is it. Those that are not were left by going back to an
    /// earlier one; going to one of them makes it the present state again.
    on_line: bool,
}

impl CheckpointView {
    /// Returns a checkpoint as it is shown, with what leads to the present state.
    fn of(row: CheckpointRow, line: &HashSet<String>) -> Self {
        Self {
            on_line: line.contains(&row.id),
            id: row.id,
            execution_id: row.execution_id,
            cell_id: row.cell_id,
            label: row.label,
            image: row.image,
            bytes: row.pages * 4096,
            execution_count: row.execution_count,
            created_at: row.created_at,
        }
    }
}

/// What is remembered of a new checkpoint.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NewCheckpoint {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    )]
    label: Option<String>,
}

/// What a checkpoint is to be called from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelCheckpoint {
    /// `null` takes the label away; then the checkpoint goes when newer ones without a label are too many.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    )]
    label: Option<String>,
}

fn check_label(label: Option<&str>) -> Result<(), Fault> {
    let refused = label.is_some_and(|label| {
        !(1..=200).contains(&label.chars().count()) || label.chars().any(char::is_control)
    });
    if refused {
        let message = "it must have 1 to 200 characters and no control characters";
        return Err(Fault::field("label", message));
    }
    Ok(())
}

/// Lists the session's checkpoints, the oldest first.
#[utoipa::path(get, path = "/sessions/{session_id}/checkpoints", tag = "checkpoints",
    params(("session_id" = String, Path,), PageQuery),
    responses((status = 200, description = "A page of them", body = Page<CheckpointView>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
    Path(session): Path<String>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<CheckpointView>>> {
    let handle = find(&app, &caller.0, &session).await?;
    let rows = app
        .store
        .checkpoints(caller.0.tenant, handle.id, query.after(), query.rows()?)
        .await?;
    let line = app
        .sessions
        .line(caller.0.tenant, handle.id, handle.view().checkpoint)
        .await?;
    let views = rows.into_iter().map(|row| CheckpointView::of(row, &line));
    let views: Vec<CheckpointView> = views.collect();
    Ok(Json(query.page(views, |view| view.created_at.clone())))
}

/// Stores the state as it is, under a label.
#[utoipa::path(post, path = "/sessions/{session_id}/checkpoints", tag = "checkpoints", request_body = NewCheckpoint,
    params(("session_id" = String, Path,)),
    responses((status = 201, description = "It is stored", body = CheckpointView)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<NewCheckpoint>,
) -> Answer<impl IntoResponse> {
    check_label(body.label.as_deref())?;
    let handle = find(&app, &caller.0, &session).await?;
    let stored = handle.checkpoint(body.label).await?;
    let view = one(&app, caller.0.tenant, &handle, &stored.checkpoint).await?;
    let location = format!("/api/v1/sessions/{}/checkpoints/{}", handle.id, view.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    ))
}

/// Shows a checkpoint.
#[utoipa::path(get, path = "/sessions/{session_id}/checkpoints/{checkpoint_id}", tag = "checkpoints",
    params(("session_id" = String, Path,), ("checkpoint_id" = String, Path,)),
    responses((status = 200, description = "It", body = CheckpointView)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, checkpoint)): Path<(String, String)>,
) -> Answer<Json<CheckpointView>> {
    let handle = find(&app, &caller.0, &session).await?;
    let checkpoint = id(&checkpoint, ErrorCode::CheckpointNotFound)?;
    Ok(Json(
        one(&app, caller.0.tenant, &handle, &checkpoint).await?,
    ))
}

/// Gives a checkpoint a label, changes it, or takes it away. One that has a label is kept as long as its session.
#[utoipa::path(patch, path = "/sessions/{session_id}/checkpoints/{checkpoint_id}", tag = "checkpoints",
    request_body = LabelCheckpoint,
    params(("session_id" = String, Path,), ("checkpoint_id" = String, Path,)),
    responses((status = 200, description = "It as it is now", body = CheckpointView)))]
pub(super) async fn label(
    State(app): State<App>,
    caller: May<Run>,
    Path((session, checkpoint)): Path<(String, String)>,
    Body(body): Body<LabelCheckpoint>,
) -> Answer<Json<CheckpointView>> {
    let label = body.label.as_deref();
    check_label(label)?;
    let handle = find(&app, &caller.0, &session).await?;
    let checkpoint: CheckpointId = id(&checkpoint, ErrorCode::CheckpointNotFound)?;
    app.store
        .label_checkpoint(caller.0.tenant, handle.id, checkpoint.as_str(), label)
        .await?;
    Ok(Json(
        one(&app, caller.0.tenant, &handle, &checkpoint).await?,
    ))
}

/// Goes back (or forth) to a checkpoint: variables and open files, not the contents of files.
#[utoipa::path(post, path = "/sessions/{session_id}/checkpoints/{checkpoint_id}/restore", tag = "checkpoints",
    params(("session_id" = String, Path,), ("checkpoint_id" = String, Path,)),
    responses((status = 204, description = "The variables are those of the checkpoint")))]
pub(super) async fn restore(
    State(app): State<App>,
    caller: May<Run>,
    Path((session, checkpoint)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let handle = find(&app, &caller.0, &session).await?;
    let checkpoint: CheckpointId = id(&checkpoint, ErrorCode::CheckpointNotFound)?;
    app.sessions
        .checkpoint_exists(caller.0.tenant, handle.id, &checkpoint)
        .await?;
    handle.restore(Some(checkpoint)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings back the variables from before an execution; files stay as they are.
#[utoipa::path(post, path = "/sessions/{session_id}/executions/{execution_id}/undo", tag = "checkpoints",
    params(("session_id" = String, Path,), ("execution_id" = String, Path,)),
    responses((status = 204, description = "The variables are those from before the execution")))]
pub(super) async fn undo(
    State(app): State<App>,
    caller: May<Run>,
    Path((session, execution)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let handle = find(&app, &caller.0, &session).await?;
    let execution = id(&execution, ErrorCode::ExecutionNotFound)?;
    let row = app
        .store
        .execution(caller.0.tenant, handle.id, execution)
        .await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::ExecutionNotFound,
            "The session ran no execution of this id.",
        )
    })?;
    app.sessions
        .restore_before(caller.0.tenant, handle.id, &row)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How the variables of two states differ.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Only in the second.
    added: Vec<VariableView>,
    /// Only in the first.
    removed: Vec<VariableView>,
    /// In both, with another type, shape, size or preview.
    changed: Vec<Changed>,
}

/// A variable in two states.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changed {
    name: String,
    before: VariableView,
    after: VariableView,
}

/// Compares the variables of two checkpoints.
#[utoipa::path(get, path = "/sessions/{session_id}/checkpoints/{checkpoint_id}/diff/{other_id}", tag = "checkpoints",
    params(("session_id" = String, Path,), ("checkpoint_id" = String, Path,), ("other_id" = String, Path,)),
    responses((status = 200, description = "What is different in the second", body = Difference)))]
pub(super) async fn diff(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, first, second)): Path<(String, String, String)>,
) -> Answer<Json<Difference>> {
    let handle = find(&app, &caller.0, &session).await?;
    let mut sides = Vec::with_capacity(2);
    for text in [first, second] {
        let checkpoint: CheckpointId = id(&text, ErrorCode::CheckpointNotFound)?;
        app.sessions
            .checkpoint_exists(caller.0.tenant, handle.id, &checkpoint)
            .await?;
        sides.push(variables(&app, caller.0.tenant, handle.id, checkpoint).await?);
    }
    let (Some(mut after), Some(before)) = (sides.pop(), sides.pop()) else {
        unreachable!("there are two sides");
    };
    let (mut removed, mut changed) = (Vec::new(), Vec::new());
    for (name, before) in before {
        match after.remove(&name) {
            Some(after) if after == before => {}
            Some(after) => changed.push(Changed {
                name,
                before: before.into(),
                after: after.into(),
            }),
            None => removed.push(before.into()),
        }
    }
    let added = after.into_values().map(Into::into).collect();
    Ok(Json(Difference {
        added,
        removed,
        changed,
    }))
}

/// Returns the variables of a checkpoint by name.
async fn variables(
    app: &App,
    tenant: TenantId,
    session: SessionId,
    checkpoint: CheckpointId,
) -> Result<BTreeMap<String, Variable>, Fault> {
    let row = app.store.session(tenant, session).await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::SessionNotFound,
            "There is no session of this id.",
        )
    })?;
    let start = Start::Checkpoint(checkpoint);
    let (answer, _) = app
        .sessions
        .glance(tenant, &row, start, Look::Variables)
        .await?;
    match answer {
        Reply::Variables { variables } => Ok(variables
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect()),
        other => Err(Fault::internal(format!("a worker answered {other:?}"))),
    }
}

async fn one(
    app: &App,
    tenant: TenantId,
    session: &Handle,
    checkpoint: &CheckpointId,
) -> Result<CheckpointView, Fault> {
    let row = app
        .store
        .checkpoint(tenant, session.id, checkpoint.as_str())
        .await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::CheckpointNotFound,
            "The session has no checkpoint of this id.",
        )
    })?;
    let present = session.view().checkpoint;
    let line = app.sessions.line(tenant, session.id, present).await?;
    Ok(CheckpointView::of(row, &line))
}
