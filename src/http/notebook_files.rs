//! Notebooks as files: import, export, and the large outputs beside them.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Parameters, Read, Write};
use super::notebooks::{NotebookAnswer, checked_name, created, notebook_id};
use super::problem::Refused;
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::ProjectId;
use crate::notebook::{ExportFormat, ImportFormat, NewNotebook, NotebookPath, Snapshot};
use crate::text;

/// A notebook to be imported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportNotebook {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    format: ImportFormat,
    /// The file's text, or for `ipynb` the notebook itself.
    content: Value,
    /// By default the tenant's own project.
    project_id: Option<ProjectId>,
    /// Where its file is to be, within the project; by default as the name says.
    #[schema(max_length = 1024)]
    path: Option<String>,
}

/// A notebook to be imported, as a form.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it only describes the form, whose fields are read one by one"
)]
pub(crate) struct ImportForm {
    /// The file; the ending of its name says what it is: .ipynb, .py or .md.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// By default the file's own name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(format = "uuid")]
    project_id: Option<String>,
    #[schema(max_length = 1024)]
    path: Option<String>,
}

/// Which format is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    #[param(inline)]
    format: ExportFormat,
}

/// What was sent, whichever way.
struct Import {
    name: String,
    format: ImportFormat,
    text: String,
    project: Option<ProjectId>,
    path: Option<String>,
}

/// Makes a notebook of a file.
#[utoipa::path(post, path = "/notebooks/import", tag = "notebooks",
    request_body(content((ImportNotebook = "application/json"), (ImportForm = "multipart/form-data"))),
    responses((status = 201, description = "It is made", body = NotebookAnswer, headers(("Location", description = "Its address")))))]
pub(super) async fn import(
    State(app): State<App>,
    caller: May<Write>,
    mut request: Request,
) -> Answer<Response> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let import = if kind.starts_with("multipart/form-data") {
        let most = usize::try_from(app.notebooks.largest()).unwrap_or(usize::MAX);
        // The other fields and the form itself need little.
        DefaultBodyLimit::max(most.saturating_add(64 << 10)).apply(&mut request);
        let form = Multipart::from_request(request, &app)
            .await
            .map_err(|_| Fault::new(ErrorCode::MalformedBody, "The form has no boundary."))?;
        of_form(form, most).await?
    } else {
        let Body(body) = Body::<ImportNotebook>::from_request(request, &app).await?;
        of_json(body)?
    };
    let path = import
        .path
        .as_deref()
        .map(NotebookPath::parse)
        .transpose()?;
    let name = checked_name(import.name)?;
    let (format, text) = (import.format, import.text);
    let document = app.notebooks.work(move |_| format.read(&text)).await?;
    let new = NewNotebook {
        name: Some(name),
        project: import.project,
        path,
        document: Some(document),
    };
    created(&app, &caller.0, new).await
}

fn of_json(body: ImportNotebook) -> Result<Import, Fault> {
    let text = match (body.content, body.format) {
        (Value::String(text), _) => text,
        (content @ Value::Object(_), ImportFormat::Ipynb) => content.to_string(),
        (_, ImportFormat::Ipynb) => {
            return Err(Fault::field("content", "it must be a text or an object"));
        }
        (_, ImportFormat::Py | ImportFormat::Md) => {
            return Err(Fault::field("content", "it must be a text"));
        }
    };
    Ok(Import {
        name: body.name,
        format: body.format,
        text,
        project: body.project_id,
        path: body.path,
    })
}

async fn of_form(mut form: Multipart, most: usize) -> Result<Import, Refused> {
    let (mut file, mut name, mut project, mut path) = (None, None, None, None);
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|error| broken(&error, most))?
    {
        let key = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let bytes: Bytes = field.bytes().await.map_err(|error| broken(&error, most))?;
        let text = String::from_utf8(bytes.into())
            .map_err(|_| Fault::field(text::line(&key, 80), "it is not text in UTF-8"))?;
        match key.as_str() {
            "file" => {
                let named = file_name.ok_or_else(|| Fault::field("file", "it has no file name"))?;
                file = Some((ImportFormat::of_name(&named)?, named, text));
            }
            "name" => name = Some(text),
            "project_id" => {
                let id = text
                    .parse()
                    .map_err(|_| Fault::field("project_id", "it is no UUID"))?;
                project = Some(id);
            }
            "path" => path = Some(text),
            other => {
                return Err(
                    Fault::field(text::line(other, 80), "the form has no such field").into(),
                );
            }
        }
    }
    let (format, named, text) = file.ok_or_else(|| Fault::field("file", "it is missing"))?;
    let stem = named
        .rsplit_once('.')
        .map_or(named.as_str(), |(stem, _)| stem);
    // Some programs send the whole path of the file; the name is what stands at its end.
    let stem = stem.rsplit(['/', '\\']).next().unwrap_or(stem).to_owned();
    Ok(Import {
        name: name.unwrap_or(stem),
        format,
        text,
        project,
        path,
    })
}

fn broken(error: &axum::extract::multipart::MultipartError, most: usize) -> Fault {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Fault::new(
            ErrorCode::BodyTooLarge,
            format!("A notebook may have {most} bytes."),
        )
        .with_details(serde_json::json!({"limit": most}));
    }
    Fault::new(
        ErrorCode::MalformedBody,
        format!("The form cannot be read: {}.", error.body_text()),
    )
}

/// Returns a notebook in another format, as a file.
#[utoipa::path(get, path = "/notebooks/{id}/export", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ExportQuery),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(super) async fn export(
    State(app): State<App>,
    caller: May<Read>,
    Path(notebook): Path<String>,
    Parameters(query): Parameters<ExportQuery>,
) -> Answer<Response> {
    let look = app
        .notebooks
        .look(caller.0.tenant, notebook_id(&notebook)?, |state| {
            Ok(Snapshot::of(state, None))
        });
    let snapshot = look.await?;
    let outputs = app.notebooks.whole_outputs(&snapshot).await?;
    let format = query.format;
    let name = format!("{}.{}", snapshot.row.name, format.ending());
    let bytes = app
        .notebooks
        .work(move |_| Ok(format.write(&snapshot.row.name, &snapshot.document, &outputs)))
        .await?;
    attachment(&name, format.media_type(), bytes)
}

/// Returns a large output that the notebook only names.
#[utoipa::path(get, path = "/notebooks/{id}/outputs/{hash}", tag = "notebooks",
    params(("id" = String, Path, description = "The notebook"), ("hash" = String, Path, description = "The output's hash")),
    responses((status = 200, description = "The output's bytes", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(super) async fn output(
    State(app): State<App>,
    caller: May<Read>,
    Path((notebook, hash)): Path<(String, String)>,
) -> Answer<Response> {
    let (mime, bytes) = app
        .notebooks
        .kept(caller.0.tenant, notebook_id(&notebook)?, &hash)
        .await?;
    attachment(&hash, &mime, bytes)
}

/// Answers with a file that no browser shows or runs: it was made by code that nobody has to trust.
fn attachment(name: &str, media_type: &str, bytes: Vec<u8>) -> Answer<Response> {
    let plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || "._-".contains(letter) {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let media_type = HeaderValue::from_str(media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).map_err(Fault::internal)?,
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok((headers, bytes).into_response())
}
