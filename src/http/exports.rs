//! `/sessions/{id}/export`: variables and figures as files, kept for a while to be downloaded.

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

use super::download::{disposition, protect};
use super::extract::{Body, May, Read, Run};
use super::sessions::find;
use super::{Answer, App};
use crate::disk;
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExportId;
use crate::session::Export;

/// Formats of exported variables.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VariableFormat {
    Csv,
    Xlsx,
    Json,
    Parquet,
    Feather,
    Npy,
    Pickle,
}

/// Formats of exported figures.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FigureFormat {
    Png,
    Svg,
    Pdf,
}

/// What becomes of text in CSV that a spreadsheet would run as a formula: text that begins with `=`, `+`, `-`,
/// `@`, a tab or a line's end and is no number. In the other formats text is text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormulaText {
    /// It gets an apostrophe in front.
    #[default]
    Escape,
    /// It stays as it is, for a reader that is no spreadsheet.
    Keep,
}

impl FormulaText {
    /// Tells whether it stays as it is.
    pub(super) fn kept(self) -> bool {
        self == Self::Keep
    }
}

impl VariableFormat {
    /// Returns the format's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Feather => "feather",
            Self::Npy => "npy",
            Self::Pickle => "pickle",
        }
    }
}

impl FigureFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }
}

/// What to export. One of the two, or both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    #[serde(default)]
    #[schema(max_items = 100)]
    variables: Vec<String>,
    /// The format of the variables.
    format: Option<VariableFormat>,
    #[serde(default)]
    formulas: FormulaText,
    /// The format of all matplotlib figures among the variables.
    figures: Option<FigureFormat>,
}

/// A file to download.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedFile {
    name: String,
    bytes: u64,
    /// Where to get it, until the session ends.
    href: String,
}

/// Files to download.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedFiles {
    files: Vec<ExportedFile>,
}

/// Makes files of variables and figures.
#[utoipa::path(post, path = "/sessions/{session_id}/export", tag = "variables", request_body = ExportBody,
    params(("session_id" = String, Path,)),
    responses((status = 201, description = "They are there", body = ExportedFiles)))]
pub(super) async fn export(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<ExportBody>,
) -> Answer<impl IntoResponse> {
    let handle = find(&app, &caller.0, &session).await?;
    let mut files = Vec::new();
    match (body.variables.is_empty(), body.format) {
        (false, Some(format)) => files.extend(
            handle
                .export(Export::Variables {
                    names: body.variables,
                    format: format.name(),
                    formulas: body.formulas.kept(),
                })
                .await?,
        ),
        (false, None) => return Err(Fault::field("format", "variables need a format").into()),
        (true, Some(_)) => {
            return Err(Fault::field("variables", "a format needs at least one variable").into());
        }
        (true, None) if body.figures.is_none() => {
            return Err(Fault::field(
                "variables",
                "name variables with a format, or ask for figures",
            )
            .into());
        }
        (true, None) => {}
    }
    if let Some(format) = body.figures {
        files.extend(
            handle
                .export(Export::Figures {
                    format: format.name(),
                })
                .await?,
        );
    }
    let bytes = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    app.files
        .require_room(caller.0.tenant, files.len() as u64 + 2, bytes)
        .await?;
    let export = ExportId::new();
    let folder = app
        .sessions
        .folder(caller.0.tenant, handle.id)
        .join("exports")
        .join(export.to_string());
    let listed = files.iter().enumerate().map(|(number, (name, bytes))| {
        let session = handle.id;
        ExportedFile {
            name: name.clone(),
            bytes: bytes.len() as u64,
            href: format!("/api/v1/sessions/{session}/exports/{export}/{number}"),
        }
    });
    let listed = listed.collect();
    tokio::task::spawn_blocking(move || keep(&folder, &files))
        .await
        .map_err(Fault::internal)?
        .map_err(Fault::disk)?;
    Ok((StatusCode::CREATED, Json(ExportedFiles { files: listed })))
}

/// Returns the media type of an exported file by its name's ending, which the guest gives; those of our own
/// formats alone, so that it can choose no other.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "parquet" => "application/vnd.apache.parquet",
        "feather" => "application/vnd.apache.arrow.file",
        "npy" => "application/x-npy",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        // Pickles, which nobody shall open by a click, and what a guest made up.
        _other => "application/octet-stream",
    }
}

/// Writes exported files into a folder of their own. Their names are last: without them none is there.
fn keep(folder: &std::path::Path, files: &[(String, Bytes)]) -> std::io::Result<()> {
    disk::private_folder(folder)?;
    for (number, (_, bytes)) in files.iter().enumerate() {
        // The guest named it; on disk it has a number.
        disk::write_whole(&folder.join(number.to_string()), bytes)?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    disk::write_whole(&folder.join("names"), &serde_json::to_vec(&names)?)
}

/// Downloads an exported file.
#[utoipa::path(get, path = "/sessions/{session_id}/exports/{export_id}/{number}", tag = "variables",
    params(("session_id" = String, Path,), ("export_id" = String, Path,), ("number" = String, Path,)),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/octet-stream"), (Vec<u8> = "text/csv"), (Vec<u8> = "application/json"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/vnd.apache.arrow.file"),
        (Vec<u8> = "application/x-npy"), (Vec<u8> = "image/png"), (Vec<u8> = "image/svg+xml"),
        (Vec<u8> = "application/pdf")))))]
pub(super) async fn download(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, export, number)): Path<(String, String, String)>,
) -> Answer<Response> {
    let handle = find(&app, &caller.0, &session).await?;
    let missing = || {
        Fault::new(
            ErrorCode::FileNotFound,
            "There is no such export, or no longer.",
        )
    };
    let export: ExportId = export.parse().map_err(|_| missing())?;
    let number: usize = number.parse().map_err(|_| missing())?;
    let folder = app
        .sessions
        .folder(caller.0.tenant, handle.id)
        .join("exports")
        .join(export.to_string());
    let names = tokio::fs::read(folder.join("names"))
        .await
        .map_err(|_| missing())?;
    let names: Vec<String> = serde_json::from_slice(&names).map_err(Fault::internal)?;
    let name = names.get(number).ok_or_else(missing)?;
    let file = tokio::fs::File::open(folder.join(number.to_string()))
        .await
        .map_err(|_| missing())?;
    let length = file.metadata().await.map_err(Fault::internal)?.len();
    let mut headers = HeaderMap::new();
    protect(&mut headers, &disposition("attachment", name));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(name)),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok((headers, Stream::from_stream(ReaderStream::new(file))).into_response())
}
