//! Kernels: sessions, as Jupyter's clients see them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::kernelspecs::image;
use super::project::Project;
use super::read;
use crate::error_code::{ErrorCode, Fault};
use crate::http::extract::{May, Read, Run};
use crate::http::sessions::find;
use crate::http::{Answer, App};
use crate::id::ProjectId;
use crate::session::{Handle, NewSession, State as SessionState};
use crate::tenant::Caller;
use crate::tenant::passes::Within;

/// Kernels that are listed at most.
const MOST: i64 = 1000;

/// What kernel to start.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct StartKernel {
    /// The image.
    name: Option<String>,
    /// Environment variables of the client's machine. None reaches the session.
    #[serde(rename = "env")]
    #[schema(value_type = Option<Object>)]
    _env: Option<Map<String, Value>>,
    /// The notebook that it is for.
    path: Option<String>,
}

/// A kernel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KernelView {
    pub(super) id: String,
    /// The image.
    pub(super) name: String,
    pub(super) last_activity: String,
    execution_state: &'static str,
    pub(super) connections: usize,
}

/// Returns what is shown of a kernel.
fn view(app: &App, handle: &Handle, image: String) -> KernelView {
    let seen = handle.view();
    KernelView {
        id: handle.id.to_string(),
        name: image,
        last_activity: seen.last_activity,
        execution_state: match seen.state {
            SessionState::Starting => "starting",
            SessionState::Busy | SessionState::Queued => "busy",
            // One that sleeps wakes when it is asked for something.
            SessionState::Idle | SessionState::Hibernated => "idle",
            SessionState::Dead => "dead",
        },
        connections: app.jupyter.connections(handle.id),
    }
}

/// Returns all kernels of a tenant.
pub(super) async fn all(app: &App, caller: &Caller) -> Result<Vec<KernelView>, Fault> {
    let rows = app.store.live_sessions(caller.tenant, "", MOST).await?;
    let mut kernels = Vec::with_capacity(rows.len());
    let within = caller.pass.as_ref().map(|pass| &pass.within);
    for row in rows {
        if let Some(Within::Project { project, .. }) = within
            && row.project_id != Some(project.to_string())
        {
            continue;
        }
        let session = row.id.parse().map_err(Fault::internal)?;
        let handle = app.sessions.get(caller.tenant, session).await?;
        kernels.push(view(app, &handle, row.image));
    }
    Ok(kernels)
}

/// Returns a kernel as it is now.
pub(super) async fn shown(
    app: &App,
    caller: &Caller,
    handle: &Handle,
) -> Result<KernelView, Fault> {
    let row = app.store.session(caller.tenant, handle.id).await?;
    let row = row.ok_or_else(|| Fault::new(ErrorCode::SessionNotFound, "The kernel has ended."))?;
    Ok(view(app, handle, row.image))
}

/// Lists the kernels: all sessions of the tenant.
#[utoipa::path(get, path = "/api/kernels", tag = "jupyter",
    responses((status = 200, description = "All of them", body = Vec<KernelView>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
) -> Answer<Json<Vec<KernelView>>> {
    Ok(Json(all(&app, &caller.0).await?))
}

/// Starts a kernel.
#[utoipa::path(post, path = "/api/kernels", tag = "jupyter", request_body = Option<StartKernel>,
    params(("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project that is its home; by default it has none")),
    responses((status = 201, description = "It is there", body = KernelView,
        headers(("Location", description = "Its address")))))]
pub(super) async fn create(
    State(app): State<App>,
    caller: May<Run>,
    project: Project,
    body: Bytes,
) -> Answer<impl IntoResponse> {
    let body: StartKernel = read(&body)?;
    let (name, path) = (body.name.as_deref(), body.path.as_deref());
    let handle = start(&app, &caller.0, name, path, project.0).await?;
    let location = [(header::LOCATION, format!("/api/kernels/{}", handle.id))];
    let kernel = shown(&app, &caller.0, &handle).await?;
    Ok((StatusCode::CREATED, location, Json(kernel)))
}

/// Starts the session of a kernel.
pub(super) async fn start(
    app: &App,
    caller: &Caller,
    name: Option<&str>,
    path: Option<&str>,
    project: Option<ProjectId>,
) -> Result<Handle, Fault> {
    let image = image(app, name.unwrap_or_default())?;
    let name = path.filter(|path| !path.is_empty());
    let new = NewSession {
        image: Some(image),
        name: name.map(|path| crate::text::line(path, 200)),
        project,
        ..NewSession::default()
    };
    app.sessions.create(caller, new).await
}

/// Shows a kernel.
#[utoipa::path(get, path = "/api/kernels/{kernel_id}", tag = "jupyter",
    params(("kernel_id" = String, Path, description = "The session")),
    responses((status = 200, description = "It", body = KernelView)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: May<Read>,
    Path(kernel): Path<String>,
) -> Answer<Json<KernelView>> {
    let handle = find(&app, &caller.0, &kernel).await?;
    Ok(Json(shown(&app, &caller.0, &handle).await?))
}

/// Ends a kernel.
#[utoipa::path(delete, path = "/api/kernels/{kernel_id}", tag = "jupyter",
    params(("kernel_id" = String, Path, description = "The session")),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn delete(
    State(app): State<App>,
    caller: May<Run>,
    Path(kernel): Path<String>,
) -> Answer<StatusCode> {
    let handle = find(&app, &caller.0, &kernel).await?;
    app.sessions.delete(caller.0.tenant, handle.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Interrupts the running cell of a kernel.
#[utoipa::path(post, path = "/api/kernels/{kernel_id}/interrupt", tag = "jupyter",
    params(("kernel_id" = String, Path, description = "The session")),
    responses((status = 204, description = "It is told")))]
pub(super) async fn interrupt(
    State(app): State<App>,
    caller: May<Run>,
    Path(kernel): Path<String>,
) -> Answer<StatusCode> {
    let handle = find(&app, &caller.0, &kernel).await?;
    handle.interrupt().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a kernel anew from its image.
#[utoipa::path(post, path = "/api/kernels/{kernel_id}/restart", tag = "jupyter",
    params(("kernel_id" = String, Path, description = "The session")),
    responses((status = 200, description = "It is new", body = KernelView)))]
pub(super) async fn restart(
    State(app): State<App>,
    caller: May<Run>,
    Path(kernel): Path<String>,
) -> Answer<Json<KernelView>> {
    let handle = find(&app, &caller.0, &kernel).await?;
    handle.restart().await?;
    Ok(Json(shown(&app, &caller.0, &handle).await?))
}
