//! `/execute`: code that is run once, in a session of its own that ends with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use python_wasm::Usage;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::executions::{Wanted, framed, lines_of, outputs, trouble, wanted};
use super::exports::{FormulaText, VariableFormat};
use super::extract::{Body, May, Run};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::file::FilePath;
use crate::id::{ProjectId, UploadId};
use crate::session::{Caching, NewFile, OneExport, OneShot, Priority, Shot, status};
use crate::tenant::Caller;
use crate::tenant::scan::Finding;

/// Lines that may wait for a slow caller; then the cell waits.
const LINES: usize = 64;

/// Code to run once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecuteOnce {
    #[schema(max_length = 4_000_000)]
    code: String,
    #[schema(max_length = 100)]
    image: Option<String>,
    #[schema(max_length = 100)]
    policy: Option<String>,
    /// A project, whose folder is the working folder. Results of its code are not kept.
    project_id: Option<ProjectId>,
    /// Names of the project's secrets that the code may ask for, with `tools.secret("NAME")`.
    #[serde(default)]
    #[schema(max_items = 32)]
    secrets: Vec<String>,
    /// Files in the working folder, when that is no project's.
    #[serde(default)]
    #[schema(max_items = 1000)]
    files: Vec<FileBody>,
    /// Variables to begin with: each a list of rows (objects) or an object of columns (lists), made a DataFrame.
    #[serde(default)]
    #[schema(value_type = Object)]
    datasets: Map<String, Value>,
    /// Variables to return as files.
    #[serde(default)]
    #[schema(max_items = 100)]
    exports: Vec<ExportVariable>,
    /// Limits by name, as `{"memory": "512 MiB"}`.
    #[serde(default)]
    limits: BTreeMap<String, String>,
    #[serde(default)]
    cache: CacheControl,
    #[serde(default)]
    priority: Priority,
}

/// A file, with its content or the id of a finished upload.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileBody {
    /// Relative to the working folder.
    #[schema(min_length = 1, max_length = 4096)]
    path: String,
    /// Its text.
    content: Option<String>,
    /// Its bytes in base64.
    content_base64: Option<String>,
    upload_id: Option<UploadId>,
}

/// A variable to return.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportVariable {
    #[schema(min_length = 1, max_length = 200)]
    variable: String,
    format: VariableFormat,
    #[serde(default)]
    formulas: FormulaText,
}

/// Whether a result of the same code, inputs, image and policy may stand in for another run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CacheControl {
    /// Take a kept result if there is one, and keep this one.
    Use,
    /// Run, and keep the result.
    Refresh,
    /// Run, and keep nothing.
    #[default]
    Bypass,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OnceView {
    /// `success`, `error`, `limit`, `interrupted`, `killed` or `lost`.
    status: String,
    /// As nbformat 4.5 has them.
    #[schema(value_type = Vec<Object>)]
    outputs: Vec<Value>,
    /// Everything readable in the outputs, one after the other.
    text: String,
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
    exports: Vec<OnceFile>,
    /// What looks suspicious in the code (`sessions.suspicious_code`).
    findings: Vec<Finding>,
    #[schema(value_type = Object)]
    usage: Usage,
    /// It is a kept result.
    cached: bool,
}

/// A returned variable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OnceFile {
    name: String,
    bytes: usize,
    content_base64: String,
}

impl OnceView {
    fn of(shot: &Shot, cached: bool) -> Self {
        let finished = shot.gathered.finished.as_ref();
        let exports = shot.exports.iter().map(|(name, bytes)| OnceFile {
            name: name.clone(),
            bytes: bytes.len(),
            content_base64: data_encoding::BASE64.encode(bytes),
        });
        Self {
            status: finished.map_or("lost".into(), |finished| status(&finished.outcome)),
            outputs: outputs(&shot.gathered),
            text: shot.gathered.text(),
            error: finished
                .map(|finished| finished.error.clone())
                .filter(|error| !error.is_null()),
            exports: exports.collect(),
            findings: shot.gathered.findings.clone(),
            usage: finished.map(|finished| finished.usage).unwrap_or_default(),
            cached,
        }
    }
}

/// Checks a body and returns what is to be run.
async fn checked(app: &App, caller: &Caller, body: ExecuteOnce) -> Result<OneShot, Fault> {
    if let Some(project) = body.project_id {
        app.projects.find(caller.tenant, project).await?;
    }
    let mut files = Vec::with_capacity(body.files.len());
    for (index, file) in body.files.into_iter().enumerate() {
        let path = FilePath::parse(&file.path)?;
        files.push(match (file.content, file.content_base64, file.upload_id) {
            (Some(text), None, None) => NewFile::Bytes(path, text.into_bytes()),
            (None, Some(text), None) => {
                let bytes = data_encoding::BASE64.decode(text.as_bytes());
                let wrong = |error| {
                    Fault::field(
                        format!("files[{index}].content_base64"),
                        format!("it is no base64: {error}"),
                    )
                };
                NewFile::Bytes(path, bytes.map_err(wrong)?)
            }
            (None, None, Some(upload)) => {
                NewFile::Upload(path, app.uploads.take(caller.tenant, upload).await?)
            }
            _none_or_several => {
                let message = "it needs one of content, content_base64 and upload_id";
                return Err(Fault::field(format!("files[{index}]"), message));
            }
        });
    }
    Ok(OneShot {
        code: body.code,
        image: body.image,
        policy: body.policy,
        limits: body.limits.into_iter().collect(),
        project: body.project_id,
        secrets: body.secrets,
        files,
        datasets: body.datasets,
        exports: body
            .exports
            .into_iter()
            .map(|export| OneExport {
                variable: export.variable,
                format: export.format.name(),
                formulas: export.formulas.kept(),
            })
            .collect(),
        priority: body.priority,
        caching: match body.cache {
            CacheControl::Use => Caching::Use,
            CacheControl::Refresh => Caching::Refresh,
            CacheControl::Bypass => Caching::Bypass,
        },
    })
}

/// Runs code once, in a session of its own.
///
/// With `Accept: application/x-ndjson` or `text/event-stream` the events come as they happen, and the whole result in a last
/// line of the type `result`; closing the request interrupts the cell. A Python exception is a result like any other.
#[utoipa::path(post, path = "/execute", tag = "executions", request_body = ExecuteOnce,
    responses(
        (status = 200, description = "It has ended", content(
            (OnceView = "application/json"), (String = "application/x-ndjson"), (String = "text/event-stream"))),
        (status = 406, description = "Nothing that is accepted can be given", body = super::problem::Problem, content_type = "application/problem+json")))]
pub(super) async fn execute(
    State(app): State<App>,
    caller: May<Run>,
    headers: HeaderMap,
    Body(body): Body<ExecuteOnce>,
) -> Answer<Response> {
    let wanted = wanted(&headers)?;
    let shot = checked(&app, &caller.0, body).await?;
    match wanted {
        Wanted::Json => {
            let (shot, cached) = app
                .one_shots
                .run(&app.sessions, &caller.0, shot, None)
                .await?;
            Ok(Json(OnceView::of(&shot, cached)).into_response())
        }
        Wanted::Ndjson | Wanted::EventStream => {
            let (lines, waiting) = mpsc::channel(LINES);
            tokio::spawn(async move {
                let (events, mut happened) = mpsc::channel(LINES);
                let run = app
                    .one_shots
                    .run(&app.sessions, &caller.0, shot, Some(events));
                tokio::pin!(run);
                let ended = loop {
                    tokio::select! {
                        Some((seq, json)) = happened.recv() => {
                            if lines.send(framed(wanted, seq, &json)).await.is_err() {
                                // Nobody reads any more; to stop waiting takes the execution back.
                                return;
                            }
                        }
                        ended = &mut run => break ended,
                        () = lines.closed() => return,
                    }
                };
                while let Ok((seq, json)) = happened.try_recv() {
                    if lines.send(framed(wanted, seq, &json)).await.is_err() {
                        return;
                    }
                }
                let last = match ended {
                    Ok((shot, cached)) => {
                        let result =
                            json!({"type": "result", "content": OnceView::of(&shot, cached)});
                        framed(wanted, 0, result.to_string().as_bytes())
                    }
                    Err(fault) => trouble(wanted, &fault),
                };
                // Who has gone needs no result.
                let _ = lines.send(last).await;
            });
            Ok(lines_of(ReceiverStream::new(waiting), wanted))
        }
    }
}
