//! `/projects/{id}/files/{path}`: reading, listing, writing, moving and deleting files.

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::conditional::{condition, etag};
use super::download;
use super::extract::{Body, Flag, May, Parameters, Read, Write, declared_length, id, media_type};
use super::form::form;
use super::page::{Page, PageQuery};
use super::problem::Refused;
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry, FilePath};
use crate::id::{ProjectId, TenantId};

/// A place in a project: the project and a path in it, or its folder itself.
pub(super) struct Place {
    project: ProjectId,
    path: FilePath,
}

impl FromRequestParts<App> for Place {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        // What is no UTF-8 when it is decoded is no path: an overlong `/` is none.
        let parameters = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| {
                Fault::new(
                    ErrorCode::PathRefused,
                    "The path is not allowed: it is no UTF-8.",
                )
            })?;
        let value = |wanted| {
            parameters
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let project = id(value("id").unwrap_or_default(), ErrorCode::ProjectNotFound)?;
        let path = value("path").map_or(Ok(FilePath::root()), FilePath::parse)?;
        Ok(Self { project, path })
    }
}

/// What is wanted of a file or folder.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadQuery {
    /// A page of what is in the folder, and a refusal when it is a file. A folder is listed without this, too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    list: Flag,
    /// Of a folder, also what is in its folders.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    recursive: Flag,
    /// Of a folder, how many entries to return, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
    /// Of a folder, the `next` of the page before.
    #[param(max_length = 4096, pattern = "^[^\\u0000]*$")]
    after: Option<String>,
    /// The folder as a zip archive.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    zip: Flag,
    /// The file to be shown in place, if its type is safe, and not as an attachment.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    inline: Flag,
}

/// What is to be written.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteQuery {
    /// A folder, and no file.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    directory: Flag,
}

/// What the body is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AddQuery {
    /// A zip archive that is unpacked into the folder; what it has at its top must be new there.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    unpack: Flag,
    /// Files may take the place of others.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    replace: Flag,
}

/// How much is to be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// A folder with all that is in it.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    recursive: Flag,
}

/// Where something is moved to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// The path that it gets.
    #[schema(min_length = 1, max_length = 4096)]
    to: String,
    /// A file may take another file's place.
    #[serde(default)]
    replace: bool,
}

/// What came to be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Added {
    items: Vec<Entry>,
}

/// Files that a form brings; each part has a file name, which may be a path inside the folder.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub(crate) struct FileForm {
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
}

/// Sends a file, whole or a range of it; a page of a folder, a folder's archive with `?zip`.
#[utoipa::path(get, path = "/projects/{id}/files/{*path}", tag = "files",
    params(("id" = uuid::Uuid, Path), ("path" = String, Path), ReadQuery),
    responses(
        (status = 200, description = "The file, the page or the archive", content(
            (Vec<u8> = "application/octet-stream"), (Page<Entry> = "application/json"), (Vec<u8> = "application/zip"))),
        (status = 206, description = "The range of the file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "The caller has this version")))]
pub(super) async fn read(
    caller: May<Read>,
    State(app): State<App>,
    Place { project, path }: Place,
    Parameters(query): Parameters<ReadQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let ReadQuery {
        list,
        recursive,
        limit,
        after,
        zip,
        inline,
    } = query;
    let tenant = caller.0.tenant;
    let query = PageQuery::new(limit, after);
    let most = usize::try_from(query.rows()?).map_err(Fault::internal)?;
    let page = async |path: FilePath| {
        let after = query.after().to_owned();
        let entries = app
            .files
            .list(tenant, project, path, recursive.0, after, most)
            .await?;
        Ok(Json(query.page(entries, |entry| entry.path().to_owned())).into_response())
    };
    match (list.0, zip.0) {
        (true, true) => {
            Err(Fault::field("zip", "it cannot be asked for together with list").into())
        }
        (true, false) => page(path).await,
        (false, true) => {
            let name = path.names().last().unwrap_or("project");
            let disposition = download::disposition("attachment", &format!("{name}.zip"));
            let archive = app.files.pack(tenant, project, path).await?;
            let mut headers = HeaderMap::new();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/zip"),
            );
            download::protect(&mut headers, &disposition);
            Ok((headers, Stream::from_stream(archive)).into_response())
        }
        (false, false) => match app.files.open(tenant, project, path.clone()).await {
            Ok(file) => download::send(&headers, file, inline.0).await,
            Err(fault) if fault.code == ErrorCode::NotAFile => page(path).await,
            Err(fault) => Err(fault.into()),
        },
    }
}

/// A page of the project's folder, or its archive with `?zip`.
#[utoipa::path(get, path = "/projects/{id}/files", tag = "files",
    params(("id" = uuid::Uuid, Path), ReadQuery),
    responses((status = 200, description = "The page or the archive", content(
        (Page<Entry> = "application/json"), (Vec<u8> = "application/zip")))))]
pub(super) async fn read_root(
    caller: May<Read>,
    state: State<App>,
    place: Place,
    query: Parameters<ReadQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    read(caller, state, place, query, headers).await
}

/// Writes a file in one step, with the folders on the way; or makes a folder with `?directory`.
#[utoipa::path(put, path = "/projects/{id}/files/{*path}", tag = "files",
    params(("id" = uuid::Uuid, Path), ("path" = String, Path), WriteQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag that the file must have, or *"),
        ("If-None-Match" = Option<String>, Header, description = "* when there must be no file")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "It was there, and is as sent now", body = Entry),
        (status = 201, description = "It is made", body = Entry)))]
pub(super) async fn write(
    caller: May<Write>,
    State(app): State<App>,
    Place { project, path }: Place,
    Parameters(query): Parameters<WriteQuery>,
    headers: HeaderMap,
    body: Stream,
) -> Answer<Response> {
    if query.directory.0 {
        let folder = app
            .files
            .make_folder(caller.0.tenant, project, path)
            .await?;
        return Ok((StatusCode::CREATED, Json(folder)).into_response());
    }
    let (condition, declared) = (condition(&headers)?, declared_length(&headers));
    let tenant = caller.0.tenant;
    let body = body.into_data_stream();
    let received = app
        .files
        .receive_at(tenant, project, path.clone(), condition, declared, body)
        .await?;
    let placed = app
        .notebooks
        .write_over((tenant, project), vec![path], received.place())
        .await?;
    let status = if placed.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, with_version(&placed.entry), Json(placed.entry)).into_response())
}

/// Adds the files of a form to a folder, or with `?unpack` those of a zip archive: all or none.
#[utoipa::path(post, path = "/projects/{id}/files/{*path}", tag = "files",
    params(("id" = uuid::Uuid, Path), ("path" = String, Path), AddQuery),
    request_body(content((FileForm = "multipart/form-data"), (Vec<u8> = "application/zip"))),
    responses((status = 201, description = "They are there", body = Added)))]
pub(super) async fn add(
    caller: May<Write>,
    State(app): State<App>,
    Place { project, path }: Place,
    Parameters(query): Parameters<AddQuery>,
    request: Request,
) -> Answer<(StatusCode, Json<Added>)> {
    let items = if query.unpack.0 {
        require_zip(request.headers())?;
        let declared = declared_length(request.headers());
        let body = request.into_body().into_data_stream();
        app.files
            .unpack(caller.0.tenant, project, path, declared, body)
            .await?
    } else {
        receive_form(
            &app,
            caller.0.tenant,
            project,
            path,
            query.replace.0,
            request,
        )
        .await?
    };
    Ok((StatusCode::CREATED, Json(Added { items })))
}

/// Adds the files of a form to the project's folder, or with `?unpack` those of a zip archive: all or none.
#[utoipa::path(post, path = "/projects/{id}/files", tag = "files",
    params(("id" = uuid::Uuid, Path), AddQuery),
    request_body(content((FileForm = "multipart/form-data"), (Vec<u8> = "application/zip"))),
    responses((status = 201, description = "They are there", body = Added)))]
pub(super) async fn add_root(
    caller: May<Write>,
    state: State<App>,
    place: Place,
    query: Parameters<AddQuery>,
    request: Request,
) -> Answer<(StatusCode, Json<Added>)> {
    add(caller, state, place, query, request).await
}

/// Moves a file or folder within the project.
#[utoipa::path(patch, path = "/projects/{id}/files/{*path}", tag = "files",
    params(("id" = uuid::Uuid, Path), ("path" = String, Path)), request_body = Move,
    responses((status = 200, description = "It is there now", body = Entry)))]
pub(super) async fn rename(
    caller: May<Write>,
    State(app): State<App>,
    Place { project, path }: Place,
    Body(Move { to, replace }): Body<Move>,
) -> Answer<Response> {
    let to = FilePath::parse(&to)?;
    let place = (caller.0.tenant, project);
    let entry = app
        .notebooks
        .move_file(&app.files, place, path, to, replace)
        .await?;
    Ok((with_version(&entry), Json(entry)).into_response())
}

/// Deletes a file or an empty folder; with `?recursive` a folder with all that is in it.
#[utoipa::path(delete, path = "/projects/{id}/files/{*path}", tag = "files",
    params(("id" = uuid::Uuid, Path), ("path" = String, Path), DeleteQuery,
        ("If-Match" = Option<String>, Header, description = "The ETag that the file must have")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    caller: May<Write>,
    State(app): State<App>,
    Place { project, path }: Place,
    Parameters(query): Parameters<DeleteQuery>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let condition = match condition(&headers)? {
        Condition::Absent => {
            return Err(
                Fault::field("If-None-Match", "nothing is deleted where nothing is").into(),
            );
        }
        condition => condition,
    };
    let place = (caller.0.tenant, project);
    app.notebooks
        .delete_file(&app.files, place, path, condition, query.recursive.0)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn receive_form(
    app: &App,
    tenant: TenantId,
    project: ProjectId,
    folder: FilePath,
    replace: bool,
    request: Request,
) -> Result<Vec<Entry>, Fault> {
    let mut form = form(app, request).await?;
    let unread = |error: MultipartError| {
        Fault::new(
            ErrorCode::MalformedBody,
            format!("The form cannot be read: {}.", error.body_text()),
        )
    };
    let mut batch = app.files.batch(tenant, project, folder, replace).await?;
    let mut empty = true;
    while let Some(part) = form.next_field().await.map_err(unread)? {
        let name = part.file_name().map(str::to_owned);
        let name =
            name.ok_or_else(|| Fault::field("file", "every part of the form needs a file name"))?;
        batch.add(&name, part).await?;
        empty = false;
    }
    if empty {
        return Err(Fault::field("file", "there is no file in the form"));
    }
    let paths = batch.paths();
    app.notebooks
        .write_over((tenant, project), paths, batch.place())
        .await
}

fn require_zip(headers: &HeaderMap) -> Result<(), Fault> {
    let kind = media_type(headers);
    if kind == "application/zip" || kind == "application/x-zip-compressed" {
        return Ok(());
    }
    Err(Fault::new(
        ErrorCode::UnsupportedMediaType,
        format!("The Content-Type is {kind:?}; with unpack this address takes application/zip."),
    ))
}

fn with_version(entry: &Entry) -> HeaderMap {
    entry
        .version()
        .map(|version| (header::ETAG, etag(version)))
        .into_iter()
        .collect()
}
