//! Refusals, in the forms that clients of E2B read.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::error_code::Fault;
use crate::http::problem::as_it_is;

/// Writes refusals of the control plane, and of files.
pub(super) async fn as_json(request: Request, next: Next) -> Response {
    answer(next.run(request).await, |status, fault| {
        let body = json!({
            "code": status.as_u16(),
            "message": fault.message,
            "error_code": fault.code.name(),
            "solution": fault.code.meaning().solution,
        });
        (status, Json(body)).into_response()
    })
}

/// Writes refusals of the code interpreter, whose clients show the body as it is.
pub(super) async fn as_text(request: Request, next: Next) -> Response {
    answer(next.run(request).await, |status, fault| {
        let text = format!("{} {}", fault.message, fault.code.meaning().solution);
        (status, text).into_response()
    })
}

/// Writes refusals of calls, as Connect has them.
pub(super) async fn as_call(request: Request, next: Next) -> Response {
    answer(next.run(request).await, |status, fault| {
        (status, Json(error(&fault))).into_response()
    })
}

/// Returns a refusal as Connect has it.
pub(super) fn error(fault: &Fault) -> serde_json::Value {
    let code = match status_of(fault).as_u16() {
        400 => "invalid_argument",
        401 => "unauthenticated",
        403 => "permission_denied",
        404 => "not_found",
        409 => "already_exists",
        412 => "failed_precondition",
        429 | 507 | 413 => "resource_exhausted",
        501 => "unimplemented",
        502 | 503 => "unavailable",
        _ => "internal",
    };
    json!({"code": code, "message": fault.message})
}

fn status_of(fault: &Fault) -> StatusCode {
    match fault.code.meaning().status {
        // What a field may be is told by 400 there.
        422 => StatusCode::BAD_REQUEST,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn answer(mut response: Response, write: impl FnOnce(StatusCode, Fault) -> Response) -> Response {
    let Some(fault) = response.extensions_mut().remove::<Fault>() else {
        return response;
    };
    let retry_after = fault.retry_after;
    let mut answer = write(status_of(&fault), fault);
    if let Some(seconds) = retry_after {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    as_it_is(answer)
}
