//! Running a notebook's cells, and watching what happens in it.

use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use python_wasm::CheckpointId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::comms::CommRequest;
use super::extract::{Body, May, Parameters, Permission as _, Read, Run, Write};
use super::notebooks::{NotebookAnswer, answered_new, checked_name, notebook_id};
use super::socket;
use super::watching::{one_by_one, over_socket};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::id::{ExecutionId, SessionId};
use crate::notebook::{Rewrite, Selection};

/// Several cells of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    All,
    /// Those above the cell that is named.
    Above,
    /// The cell that is named and those below.
    Below,
    /// The first that is out of date or has not run, and those below it.
    Stale,
}

/// What is to be run: a cell, several cells, or code that belongs to no cell.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecuteNotebook {
    #[schema(max_length = 64)]
    cell_id: Option<String>,
    /// What the cell is to have as its source before it runs: saving and running at once, for a cell alone. At
    /// most 1 MiB.
    #[schema(max_length = 1048576)]
    source: Option<String>,
    /// The revision of the cell that the writer of `source` knows.
    revision: Option<u64>,
    /// With `above` and `below`, `cell_id` says of which.
    which: Option<Which>,
    #[schema(max_length = 1048576)]
    code: Option<String>,
}

/// What was queued. Its events come over the notebook's WebSocket and the session's channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotebookExecution {
    session_id: SessionId,
    /// What runs first; nothing when there is nothing to run, or when cells of an earlier run wait that are run
    /// before.
    execution_id: Option<ExecutionId>,
    /// The cells that are run, in their order. The first that fails is the last that is run, unless
    /// it has the tag `raises-exception`.
    cells: Vec<String>,
    /// The revision of the cell that runs first, to be given with its next change.
    revision: Option<u64>,
}

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The number of the last event seen; only new ones when nothing is given. When there is no such event
    /// yet, the first that comes is a `gap` with the number of the last there is.
    after_seq: Option<u64>,
}

/// Runs cells of a notebook in its session, which is made when there is none.
#[utoipa::path(post, path = "/notebooks/{id}/execute", tag = "notebooks", request_body = ExecuteNotebook,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 202, description = "It is queued", body = NotebookExecution)))]
pub(super) async fn execute(
    State(app): State<App>,
    caller: May<Run>,
    Path(notebook): Path<String>,
    Body(body): Body<ExecuteNotebook>,
) -> Answer<(StatusCode, Json<NotebookExecution>)> {
    let id = notebook_id(&notebook)?;
    let of_cell = |cell: Option<String>| {
        cell.ok_or_else(|| {
            Fault::field(
                "cell_id",
                "it says above or below which cell, and is missing",
            )
        })
    };
    let rewrite = match (body.source, body.revision) {
        (None, None) => None,
        (Some(source), Some(revision)) => Some(Rewrite { source, revision }),
        (Some(_), None) => {
            return Err(Fault::field(
                "revision",
                "a source needs the revision of the cell that its writer knows",
            )
            .into());
        }
        (None, Some(_)) => {
            return Err(Fault::field("source", "a revision has a meaning with it only").into());
        }
    };
    if rewrite.is_some() {
        caller.0.require(Write::SCOPE)?;
        if body.cell_id.is_none() || body.which.is_some() {
            return Err(Fault::field("source", "it is for one cell, which `cell_id` names").into());
        }
    }
    let selection = match (body.cell_id, body.which, body.code) {
        (None, None, Some(code)) => {
            let taken = app.notebooks.execute_code(&caller.0, id, code).await?;
            return Ok(answer(taken));
        }
        (Some(cell), None, None) => Selection::One(cell),
        (None, Some(Which::All), None) => Selection::All,
        (None, Some(Which::Stale), None) => Selection::Stale,
        (cell, Some(Which::Above), None) => Selection::Above(of_cell(cell)?),
        (cell, Some(Which::Below), None) => Selection::Below(of_cell(cell)?),
        (Some(_), Some(Which::All | Which::Stale), None) => {
            return Err(Fault::field("cell_id", "it has no meaning with all and stale").into());
        }
        (None, None, None) => {
            return Err(Fault::field("which", "nothing says what is to be run").into());
        }
        (_, _, Some(_)) => {
            return Err(
                Fault::field("code", "it cannot be given together with cell_id or which").into(),
            );
        }
    };
    let taken = app
        .notebooks
        .execute(&caller.0, id, &selection, rewrite)
        .await?;
    Ok(answer(taken))
}

/// Gives a message to a widget of a notebook, as a front end's control does.
///
/// What the widget's code shows or changes comes as events over the notebook's WebSocket. Its session must live.
#[utoipa::path(post, path = "/notebooks/{id}/comm", tag = "notebooks", request_body = CommRequest,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 202, description = "It is queued", body = NotebookExecution)))]
pub(super) async fn comm(
    State(app): State<App>,
    caller: May<Run>,
    Path(notebook): Path<String>,
    Body(message): Body<CommRequest>,
) -> Answer<(StatusCode, Json<NotebookExecution>)> {
    let (id, message) = (notebook_id(&notebook)?, message.message()?);
    let taken = app.notebooks.tell_widget(&caller.0, id, message).await?;
    Ok(answer(taken))
}

fn answer(taken: crate::notebook::Taken) -> (StatusCode, Json<NotebookExecution>) {
    let execution = NotebookExecution {
        session_id: taken.session,
        execution_id: taken.execution,
        cells: taken.cells,
        revision: taken.revision,
    };
    (StatusCode::ACCEPTED, Json(execution))
}

/// How the copy of a notebook is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ForkNotebook {
    /// By default the notebook's own with `(fork)` behind it, with a number in it where that is taken.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// A checkpoint of the notebook's session; its present state when nothing is given.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    checkpoint_id: Option<CheckpointId>,
}

/// Makes a copy of a notebook beside it, whose session is a fork of the notebook's.
///
/// It has the notebook's cells and outputs, and the variables of its session, now or at a checkpoint; what cells show that
/// ran after the checkpoint is marked as undone. A notebook without a session gives a copy without one.
#[utoipa::path(post, path = "/notebooks/{id}/fork", tag = "notebooks", request_body = ForkNotebook,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 201, description = "The copy", body = NotebookAnswer,
        headers(("Location", description = "Its address"), ("ETag", description = "Its revision")))))]
pub(super) async fn fork(
    State(app): State<App>,
    caller: May<Run>,
    _writer: May<Write>,
    Path(notebook): Path<String>,
    Body(body): Body<ForkNotebook>,
) -> Answer<Response> {
    let name = body.name.map(checked_name).transpose()?;
    let id = notebook_id(&notebook)?;
    let copy = app
        .notebooks
        .fork(&caller.0, id, name, body.checkpoint_id)
        .await?;
    answered_new(&app, &caller.0, copy).await
}

/// Opens a WebSocket that tells everything that happens in a notebook: `notebook_status`,
/// `execution_status`, `cell_changed`, `cells_moved`, `presence`, and every event of its executions.
///
/// A client that comes back with the number of the last event it saw misses nothing.
#[utoipa::path(get, path = "/ws/notebooks/{id}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), After),
    responses((status = 101, description = "A WebSocket")))]
pub(super) async fn watch(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(from): Parameters<After>,
    upgrade: WebSocketUpgrade,
) -> Answer<Response> {
    let (events, watching) = app
        .notebooks
        .watch(caller.0.tenant, notebook_id(&notebook)?, from.after_seq)
        .await?;
    // It counts as watched as long as there are events.
    let events = one_by_one((events, watching), |(mut events, watching)| async move {
        let event = socket::event(&mut events, "the notebook was deleted").await;
        (event, (events, watching))
    });
    Ok(over_socket(upgrade, app, caller.0, events))
}
