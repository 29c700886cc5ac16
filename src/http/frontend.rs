//! The browser notebook: its files, which are in the program, and what they may do in a browser.

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

use super::App;
use super::conditional::{etag, not_modified};
use crate::file::media_type;

/// What `npm run build` made; nothing when the program was built without it.
#[derive(Embed)]
#[folder = "frontend/dist/"]
#[allow_missing = true]
struct Files;

/// The page runs what it brought along and asks nobody but this service. Nobody may frame it.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src data: blob:; font-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The frame that shows outputs runs whatever they bring, in an origin of its own that reaches nobody.
const FRAME: &str = "sandbox allow-scripts; default-src 'none'; \
    script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; img-src data: blob:; \
    media-src data: blob:; font-src data:; worker-src blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// The file that is the frame.
const FRAME_FILE: &str = "frame.html";

const DNS_PREFETCH: HeaderName = HeaderName::from_static("x-dns-prefetch-control");

/// Shown when the program was built without the browser notebook.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Cellblock</title>\
    <p>This program was built without the browser notebook; <code>make build</code> builds both. \
    The API is described <a href=\"/docs/\">here</a>.";

/// Returns the addresses of the notebook. Every address that nothing else has is a view of it.
pub(super) fn pages() -> Router<App> {
    Router::new().route("/", get(page)).fallback(view)
}

/// Answers with a file of the notebook, or with its page where a browser asks for one.
async fn view(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) || uri.path().starts_with("/api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let name = uri.path().trim_start_matches('/');
    if let Some(file) = Files::get(name) {
        return send(&headers, name, &file);
    }
    let wants_page = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")));
    if wants_page {
        page(headers).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn page(headers: HeaderMap) -> Response {
    match Files::get("index.html") {
        Some(file) => send(&headers, "index.html", &file),
        None => Html(NOT_BUILT).into_response(),
    }
}

fn send(request: &HeaderMap, name: &str, file: &EmbeddedFile) -> Response {
    let version = data_encoding::HEXLOWER.encode(&file.metadata.sha256_hash()[..16]);
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, etag(&version));
    // The names in assets/ change with what is in them.
    let keep = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    if not_modified(request, &version) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let policy = if name == FRAME_FILE { FRAME } else { PAGE };
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(DNS_PREFETCH, HeaderValue::from_static("off"));
    let kind = media_type(name);
    let charset = if kind.type_() == "text" {
        "; charset=utf-8"
    } else {
        ""
    };
    if let Ok(kind) = HeaderValue::from_str(&format!("{}{charset}", kind.essence_str())) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    (headers, file.data.to_vec()).into_response()
}
