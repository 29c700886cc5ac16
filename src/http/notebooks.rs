//! Notebooks as a whole: making, listing, changing, removing, undo.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Parameters, Read, Write, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, ProjectId};
use crate::notebook::{
    CellView, Document, Expected, NewCell, NewNotebook, NotebookPath, Snapshot, Status, reader_name,
};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;
use crate::text;

/// A notebook without its cells.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotebookSummary {
    #[schema(format = "uuid")]
    notebook_id: String,
    #[schema(format = "uuid")]
    project_id: String,
    name: String,
    /// Its file, within the project.
    path: String,
    status: Status,
    /// Counts up with every change.
    revision: u64,
    session_id: Option<String>,
    created_at: String,
    last_modified: String,
}

/// A notebook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotebookAnswer {
    #[serde(flatten)]
    summary: NotebookSummary,
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    can_undo: bool,
    can_redo: bool,
    cells: Vec<CellView>,
}

/// What a new notebook is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateNotebook {
    /// By default what its file is called, and "Untitled" when none is given.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// By default the tenant's own project.
    project_id: Option<ProjectId>,
    /// Its file, within the project; by default as the name says. Without `cells`, a notebook that
    /// is there already is opened where it is: written no earlier than with its first edit, and the same one
    /// every time.
    #[schema(max_length = 1024)]
    path: Option<String>,
    #[schema(max_items = 10000)]
    cells: Option<Vec<NewCell>>,
}

/// What is to be changed of a notebook; what is missing stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeNotebook {
    /// Its file gets the same name, in the folder in which it is, unless a path is given.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Where its file is to be, within the project.
    #[schema(max_length = 1024)]
    path: Option<String>,
    /// Replaces all metadata of the notebook.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// Which notebooks are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotebookFilter {
    /// Only those of this project.
    project_id: Option<ProjectId>,
    /// How many to return, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[param(max_length = 4096, pattern = "^[^\\u0000]*$")]
    after: Option<String>,
}

/// Who asks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReaderQuery {
    /// A name of the reader's choice; with it cells say whether they are updates.
    #[param(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    reader: Option<String>,
}

impl ReaderQuery {
    /// Returns the reader's name if it is one.
    pub(super) fn reader(&self) -> Result<Option<&str>, Fault> {
        self.reader.as_deref().map(reader_name).transpose()
    }
}

impl NotebookSummary {
    fn of(row: NotebookRow, status: Status) -> Self {
        Self {
            notebook_id: row.id,
            project_id: row.project_id,
            name: row.name,
            path: row.path,
            status,
            revision: u64::try_from(row.revision).unwrap_or_default(),
            session_id: row.session_id,
            created_at: row.created_at,
            last_modified: row.modified_at,
        }
    }
}

impl NotebookAnswer {
    fn of(snapshot: Snapshot) -> Self {
        let (can_undo, can_redo) = snapshot.document.can_undo_and_redo();
        let mut summary = NotebookSummary::of(snapshot.row, snapshot.status);
        summary.revision = snapshot.document.revision();
        Self {
            summary,
            metadata: snapshot.document.metadata().clone(),
            can_undo,
            can_redo,
            cells: snapshot.cells,
        }
    }
}

/// Makes a notebook, or opens one that is in the project already.
#[utoipa::path(post, path = "/notebooks", tag = "notebooks", request_body = CreateNotebook,
    responses((status = 201, description = "It is made", body = NotebookAnswer,
            headers(("Location", description = "Its address"), ("ETag", description = "Its revision"))),
        (status = 200, description = "It was there already, and is open", body = NotebookAnswer)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: May<Write>,
    Body(body): Body<CreateNotebook>,
) -> Answer<Response> {
    let path = body.path.as_deref().map(NotebookPath::parse).transpose()?;
    let document = match (&path, body.cells) {
        (Some(_), None) => None,
        (_, cells) => Some(Document::with(cells.unwrap_or_default())?),
    };
    let new = NewNotebook {
        name: body.name.map(checked_name).transpose()?,
        project: body.project_id,
        path,
        document,
    };
    created(&app, &caller.0, new).await
}

/// Makes the notebook and answers with it.
pub(super) async fn created(app: &App, caller: &Caller, new: NewNotebook) -> Answer<Response> {
    let made = app.notebooks.create(caller, new).await?;
    if made.is_new {
        return answered_new(app, caller, made.id).await;
    }
    shown(app, caller, made.id, None).await
}

/// Answers with a notebook that was made.
pub(super) async fn answered_new(app: &App, caller: &Caller, id: NotebookId) -> Answer<Response> {
    let answer = shown(app, caller, id, None).await?;
    let location =
        HeaderValue::from_str(&format!("/api/v1/notebooks/{id}")).map_err(Fault::internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

/// Lists the notebooks.
#[utoipa::path(get, path = "/notebooks", tag = "notebooks", params(NotebookFilter),
    responses((status = 200, description = "A page of notebooks, the oldest first", body = Page<NotebookSummary>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
    Parameters(filter): Parameters<NotebookFilter>,
) -> Answer<Json<Page<NotebookSummary>>> {
    let page = PageQuery::new(filter.limit, filter.after);
    let rows = app
        .notebooks
        .list(
            caller.0.tenant,
            filter.project_id,
            page.after(),
            page.rows()?,
        )
        .await?;
    let summaries = rows
        .into_iter()
        .map(|(row, status)| NotebookSummary::of(row, status))
        .collect();
    Ok(Json(page.page(summaries, |summary: &NotebookSummary| {
        summary.notebook_id.clone()
    })))
}

/// Returns a notebook with its cells.
#[utoipa::path(get, path = "/notebooks/{id}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ReaderQuery),
    responses((status = 200, description = "The notebook", body = NotebookAnswer,
        headers(("ETag", description = "Its revision")))))]
pub(super) async fn get(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(query): Parameters<ReaderQuery>,
) -> Answer<Response> {
    shown(&app, &caller.0, notebook_id(&notebook)?, query.reader()?).await
}

/// Changes a notebook's name, place or metadata.
#[utoipa::path(patch, path = "/notebooks/{id}", tag = "notebooks", request_body = ChangeNotebook,
    params(("id" = String, Path, description = "The notebook"),
        ("If-Match" = Option<String>, Header, description = "The ETag it must still have")),
    responses((status = 200, description = "The notebook as it is now", body = NotebookAnswer),
        (status = 412, description = "It was changed meanwhile", content_type = "application/problem+json")))]
pub(super) async fn change(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
    headers: HeaderMap,
    Body(body): Body<ChangeNotebook>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    let mut expected = expected(&headers)?;
    let path = body.path.as_deref().map(NotebookPath::parse).transpose()?;
    let name = body.name.map(checked_name).transpose()?;
    if path.is_some() || name.is_some() {
        app.notebooks
            .rename(caller.0.tenant, id, expected, name, path)
            .await?;
        expected = Expected::Any;
    }
    let metadata = body.metadata;
    let describe = |document: &mut Document| {
        expected.check(document)?;
        if let Some(metadata) = metadata {
            document.describe(metadata);
        }
        Ok(())
    };
    app.notebooks
        .change(caller.0.tenant, id, |state| describe(&mut state.document))
        .await?;
    shown(&app, &caller.0, id, None).await
}

/// Removes a notebook and its file, and ends its session.
#[utoipa::path(delete, path = "/notebooks/{id}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"),
        ("If-Match" = Option<String>, Header, description = "The ETag it must still have")),
    responses((status = 204, description = "It is removed"),
        (status = 412, description = "It was changed meanwhile", content_type = "application/problem+json")))]
pub(super) async fn remove(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let session = app
        .notebooks
        .remove(
            caller.0.tenant,
            notebook_id(&notebook)?,
            expected(&headers)?,
        )
        .await?;
    if let Some(session) = session {
        match app.sessions.delete(caller.0.tenant, session).await {
            // It ended before.
            Err(fault)
                if matches!(
                    fault.code,
                    ErrorCode::SessionDead | ErrorCode::SessionNotFound
                ) => {}
            other => other?,
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the last edit back.
#[utoipa::path(post, path = "/notebooks/{id}/undo", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 200, description = "The notebook as it is now", body = NotebookAnswer)))]
pub(super) async fn undo(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    app.notebooks
        .change(caller.0.tenant, id, |state| state.document.undo())
        .await?;
    shown(&app, &caller.0, id, None).await
}

/// Makes the edit again that was taken back last.
#[utoipa::path(post, path = "/notebooks/{id}/redo", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook")),
    responses((status = 200, description = "The notebook as it is now", body = NotebookAnswer)))]
pub(super) async fn redo(
    State(app): State<App>,
    caller: May<Write>,
    Path(notebook): Path<String>,
) -> Answer<Response> {
    let id = notebook_id(&notebook)?;
    app.notebooks
        .change(caller.0.tenant, id, |state| state.document.redo())
        .await?;
    shown(&app, &caller.0, id, None).await
}

/// Returns a notebook with its ETag.
pub(super) async fn shown(
    app: &App,
    caller: &Caller,
    id: NotebookId,
    reader: Option<&str>,
) -> Answer<Response> {
    let snapshot = app
        .notebooks
        .look(caller.tenant, id, |state| Ok(Snapshot::of(state, reader)))
        .await?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", snapshot.document.revision()))
        .map_err(Fault::internal)?;
    Ok(([(header::ETAG, tag)], Json(NotebookAnswer::of(snapshot))).into_response())
}

/// Reads a notebook's id.
pub(super) fn notebook_id(text: &str) -> Result<NotebookId, Fault> {
    id(text, ErrorCode::NotebookNotFound)
}

/// Refuses what cannot be the name of a notebook.
pub(super) fn checked_name(name: String) -> Result<String, Fault> {
    if (1..=200).contains(&name.chars().count()) && text::line(&name, 200) == name {
        return Ok(name);
    }
    let shown = text::line(&name, 80);
    Err(Fault::field(
        "name",
        format!("{shown:?} is no name of 1 to 200 ordinary characters on one line"),
    ))
}

/// Reads the revision that a writer expects.
fn expected(headers: &HeaderMap) -> Result<Expected, Fault> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(Expected::Any);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(Expected::Any);
    }
    let revision = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"')?.parse().ok());
    revision
        .map(Expected::Revision)
        .ok_or_else(|| Fault::field("If-Match", "it is no ETag that a notebook was sent with"))
}
