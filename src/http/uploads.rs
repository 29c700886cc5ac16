//! `/uploads`: resumable uploads, as tus 1.0 has them (core, creation, expiration, termination;
//! <https://tus.io/protocols/resumable-upload>). A JSON body can create one too.

use std::sync::Arc;

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, May, Read, Write, declared_length, id, media_type};
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{FilePath, NewUpload, Placing, Upload};
use crate::id::{ProjectId, TenantId};

/// The version of the protocol, and the header that carries it.
pub(super) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
pub(super) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const SUPPORTED: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const LARGEST: HeaderName = HeaderName::from_static("tus-max-size");

/// Bytes of the metadata.
const METADATA_BYTES: usize = 16 << 10;

/// An upload that is to be made, for clients that do not speak tus.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadRequest {
    /// Bytes of the whole file.
    #[schema(minimum = 0)]
    length: u64,
    /// The project that the file goes to; nothing for a file that an execution is to take.
    #[schema(value_type = Option<uuid::Uuid>)]
    project_id: Option<String>,
    /// The path in the project.
    #[schema(min_length = 1, max_length = 4096)]
    path: Option<String>,
}

/// Makes an upload. With tus the metadata `project_id` and `path` (or `filename`) say where the file goes.
#[utoipa::path(post, path = "/uploads", tag = "uploads", request_body = UploadRequest,
    params(
        ("Tus-Resumable" = Option<String>, Header, description = "1.0.0"),
        ("Upload-Length" = Option<u64>, Header, description = "Bytes of the whole file, instead of a body"),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a key and a Base64 value")),
    responses((status = 201, description = "It is made", body = Upload,
        headers(("Location" = String, description = "The upload's address")))))]
pub(super) async fn create(
    caller: May<Write>,
    State(app): State<App>,
    request: Request,
) -> Answer<Response> {
    require_version(request.headers())?;
    let (wanted, metadata) =
        if request.headers().contains_key(LENGTH) || request.headers().contains_key(RESUMABLE) {
            from_headers(request.headers())?
        } else {
            (
                Body::<UploadRequest>::from_request(request, &app).await?.0,
                String::new(),
            )
        };
    let target = match (wanted.project_id, wanted.path) {
        (Some(project), Some(path)) => Some((
            id(&project, ErrorCode::ProjectNotFound)?,
            FilePath::parse(&path)?,
        )),
        (None, None) => None,
        (Some(_), None) => {
            return Err(Fault::field("path", "it is needed beside project_id").into());
        }
        (None, Some(_)) => {
            return Err(Fault::field("project_id", "it is needed beside path").into());
        }
    };
    let new = NewUpload {
        length: wanted.length,
        target,
        metadata,
    };
    let tenant = caller.0.tenant;
    let around = over_notebooks(&app, tenant);
    let upload = app.uploads.create(tenant, new, around).await?;
    let location = format!("/api/v1/uploads/{}", upload.id);
    Ok((
        StatusCode::CREATED,
        headers_of(&upload),
        [(header::LOCATION, location)],
        Json(upload),
    )
        .into_response())
}

/// Returns how far an upload is.
#[utoipa::path(method(get, head), path = "/uploads/{id}", tag = "uploads", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The upload", body = Upload,
        headers(("Upload-Offset" = u64, description = "Bytes that are here to stay")))))]
pub(super) async fn read(
    caller: May<Read>,
    State(app): State<App>,
    Path(upload): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    require_version(&headers)?;
    let upload = app
        .uploads
        .find(caller.0.tenant, id(&upload, ErrorCode::UploadNotFound)?)
        .await?;
    Ok((headers_of(&upload), Json(upload)).into_response())
}

/// Sends bytes. The last of them puts the file in its place.
#[utoipa::path(patch, path = "/uploads/{id}", tag = "uploads",
    params(("id" = uuid::Uuid, Path), ("Upload-Offset" = u64, Header, description = "Where the bytes begin, which is where the upload ends")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "They are here to stay",
        headers(("Upload-Offset" = u64, description = "Bytes that are here to stay")))))]
pub(super) async fn append(
    caller: May<Write>,
    State(app): State<App>,
    Path(upload): Path<String>,
    headers: HeaderMap,
    body: Stream,
) -> Answer<Response> {
    require_version(&headers)?;
    let upload = id(&upload, ErrorCode::UploadNotFound)?;
    let kind = media_type(&headers);
    if kind != "application/offset+octet-stream" {
        return Err(Fault::new(
            ErrorCode::UnsupportedMediaType,
            format!(
                "The Content-Type is {kind:?}; this address takes application/offset+octet-stream."
            ),
        )
        .into());
    }
    let offset = number(&headers, &OFFSET)?;
    let declared = declared_length(&headers);
    let tenant = caller.0.tenant;
    let around = over_notebooks(&app, tenant);
    let upload = app
        .uploads
        .append(
            tenant,
            upload,
            offset,
            declared,
            body.into_data_stream(),
            around,
        )
        .await?;
    Ok((StatusCode::NO_CONTENT, headers_of(&upload)).into_response())
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/uploads/{id}", tag = "uploads", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    caller: May<Write>,
    State(app): State<App>,
    Path(upload): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    require_version(&headers)?;
    app.uploads
        .delete(caller.0.tenant, id(&upload, ErrorCode::UploadNotFound)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers a client's question of what is spoken here, and leaves browsers' questions about origins
/// to the layer below, which would take both for the same.
pub(super) async fn capabilities(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.method() == Method::OPTIONS
        && !request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && request.uri().path().starts_with("/api/v1/uploads");
    if !asked {
        return next.run(request).await;
    }
    let headers = [
        (RESUMABLE, VERSION),
        (SUPPORTED, VERSION),
        (
            EXTENSIONS,
            HeaderValue::from_static("creation,expiration,termination"),
        ),
        (LARGEST, HeaderValue::from(app.files.largest())),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Has a file that takes the place of a notebook's come between two writings of that.
fn over_notebooks(
    app: &App,
    tenant: TenantId,
) -> impl FnOnce(ProjectId, FilePath, Placing) -> Placing + Send + 'static {
    let notebooks = Arc::clone(&app.notebooks);
    move |project, path, placing| {
        Box::pin(async move {
            notebooks
                .write_over((tenant, project), vec![path], placing)
                .await
        })
    }
}

/// Refuses another version of the protocol. A client that names none speaks no tus.
fn require_version(headers: &HeaderMap) -> Result<(), Fault> {
    match headers.get(RESUMABLE) {
        Some(version) if version != VERSION => Err(Fault::new(
            ErrorCode::PreconditionFailed,
            "Tus-Resumable names a version that is not spoken here; it is 1.0.0.",
        )),
        Some(_) | None => Ok(()),
    }
}

fn from_headers(headers: &HeaderMap) -> Result<(UploadRequest, String), Fault> {
    let mut wanted = UploadRequest {
        length: number(headers, &LENGTH)?,
        ..UploadRequest::default()
    };
    let metadata = match headers.get(METADATA) {
        Some(metadata) if metadata.len() > METADATA_BYTES => {
            return Err(Fault::field(
                "Upload-Metadata",
                format!("it has more than {METADATA_BYTES} bytes"),
            ));
        }
        Some(metadata) => metadata
            .to_str()
            .map_err(|_| Fault::field("Upload-Metadata", "it is not plain ASCII"))?,
        None => "",
    };
    let mut file_name = None;
    for pair in metadata
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let target = match key {
            "project_id" => &mut wanted.project_id,
            "path" => &mut wanted.path,
            "filename" => &mut file_name,
            // Clients add what they like, and get it back.
            _ => continue,
        };
        let value = data_encoding::BASE64
            .decode(value.as_bytes())
            .ok()
            .and_then(|value| String::from_utf8(value).ok());
        *target = Some(value.ok_or_else(|| {
            Fault::field(
                "Upload-Metadata",
                format!("the value of {key} is no Base64 of a text"),
            )
        })?);
    }
    if wanted.project_id.is_some() {
        wanted.path = wanted.path.or(file_name);
    }
    Ok((wanted, metadata.to_owned()))
}

/// Reads a number of bytes from a header.
fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Fault> {
    let text = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| Fault::field(name.as_str(), format!("{text:?} is no number of bytes")))
}

fn headers_of(upload: &Upload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(OFFSET, HeaderValue::from(upload.offset));
    headers.insert(LENGTH, HeaderValue::from(upload.length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let expires = upload.expires_at.parse::<jiff::Timestamp>().ok();
    let expires = expires.and_then(|end| {
        jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&end)
            .ok()
    });
    for (name, value) in [
        (EXPIRES, expires),
        (
            METADATA,
            Some(upload.metadata.clone()).filter(|value| !value.is_empty()),
        ),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metadata: &'static str) -> Result<(UploadRequest, String), Fault> {
        let headers = [
            (LENGTH, HeaderValue::from(5)),
            (METADATA, HeaderValue::from_static(metadata)),
        ];
        from_headers(&HeaderMap::from_iter(headers))
    }

    #[test]
    fn metadata_say_where_a_file_goes() {
        let (wanted, metadata) =
            read("filename YS5jc3Y=,project_id cA==, other ???,flag").expect("it reads");
        assert_eq!(
            (
                wanted.length,
                wanted.project_id.as_deref(),
                wanted.path.as_deref()
            ),
            (5, Some("p"), Some("a.csv"))
        );
        assert_eq!(
            metadata,
            "filename YS5jc3Y=,project_id cA==, other ???,flag"
        );
        let (wanted, _) = read("filename YS5jc3Y=").expect("it reads");
        assert_eq!(wanted.path, None, "a name alone is no place");
        for bad in ["path ???", "path /w=="] {
            assert_eq!(read(bad).expect_err(bad).code, ErrorCode::InvalidField);
        }
        for bad in ["", "-1", "+5", "5.0", "99999999999999999999"] {
            let headers = HeaderMap::from_iter([(LENGTH, HeaderValue::from_static(bad))]);
            assert_eq!(
                from_headers(&headers).expect_err(bad).code,
                ErrorCode::InvalidField
            );
        }
    }
}
