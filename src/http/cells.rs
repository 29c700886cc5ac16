//! The cells of a notebook. Every write carries the revision that its writer knows.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Parameters, Read, Run, Write};
use super::notebooks::{ReaderQuery, notebook_id, shown};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::id::NotebookId;
use crate::notebook::{CellKind, CellPatch, CellView, Document, NewCell, Place};
use crate::tenant::Caller;

/// A cell that is to be added, and where: at the end, unless something is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddCell {
    #[serde(default = "code")]
    cell_type: CellKind,
    /// At most 1 MiB.
    #[serde(default)]
    #[schema(max_length = 1048576)]
    source: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// The number it is to have, counted from 0.
    #[schema(minimum = 0, maximum = 200000)]
    index: Option<usize>,
    /// The id of the cell behind which it is to stand; instead of `index`.
    #[schema(max_length = 64)]
    after: Option<String>,
}

fn code() -> CellKind {
    CellKind::Code
}

/// What is to be changed of a cell; what is missing stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCell {
    /// The revision of the cell that the writer knows.
    revision: u64,
    cell_type: Option<CellKind>,
    /// At most 1 MiB.
    #[schema(max_length = 1048576)]
    source: Option<String>,
    /// Replaces all metadata of the cell.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// Where a cell is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveCell {
    /// The revision of the cell that the writer knows.
    revision: u64,
    /// The number it is to have, counted from 0.
    #[schema(minimum = 0, maximum = 200000)]
    index: usize,
}

/// Where a cell is to be split.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitCell {
    /// The revision of the cell that the writer knows.
    revision: u64,
    /// The number of the character with which the second part begins, counted from 0.
    #[schema(minimum = 0, maximum = 1048576)]
    at: usize,
}

/// The revision that a writer knows.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KnownRevision {
    /// The revision of the cell that the writer knows.
    revision: u64,
}

/// Whose outputs are to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearOutputs {
    /// Only this cell's; by default those of all.
    #[schema(max_length = 64)]
    cell_id: Option<String>,
}

/// The two parts of a cell that was split.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SplitAnswer {
    first: CellView,
    second: CellView,
}

/// Changes a notebook and returns the cells of these ids.
async fn changed<const COUNT: usize>(
    app: &App,
    caller: &Caller,
    id: NotebookId,
    change: impl FnOnce(&mut Document) -> Result<[String; COUNT], Fault>,
) -> Result<[CellView; COUNT], Fault> {
    let views = app.notebooks.change(caller.tenant, id, |state| {
        let cells = change(&mut state.document)?;
        cells
            .iter()
            .map(|cell| state.document.view(&state.running, cell))
            .collect::<Result<Vec<_>, Fault>>()
    });
    views
        .await?
        .try_into()
        .map_err(|_| Fault::internal("a cell is missing that was just there"))
}

/// Lists the cells of a notebook.
#[utoipa::path(get, path = "/notebooks/{id}/cells", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), PageQuery),
    responses((status = 200, description = "A page of cells in their order", body = Page<CellView>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(page): Parameters<PageQuery>,
) -> Answer<Json<Page<CellView>>> {
    let most = usize::try_from(page.rows()?).unwrap_or_default();
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            let start = match page.after() {
                "" => 0,
                after => state.document.position(after)? + 1,
            };
            let views = state.document.views(&state.running, None);
            Ok(views.into_iter().skip(start).take(most).collect())
        });
    let views = look.await?;
    Ok(Json(
        page.page(views, |view: &CellView| view.cell.id.clone()),
    ))
}

/// Adds a cell.
#[utoipa::path(post, path = "/notebooks/{id}/cells", tag = "notebooks", request_body = AddCell,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 201, description = "It is added", body = CellView, headers(("Location", description = "Its address")))))]
pub(super) async fn add(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
    Body(body): Body<AddCell>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    let place = match (body.index, body.after) {
        (None, None) => Place::End,
        (Some(index), None) => Place::Index(index),
        (None, Some(after)) => Place::After(after),
        (Some(_), Some(_)) => {
            return Err(Fault::field("after", "it cannot be given together with index").into());
        }
    };
    let new = NewCell {
        cell_type: body.cell_type,
        source: body.source,
        metadata: body.metadata,
    };
    let [view] = changed(&app, &caller.0, id, |document| {
        Ok([document.add(&place, new)?])
    })
    .await?;
    let location = format!("/api/v1/notebooks/{id}/cells/{}", view.cell.id);
    let location = HeaderValue::from_str(&location).map_err(Fault::internal)?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response())
}

/// Returns a cell.
#[utoipa::path(get, path = "/notebooks/{id}/cells/{cell}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell"), ReaderQuery),
    responses((status = 200, description = "The cell", body = CellView)))]
pub(super) async fn get(
    State(app): State<App>,
    caller: May<Read>,
    Path((notebook, cell)): Path<(String, String)>,
    Parameters(query): Parameters<ReaderQuery>,
) -> Answer<Json<CellView>> {
    let reader = query.reader()?;
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            let mut view = state.document.view(&state.running, &cell)?;
            view.is_update = reader
                .map(|reader| view.cell.change > state.document.readers().acknowledged(reader));
            Ok(view)
        });
    Ok(Json(look.await?))
}

/// Changes a cell's source, type or metadata.
#[utoipa::path(patch, path = "/notebooks/{id}/cells/{cell}", tag = "notebooks", request_body = ChangeCell,
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell")),
    responses((status = 200, description = "The cell as it is now", body = CellView)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: May<Write>,
    Path((notebook, cell)): Path<(String, String)>,
    Body(body): Body<ChangeCell>,
) -> Answer<Json<CellView>> {
    let patch = CellPatch {
        kind: body.cell_type,
        source: body.source,
        metadata: body.metadata,
    };
    let edit = |document: &mut Document| {
        document.edit(&cell, body.revision, patch)?;
        Ok([cell])
    };
    let [view] = changed(&app, &caller.0, notebook_id(&notebook)?, edit).await?;
    Ok(Json(view))
}

/// Removes a cell.
#[utoipa::path(delete, path = "/notebooks/{id}/cells/{cell}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell"), KnownRevision),
    responses((status = 204, description = "It is removed")))]
pub(super) async fn remove(
    State(app): State<App>,
    caller: May<Write>,
    Path((notebook, cell)): Path<(String, String)>,
    Parameters(known): Parameters<KnownRevision>,
) -> Answer<StatusCode> {
    let delete = |document: &mut Document| document.delete(&cell, known.revision).map(|()| []);
    let [] = changed(&app, &caller.0, notebook_id(&notebook)?, delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a cell.
#[utoipa::path(post, path = "/notebooks/{id}/cells/{cell}/move", tag = "notebooks", request_body = MoveCell,
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell")),
    responses((status = 200, description = "The cell as it is now", body = CellView)))]
pub(super) async fn move_to(
    State(app): State<App>,
    caller: May<Write>,
    Path((notebook, cell)): Path<(String, String)>,
    Body(body): Body<MoveCell>,
) -> Answer<Json<CellView>> {
    let shift = |document: &mut Document| {
        document.move_to(&cell, body.revision, body.index)?;
        Ok([cell])
    };
    let [view] = changed(&app, &caller.0, notebook_id(&notebook)?, shift).await?;
    Ok(Json(view))
}

/// Splits a cell in two. The first part is a new cell; the second keeps the id and the outputs, as in JupyterLab.
#[utoipa::path(post, path = "/notebooks/{id}/cells/{cell}/split", tag = "notebooks", request_body = SplitCell,
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell")),
    responses((status = 200, description = "Both parts", body = SplitAnswer)))]
pub(super) async fn split(
    State(app): State<App>,
    caller: May<Write>,
    Path((notebook, cell)): Path<(String, String)>,
    Body(body): Body<SplitCell>,
) -> Answer<Json<SplitAnswer>> {
    let divide = |document: &mut Document| {
        let first = document.split(&cell, body.revision, body.at)?;
        Ok([first, cell])
    };
    let [first, second] = changed(&app, &caller.0, notebook_id(&notebook)?, divide).await?;
    Ok(Json(SplitAnswer { first, second }))
}

/// Appends the next cell to this one.
#[utoipa::path(post, path = "/notebooks/{id}/cells/{cell}/merge", tag = "notebooks", request_body = KnownRevision,
    params(("id" = String, Path, description = "The notebook"), ("cell" = String, Path, description = "The cell")),
    responses((status = 200, description = "The cell as it is now", body = CellView)))]
pub(super) async fn merge(
    State(app): State<App>,
    caller: May<Write>,
    Path((notebook, cell)): Path<(String, String)>,
    Body(known): Body<KnownRevision>,
) -> Answer<Json<CellView>> {
    let join = |document: &mut Document| {
        document.merge(&cell, known.revision)?;
        Ok([cell])
    };
    let [view] = changed(&app, &caller.0, notebook_id(&notebook)?, join).await?;
    Ok(Json(view))
}

/// Brings the variables back to before the cell's last execution. The cell, and those that ran after it, are marked as undone.
#[utoipa::path(post, path = "/notebooks/{id}/cells/{cell_id}/restore", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ("cell_id" = String, Path, description = "The cell")),
    responses((status = 200, description = "The notebook as it is now", body = super::notebooks::NotebookAnswer)))]
pub(super) async fn restore(
    State(app): State<App>,
    caller: May<Run>,
    Path((notebook, cell)): Path<(String, String)>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    app.notebooks.restore_before(&caller.0, id, &cell).await?;
    shown(&app, &caller.0, id, None).await
}

/// Removes the outputs of one cell or of all. This is not undone.
#[utoipa::path(post, path = "/notebooks/{id}/clear_outputs", tag = "notebooks", request_body = ClearOutputs,
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 200, description = "The notebook as it is now", body = super::notebooks::NotebookAnswer)))]
pub(super) async fn clear(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
    Body(body): Body<ClearOutputs>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    app.notebooks
        .change(caller.0.tenant, id, |state| {
            state
                .running
                .clear(&mut state.document, body.cell_id.as_deref())
        })
        .await?;
    shown(&app, &caller.0, id, None).await
}
