//! `/api/contents`: the files of a project as Jupyter's clients read and write them, and `/files` for their bytes.

use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::project::Project;
use super::read;
use crate::error_code::{ErrorCode, Fault};
use crate::file::FilePath;
use crate::http::download;
use crate::http::extract::{May, Parameters, Read, Write};
use crate::http::json::parse;
use crate::http::problem::Refused;
use crate::http::{Answer, App};
use crate::jupyter::{Checkpoint, Contents, Format, Kind, Model, New, Save, Wanted};
use crate::tenant::Caller;

/// What a path ends with that means the checkpoints of what lies before.
const CHECKPOINTS: &str = "checkpoints";

/// The largest body. Files that are larger come in parts, as these clients send them.
const BODY: usize = 192 << 20;

/// Returns the addresses of files.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_root, post_root))
        .routes(routes!(get, post, put, patch, delete))
        .routes(routes!(file))
        .layer(DefaultBodyLimit::max(BODY))
}

/// A path of the tree, empty for its root.
pub(crate) struct TreePath(String);

impl FromRequestParts<App> for TreePath {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let refused = |_| {
            let message = "The path is not allowed: it is no UTF-8.";
            Fault::new(ErrorCode::PathRefused, message)
        };
        let parameters = RawPathParams::from_request_parts(parts, app).await;
        let parameters = parameters.map_err(refused)?;
        let path = parameters.iter().find(|(name, _)| *name == "path");
        Ok(Self(path.map_or_else(String::new, |(_, path)| {
            path.trim_matches('/').to_owned()
        })))
    }
}

impl TreePath {
    /// Returns the path of a file and the id of its checkpoint, if the checkpoints are meant.
    fn checkpoints(&self) -> Option<(&str, Option<&str>)> {
        if let Some((path, CHECKPOINTS)) = self.0.rsplit_once('/') {
            return Some((path, None));
        }
        let (before, id) = self.0.rsplit_once('/')?;
        let (path, CHECKPOINTS) = before.rsplit_once('/')? else {
            return None;
        };
        Some((path, Some(id)))
    }
}

/// How something is to be read.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadQuery {
    /// What it must be.
    #[serde(rename = "type")]
    #[param(rename = "type", inline)]
    kind: Option<Kind>,
    /// How the content of a file is to be written.
    #[param(inline)]
    format: Option<Format>,
    /// 0 to leave the content out.
    #[param(minimum = 0, maximum = 1)]
    content: Option<u8>,
    /// 1 for the SHA-256 of a file.
    #[param(minimum = 0, maximum = 1)]
    hash: Option<u8>,
}

impl ReadQuery {
    fn wanted(&self) -> Result<Wanted, Fault> {
        let flag = |field, value, default| match value {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) => Err(Fault::field(field, "it is 0 or 1")),
        };
        Ok(Wanted {
            kind: self.kind,
            format: self.format,
            content: flag("content", self.content, true)?,
            hash: flag("hash", self.hash, false)?,
        })
    }
}

/// Where something is moved to.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContentsRename)]
pub(crate) struct Rename {
    /// The path that it gets.
    #[schema(min_length = 1, max_length = 4096)]
    path: String,
}

/// What is to be had at a path: what lies there, or the checkpoints of a file.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes the answer")]
pub(crate) enum GotContents {
    Model(Model),
    Checkpoints(Vec<Checkpoint>),
}

/// What is made at a path: something new, or a checkpoint.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes the answer")]
pub(crate) enum MadeContents {
    Model(Model),
    Checkpoint(Checkpoint),
}

async fn contents<'a>(
    app: &'a App,
    caller: &Caller,
    project: &Project,
) -> Result<Contents<'a>, Fault> {
    Ok(Contents {
        files: &app.files,
        notebooks: &app.notebooks,
        tenant: caller.tenant,
        project: project.or_default(app, caller).await?,
    })
}

/// Returns a file, a folder with what is in it, or the checkpoints of a file.
#[utoipa::path(get, path = "/api/contents/{*path}", tag = "jupyter",
    params(("path" = String, Path, description = "Of a file, for its checkpoints with `/checkpoints` behind it"), ReadQuery,
        ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses((status = 200, description = "It", content_type = "application/json", body = GotContents)))]
pub(super) async fn get(
    State(app): State<App>,
    caller: May<Read>,
    project: Project,
    path: TreePath,
    Parameters(query): Parameters<ReadQuery>,
) -> Answer<Response> {
    let contents = contents(&app, &caller.0, &project).await?;
    if let Some((file, None)) = path.checkpoints() {
        return Ok(Json(contents.checkpoints(file).await?).into_response());
    }
    Ok(Json(contents.read(&path.0, query.wanted()?).await?).into_response())
}

/// Returns the project's folder with what is in it.
#[utoipa::path(get, path = "/api/contents", tag = "jupyter",
    params(ReadQuery,
        ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses((status = 200, description = "It", body = Model)))]
pub(super) async fn get_root(
    app: State<App>,
    caller: May<Read>,
    project: Project,
    path: TreePath,
    query: Parameters<ReadQuery>,
) -> Answer<Response> {
    get(app, caller, project, path, query).await
}

/// Makes something new in a folder, or copies a file into it; of a file, makes a checkpoint or restores it.
#[utoipa::path(post, path = "/api/contents/{*path}", tag = "jupyter", request_body = Option<New>,
    params(("path" = String, Path, description = "Of a folder; of a file with `/checkpoints` behind it, or `/checkpoints/{id}`"),
        ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses(
        (status = 201, description = "It is made", content_type = "application/json", body = MadeContents,
            headers(("Location", description = "Its address"))),
        (status = 204, description = "The file is as it was at the checkpoint")))]
pub(super) async fn post(
    State(app): State<App>,
    caller: May<Write>,
    project: Project,
    path: TreePath,
    body: Bytes,
) -> Answer<Response> {
    let contents = contents(&app, &caller.0, &project).await?;
    match path.checkpoints() {
        Some((file, Some(id))) => {
            contents.restore(file, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Some((file, None)) => {
            let made = contents.checkpoint(file).await?;
            let location = location(&format!("{file}/{CHECKPOINTS}/{}", made.id()))?;
            Ok((StatusCode::CREATED, location, Json(made)).into_response())
        }
        None => {
            let made = contents.create(&path.0, read(&body)?).await?;
            let location = location(made.path())?;
            Ok((StatusCode::CREATED, location, Json(made)).into_response())
        }
    }
}

/// Makes something new in the project's folder, or copies a file into it.
#[utoipa::path(post, path = "/api/contents", tag = "jupyter", request_body = Option<New>,
    params(("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses((status = 201, description = "It is made", body = Model, headers(("Location", description = "Its address")))))]
pub(super) async fn post_root(
    app: State<App>,
    caller: May<Write>,
    project: Project,
    path: TreePath,
    body: Bytes,
) -> Answer<Response> {
    post(app, caller, project, path, body).await
}

/// Writes a file or a notebook, whole or in parts; or makes a folder.
#[utoipa::path(put, path = "/api/contents/{*path}", tag = "jupyter", request_body = Save,
    params(("path" = String, Path), ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses(
        (status = 200, description = "It was there, and is as sent now", body = Model),
        (status = 201, description = "It is made", body = Model, headers(("Location", description = "Its address")))))]
pub(super) async fn put(
    State(app): State<App>,
    caller: May<Write>,
    project: Project,
    path: TreePath,
    body: Bytes,
) -> Answer<Response> {
    let contents = contents(&app, &caller.0, &project).await?;
    let (model, created) = contents.write(&path.0, parse(&body)?).await?;
    if !created {
        return Ok(Json(model).into_response());
    }
    let location = location(model.path())?;
    Ok((StatusCode::CREATED, location, Json(model)).into_response())
}

/// Moves something.
#[utoipa::path(patch, path = "/api/contents/{*path}", tag = "jupyter", request_body = Rename,
    params(("path" = String, Path), ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses((status = 200, description = "It is there now", body = Model)))]
pub(super) async fn patch(
    State(app): State<App>,
    caller: May<Write>,
    project: Project,
    path: TreePath,
    body: Bytes,
) -> Answer<Json<Model>> {
    let contents = contents(&app, &caller.0, &project).await?;
    let to: Rename = parse(&body)?;
    Ok(Json(contents.rename(&path.0, &to.path).await?))
}

/// Deletes a file, a folder with all that is in it, or a checkpoint.
#[utoipa::path(delete, path = "/api/contents/{*path}", tag = "jupyter",
    params(("path" = String, Path, description = "Of a checkpoint, the file's with `/checkpoints/{id}` behind it"),
        ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    caller: May<Write>,
    project: Project,
    path: TreePath,
) -> Answer<StatusCode> {
    let contents = contents(&app, &caller.0, &project).await?;
    match path.checkpoints() {
        Some((file, Some(id))) => contents.delete_checkpoint(file, id).await?,
        Some((_, None)) | None => contents.delete(&path.0).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the bytes of a file, whole or a range of them.
#[utoipa::path(get, path = "/files/{*path}", tag = "jupyter",
    params(("path" = String, Path), ("X-Project-Id" = Option<uuid::Uuid>, Header, description = "The project; by default the tenant's own")),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range of the file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The caller has this version")))]
pub(super) async fn file(
    State(app): State<App>,
    caller: May<Read>,
    project: Project,
    path: TreePath,
    headers: HeaderMap,
) -> Answer<Response> {
    let project = project.or_default(&app, &caller.0).await?;
    let path = FilePath::parse(&path.0)?;
    let opened = app.files.open(caller.0.tenant, project, path).await?;
    download::send(&headers, opened, true).await
}

/// Returns the address of something, for its header.
fn location(path: &str) -> Result<[(header::HeaderName, HeaderValue); 1], Fault> {
    let names = path.split('/').map(|name| {
        url::form_urlencoded::byte_serialize(name.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    });
    let path = names.collect::<Vec<_>>().join("/");
    let value = HeaderValue::from_str(&format!("/api/contents/{path}"));
    Ok([(header::LOCATION, value.map_err(Fault::internal)?)])
}
