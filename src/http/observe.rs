//! What the log and the metrics tell of each request: never its query, which may hold a token.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument as _, Span};

use super::connection::Peer;
use super::problem::REQUEST_ID;
use crate::telemetry::traces;

/// The longest a path is shown, in characters.
const LONGEST_PATH: usize = 300;

/// Writes a line to the log for each request and counts it by its route.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        id,
        method,
        path = crate::text::line(request.uri().path(), LONGEST_PATH),
        address = %Peer::of(request.extensions()),
        tenant = tracing::field::Empty,
        key = tracing::field::Empty,
    );
    follow(&span, request.headers());
    let begun = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let (status, time) = (response.status().as_u16(), begun.elapsed());
    traces::note(&span, "http.route", route.clone());
    traces::note(&span, "http.response.status_code", i64::from(status));
    span.in_scope(|| tracing::info!(status, microseconds = time.as_micros(), "answered"));
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("cellblock_http_requests_total", &labels).increment(1);
    metrics::histogram!("cellblock_http_request_seconds", &labels[..2]).record(time);
    response
}

/// Lets the request be part of its caller's trace.
fn follow(span: &Span, headers: &HeaderMap) {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    traces::follow(span, text("traceparent"), text("tracestate"));
}

/// Returns the name of a method; a caller can make up others without end.
fn method(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .iter()
        .position(|known| known == method)
        .map_or("other", |place| NAMES[place])
}
