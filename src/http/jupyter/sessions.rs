//! Sessions in Jupyter's sense: the documents that clients have open, each with its kernel.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::kernels::{self, KernelView};
use super::project::Project;
use super::read;
use crate::error_code::{ErrorCode, Fault};
use crate::http::extract::{May, Read, Run};
use crate::http::sessions::find;
use crate::http::{Answer, App};
use crate::session::Handle;
use crate::store::jupyter::OpenRow;
use crate::tenant::Caller;
use crate::text;

/// Documents that a tenant may have open.
const MOST: i64 = 1000;

/// Bytes of a path, and of the other texts.
const LONGEST_PATH: usize = 4096;
const LONGEST: usize = 255;

/// What is to be opened, or how it is to be from now on.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct OpenDocument {
    /// Where it is.
    #[schema(max_length = 4096)]
    path: Option<String>,
    #[schema(max_length = 255)]
    name: Option<String>,
    /// What it is: `notebook`, `console`, `file`.
    #[serde(rename = "type")]
    #[schema(max_length = 255)]
    kind: Option<String>,
    kernel: Option<WantedKernel>,
    /// As `path`, of older clients.
    notebook: Option<OldDocument>,
}

/// The kernel of a document: one that is there, or a new one.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct WantedKernel {
    id: Option<String>,
    /// The image of a new one.
    name: Option<String>,
}

/// A notebook, as older clients name it.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct OldDocument {
    path: Option<String>,
    name: Option<String>,
}

/// A document that is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenView {
    id: String,
    path: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    kernel: KernelView,
    notebook: OldDocument,
}

/// Lists the documents that are open.
#[utoipa::path(get, path = "/api/sessions", tag = "jupyter",
    responses((status = 200, description = "All of them", body = Vec<OpenView>)))]
pub(super) async fn list(State(app): State<App>, caller: May<Read>) -> Answer<Json<Vec<OpenView>>> {
    let mut open = Vec::new();
    for row in app.store.open_documents(caller.0.tenant, MOST).await? {
        // One whose kernel ends meanwhile is open no more.
        if let Ok(view) = view(&app, &caller.0, row).await {
            open.push(view);
        }
    }
    Ok(Json(open))
}

/// Opens a document: with the kernel that is named, or that it has already, or a new one.
#[utoipa::path(post, path = "/api/sessions", tag = "jupyter", request_body = OpenDocument,
    params(("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project it lies in; by default the tenant's own")),
    responses((status = 201, description = "It is open", body = OpenView,
        headers(("Location", description = "Its address")))))]
pub(super) async fn create(
    State(app): State<App>,
    caller: May<Run>,
    project: Project,
    body: Bytes,
) -> Answer<impl IntoResponse> {
    let body: OpenDocument = read(&body)?;
    let caller = &caller.0;
    let old = body.notebook.unwrap_or_default();
    let path = checked("path", body.path.or(old.path), LONGEST_PATH)?;
    let path = path.ok_or_else(|| Fault::field("path", "it is missing"))?;
    let name = checked("name", body.name.or(old.name), LONGEST)?;
    let kind = checked("type", body.kind, LONGEST)?;
    let open = app.store.open_documents(caller.tenant, MOST).await?;
    let same = open.iter().filter(|row| row.path == path);
    let row = match of_project(&app, caller, &project, same).await? {
        Some(row) => row.clone(),
        None => {
            if open.len() as i64 >= MOST {
                let message = format!("{MOST} documents are open; close some of them.");
                return Err(Fault::new(ErrorCode::QuotaExceeded, message).into());
            }
            let kernel = body.kernel.unwrap_or_default();
            let handle = kernel_of(&app, caller, &project, kernel, &path).await?;
            let row = OpenRow {
                id: Uuid::now_v7().to_string(),
                tenant_id: caller.tenant.to_string(),
                session_id: handle.id.to_string(),
                name: name.unwrap_or_default(),
                kind: kind.unwrap_or_else(|| "notebook".into()),
                path,
            };
            app.store.add_open(&row).await?;
            row
        }
    };
    let location = [(header::LOCATION, format!("/api/sessions/{}", row.id))];
    let view = view(&app, caller, row).await?;
    Ok((StatusCode::CREATED, location, Json(view)))
}

/// Shows a document that is open.
#[utoipa::path(get, path = "/api/sessions/{session}", tag = "jupyter",
    params(("session" = String, Path, description = "The session")),
    responses((status = 200, description = "It", body = OpenView)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: May<Read>,
    Path(session): Path<String>,
) -> Answer<Json<OpenView>> {
    let row = one(&app, &caller.0, &session).await?;
    Ok(Json(view(&app, &caller.0, row).await?))
}

/// Changes where a document is, what it is called, or its kernel; the kernel that it had ends then.
#[utoipa::path(patch, path = "/api/sessions/{session}", tag = "jupyter", request_body = OpenDocument,
    params(("session" = String, Path, description = "The session"),
        ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project it lies in; by default the tenant's own")),
    responses((status = 200, description = "It as it is now", body = OpenView)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: May<Run>,
    project: Project,
    Path(session): Path<String>,
    body: Bytes,
) -> Answer<Json<OpenView>> {
    let body: OpenDocument = read(&body)?;
    let caller = &caller.0;
    let mut row = one(&app, caller, &session).await?;
    let old = body.notebook.unwrap_or_default();
    if let Some(path) = checked("path", body.path.or(old.path), LONGEST_PATH)? {
        row.path = path;
    }
    if let Some(name) = checked("name", body.name.or(old.name), LONGEST)? {
        row.name = name;
    }
    if let Some(kind) = checked("type", body.kind, LONGEST)? {
        row.kind = kind;
    }
    let before = row.session_id.clone();
    if let Some(kernel) = body.kernel
        && (kernel.id.is_some() || kernel.name.is_some())
    {
        let handle = kernel_of(&app, caller, &project, kernel, &row.path).await?;
        row.session_id = handle.id.to_string();
    }
    app.store.change_open(&row).await?;
    if row.session_id != before {
        end(&app, caller, &before).await?;
    }
    Ok(Json(view(&app, caller, row).await?))
}

/// Closes a document, and ends its kernel.
#[utoipa::path(delete, path = "/api/sessions/{session}", tag = "jupyter",
    params(("session" = String, Path, description = "The session")),
    responses((status = 204, description = "It is closed")))]
pub(super) async fn delete(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    let row = one(&app, &caller.0, &session).await?;
    app.store.remove_open(&row).await?;
    end(&app, &caller.0, &row.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the document that is in the request's project. One whose kernel has no project is in all of them.
async fn of_project<'o>(
    app: &App,
    caller: &Caller,
    project: &Project,
    open: impl Iterator<Item = &'o OpenRow>,
) -> Result<Option<&'o OpenRow>, Fault> {
    let project = project.or_default(app, caller).await?.to_string();
    for row in open {
        let kernel = row.session_id.parse().map_err(Fault::internal)?;
        let home = app.store.session(caller.tenant, kernel).await?;
        if home.is_some_and(|home| home.project_id.is_none_or(|home| home == project)) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Returns the kernel that is wanted for a document.
async fn kernel_of(
    app: &App,
    caller: &Caller,
    project: &Project,
    wanted: WantedKernel,
    path: &str,
) -> Result<Handle, Fault> {
    if let Some(id) = wanted.id {
        return find(app, caller, &id).await;
    }
    let project = Some(project.or_default(app, caller).await?);
    kernels::start(app, caller, wanted.name.as_deref(), Some(path), project).await
}

async fn end(app: &App, caller: &Caller, kernel: &str) -> Result<(), Fault> {
    let kernel = kernel.parse().map_err(Fault::internal)?;
    match app.sessions.delete(caller.tenant, kernel).await {
        // It ended before.
        Err(fault)
            if matches!(
                fault.code,
                ErrorCode::SessionDead | ErrorCode::SessionNotFound
            ) =>
        {
            Ok(())
        }
        ended => ended,
    }
}

/// Returns a document that is open, if its kernel is one that the caller reaches.
async fn one(app: &App, caller: &Caller, id: &str) -> Result<OpenRow, Fault> {
    let missing = || {
        let message = format!("There is no session {:?}.", text::line(id, 80));
        Fault::new(ErrorCode::SessionNotFound, message)
    };
    let row = app.store.open_document(caller.tenant, id).await?;
    let row = row.ok_or_else(missing)?;
    match find(app, caller, &row.session_id).await {
        Err(fault) if fault.code == ErrorCode::SessionNotFound => Err(missing()),
        found => found.map(|_| row),
    }
}

async fn view(app: &App, caller: &Caller, row: OpenRow) -> Result<OpenView, Fault> {
    let handle = find(app, caller, &row.session_id).await?;
    Ok(OpenView {
        kernel: kernels::shown(app, caller, &handle).await?,
        notebook: OldDocument {
            path: Some(row.path.clone()),
            name: Some(row.name.clone()),
        },
        id: row.id,
        path: row.path,
        name: row.name,
        kind: row.kind,
    })
}

/// Refuses a text that is too long, or that no database takes.
fn checked(
    field: &'static str,
    value: Option<String>,
    most: usize,
) -> Result<Option<String>, Fault> {
    match &value {
        Some(text) if text.len() > most || text.contains('\0') => {
            let message = format!("it may have {most} bytes, and no NUL character");
            Err(Fault::field(field, message))
        }
        _ => Ok(value),
    }
}
