//! What an agent wants to know of a notebook: its status, what changed, and what fits into a prompt.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Parameters, Read};
use super::notebooks::notebook_id;
use super::{Answer, App};
use crate::error_code::Fault;
use crate::notebook::{CellView, Context, Snapshot, Status, reader_name};

/// The budget of those who name none, and the largest.
const BUDGET: usize = 8000;
const LARGEST_BUDGET: usize = 1_000_000;

/// Who asks for updates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdatesQuery {
    /// A name of the reader's choice, under which it acknowledges.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    reader: String,
}

/// Who asks for the context, and how much of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContextQuery {
    /// A name of the reader's choice; with it cells say whether they are updates.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    reader: Option<String>,
    /// About how many tokens it may have.
    #[param(minimum = 100, maximum = 1000000, default = 8000)]
    budget_tokens: Option<usize>,
}

/// What changed since a reader acknowledged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Updates {
    /// What to acknowledge when all of this was seen.
    revision: u64,
    updated_cells: Vec<CellView>,
}

/// What a reader has seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledge {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    reader: String,
    /// The revision up to which it has seen all; by default the present one.
    revision: Option<u64>,
}

/// That it is remembered what a reader has seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Acknowledged {
    /// The revision that the reader has acknowledged.
    revision: u64,
}

/// What a notebook is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotebookState {
    status: Status,
    revision: u64,
    /// The cells that run or wait to run.
    running_cells: Vec<String>,
}

/// Tells what a notebook is doing.
#[utoipa::path(get, path = "/notebooks/{id}/status", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 200, description = "Its status", body = NotebookState)))]
pub(super) async fn status(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
) -> Answer<Json<NotebookState>> {
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            Ok(NotebookState {
                status: state.running.status(),
                revision: state.document.revision(),
                running_cells: state
                    .running
                    .cells()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            })
        });
    Ok(Json(look.await?))
}

/// Returns the cells that changed since the reader acknowledged.
#[utoipa::path(get, path = "/notebooks/{id}/updates", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), UpdatesQuery),
    responses((status = 200, description = "The cells that changed", body = Updates)))]
pub(super) async fn updates(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(query): Parameters<UpdatesQuery>,
) -> Answer<Json<Updates>> {
    let reader = reader_name(&query.reader)?;
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            let views = state
                .document
                .views(&state.running, Some(reader))
                .into_iter();
            Ok(Updates {
                revision: state.document.revision(),
                updated_cells: views.filter(|view| view.is_update == Some(true)).collect(),
            })
        });
    Ok(Json(look.await?))
}

/// Remembers what a reader has seen.
#[utoipa::path(post, path = "/notebooks/{id}/updates/ack", tag = "notebooks", request_body = Acknowledge,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 200, description = "It is remembered", body = Acknowledged)))]
pub(super) async fn acknowledge(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Body(body): Body<Acknowledge>,
) -> Answer<Json<Acknowledged>> {
    let reader = reader_name(&body.reader)?;
    let change = app
        .notebooks
        .change(caller.0.tenant, notebook_id(&notebook)?, |state| {
            let document = &mut state.document;
            document.acknowledge(reader, body.revision.unwrap_or(document.revision()))?;
            Ok(document.readers().acknowledged(reader))
        });
    Ok(Json(Acknowledged {
        revision: change.await?,
    }))
}

/// Returns a notebook as a model is told of it, within a budget of tokens.
#[utoipa::path(get, path = "/notebooks/{id}/context", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ContextQuery),
    responses((status = 200, description = "What fits into the budget", body = Context)))]
pub(super) async fn context(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(query): Parameters<ContextQuery>,
) -> Answer<Json<Context>> {
    let reader = query.reader.as_deref().map(reader_name).transpose()?;
    let budget = query.budget_tokens.unwrap_or(BUDGET);
    if !(100..=LARGEST_BUDGET).contains(&budget) {
        return Err(Fault::field(
            "budget_tokens",
            format!("{budget} is not from 100 to {LARGEST_BUDGET}"),
        )
        .into());
    }
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            Ok(Snapshot::of(state, reader))
        });
    let snapshot = look.await?;
    let context = Context::of(&snapshot, budget);
    let session = snapshot.row.session_id.as_deref();
    let known = match session.and_then(|text| text.parse().ok()) {
        Some(session) => {
            app.sessions
                .variables_if_awake(caller.0.tenant, session)
                .await?
        }
        None => Vec::new(),
    };
    Ok(Json(context.with_variables(known)))
}
