//! `/files`: what clients of E2B read and write in a sandbox.

use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::visit::Visited;
use crate::e2b::{inside, outside};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry, FilePath};
use crate::http::extract::{May, Parameters, Read, Write, declared_length, media_type};
use crate::http::form::form;
use crate::http::{Answer, App, download};

/// Which file is meant. Who is to have it makes no difference, and how it is signed was checked before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    path: Option<String>,
}

/// A file that was written.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    path: String,
}

impl From<&Entry> for Written {
    fn from(entry: &Entry) -> Self {
        Self {
            name: entry.name().into(),
            kind: "file",
            path: outside(entry.path()),
        }
    }
}

/// Sends a file.
pub(super) async fn read(
    State(app): State<App>,
    caller: May<Read>,
    Visited(sandbox): Visited,
    Parameters(which): Parameters<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    let path = inside(&which.path.unwrap_or_default())?;
    let opened = app
        .files
        .open(caller.0.tenant, sandbox.project()?, path)
        .await?;
    download::send(&headers, opened, false).await
}

/// Writes a file as it is sent, or those of a form.
pub(super) async fn write(
    State(app): State<App>,
    caller: May<Write>,
    Visited(sandbox): Visited,
    Parameters(which): Parameters<Which>,
    request: Request,
) -> Answer<Json<Vec<Written>>> {
    let place = (caller.0.tenant, sandbox.project()?);
    let kind = media_type(request.headers());
    if kind != "multipart/form-data" {
        let path = inside(&which.path.unwrap_or_default())?;
        let declared = match request.headers().contains_key("content-encoding") {
            true => None,
            false => declared_length(request.headers()),
        };
        let body = request.into_body().into_data_stream();
        let received = app
            .files
            .receive_at(
                place.0,
                place.1,
                path.clone(),
                Condition::Any,
                declared,
                body,
            )
            .await?;
        let placed = app
            .notebooks
            .write_over(place, vec![path], received.place())
            .await?;
        return Ok(Json(vec![(&placed.entry).into()]));
    }
    let entries = of_form(&app, place, which.path.as_deref(), request).await?;
    Ok(Json(entries.iter().map(Written::from).collect()))
}

/// Writes the files of a form. One alone may be named by the address; the names of several are their paths.
async fn of_form(
    app: &App,
    place: (crate::id::TenantId, crate::id::ProjectId),
    path: Option<&str>,
    request: Request,
) -> Result<Vec<Entry>, Fault> {
    let unread = |error: MultipartError| {
        let message = format!("The form cannot be read: {}.", error.body_text());
        Fault::new(ErrorCode::MalformedBody, message)
    };
    let mut form = form(app, request).await?;
    let root = FilePath::root();
    let mut batch = app.files.batch(place.0, place.1, root, true).await?;
    while let Some(part) = form.next_field().await.map_err(unread)? {
        let named = path.or(part.file_name()).map(str::to_owned);
        let named = named
            .ok_or_else(|| Fault::field("file", "every part of the form needs a file name"))?;
        batch.add(inside(&named)?.as_str(), part).await?;
    }
    let paths = batch.paths();
    if paths.is_empty() {
        return Err(Fault::field("file", "there is no file in the form"));
    }
    app.notebooks.write_over(place, paths, batch.place()).await
}
