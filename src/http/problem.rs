//! How a refusal looks: RFC 9457, with our own code and what to do about it.

use axum::Json;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error_code::{ErrorCode, Fault, FieldError};

/// The header that carries a request's id, in and out.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The body of every refusal (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// An address that says more of this kind of problem.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// The same as `message`, under the name that RFC 9457 has.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// Five digits: module, kind, count.
    code: u32,
    /// The code's name.
    name: &'static str,
    message: String,
    #[schema(value_type = Object)]
    details: Value,
    /// What to do.
    solution: &'static str,
    retryable: bool,
    /// RFC 3339, UTC.
    timestamp: String,
    request_id: Option<String>,
    errors: Vec<FieldError>,
}

/// A fault on its way out of a handler.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Fault);

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.meaning().status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The mark of a response that is a refusal in the form of another protocol.
#[derive(Debug, Clone, Copy)]
struct AsItIs;

/// Returns a response whose body stays as it is, also when it is a refusal.
pub(super) fn as_it_is(mut response: Response) -> Response {
    response.extensions_mut().insert(AsItIs);
    response
}

/// Writes the body of every refusal, whoever refused: a handler, an extractor or the router.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let instance = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri().path(), |uri| uri.path())
        .to_owned();
    let id = request.headers().get(REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    let status = response.status();
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        return answer(fault, instance, id, response);
    }
    let ours = response.extensions().get::<AsItIs>().is_some()
        || response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "application/problem+json");
    if (status.is_client_error() || status.is_server_error()) && !ours {
        return answer(of_status(status), instance, id, response);
    }
    response
}

/// Returns the refusal behind a status that the router or a library answered with.
fn of_status(status: StatusCode) -> Fault {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NoSuchRoute,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ErrorCode::HeadersTooLarge,
        StatusCode::NOT_ACCEPTABLE => ErrorCode::NotAcceptable,
        StatusCode::REQUEST_TIMEOUT => ErrorCode::TimedOut,
        StatusCode::RANGE_NOT_SATISFIABLE => ErrorCode::RangeNotSatisfiable,
        StatusCode::PRECONDITION_FAILED => ErrorCode::PreconditionFailed,
        status if status.is_server_error() => ErrorCode::Internal,
        _ => ErrorCode::MalformedBody,
    };
    Fault::new(code, code.meaning().title)
}

fn answer(fault: Fault, instance: String, id: Option<HeaderValue>, original: Response) -> Response {
    let meaning = fault.code.meaning();
    let body = Problem {
        kind: format!("/docs/errors#{}", meaning.number),
        title: meaning.title,
        status: meaning.status,
        detail: fault.message.clone().into_owned(),
        instance,
        code: meaning.number,
        name: fault.code.name(),
        message: fault.message.into_owned(),
        details: fault
            .details
            .unwrap_or_else(|| Value::Object(Default::default())),
        solution: meaning.solution,
        retryable: meaning.retryable,
        timestamp: crate::store::now(),
        request_id: id.and_then(|id| id.to_str().ok().map(str::to_owned)),
        errors: fault.errors,
    };
    let status = StatusCode::from_u16(meaning.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    for (name, value) in original.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            headers.append(name, value.clone());
        }
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
