//! `Idempotency-Key` on POST: a request that is sent again is done once, and its first answer is
//! repeated with `Idempotent-Replayed: true`. Kept for a day, for each user alone.
//!
//! What was refused changed nothing and is not kept. A streamed answer, one that must not be stored
//! (`Cache-Control: no-store`, as a new API key has) and one above 64 KiB cannot be repeated; then
//! the repeated request is told that the first one was done.

use std::panic::AssertUnwindSafe;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::App;
use super::auth::{Identity, without_token};
use super::problem::Refused;
use crate::error_code::{ErrorCode, Fault};
use crate::tenant::idempotency::{Begun, KeptAnswer, LARGEST_ANSWER, Running};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in characters.
const LONGEST_KEY: usize = 255;

/// Headers of an answer that are repeated with it.
const REPEATED: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// Does a request that carries a key once.
pub(super) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let caller = match request.extensions().get::<Identity>() {
        Some(Identity::Known(caller))
            if request.method() == Method::POST && request.headers().contains_key(KEY) =>
        {
            caller.clone()
        }
        // The others are refused, or do no harm when they are done twice.
        Some(_) | None => return next.run(request).await,
    };
    let begun = async {
        let key = key(&request)?;
        let (request, hash) = hashed(&app, request).await?;
        Ok::<_, Fault>((request, app.requests.begin(&caller, &key, &hash).await?))
    };
    match begun.await {
        Ok((request, Begun::First(running))) => first(app, running, request, next).await,
        Ok((_, Begun::Before(answer))) => repeated(answer),
        Err(fault) => Refused(fault).into_response(),
    }
}

/// Does the request to its end, also when the caller goes away meanwhile.
async fn first(app: App, running: Running, request: Request, next: Next) -> Response {
    let work = async move {
        let response = AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Refused(Fault::internal("a handler panicked")).into_response());
        match settled(&app, &running, response).await {
            Ok(response) => response,
            Err(fault) => {
                tracing::error!(%fault, "the answer of a request with an idempotency key could not be kept");
                Refused(fault).into_response()
            }
        }
    };
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|error| Refused(Fault::internal(error)).into_response())
}

/// Keeps the answer, or notes why it cannot be repeated, and returns it.
async fn settled(app: &App, running: &Running, response: Response) -> Result<Response, Fault> {
    let fault = response.extensions().get::<Fault>();
    if fault.is_some_and(|fault| fault.code == ErrorCode::ExecutionNotStored) {
        app.requests.keep_none(running).await?;
        return Ok(response);
    }
    if response.status().is_client_error() || response.status().is_server_error() {
        app.requests.forget(running).await?;
        return Ok(response);
    }
    let secret = response
        .headers()
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value == "no-store");
    let short = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| size <= LARGEST_ANSWER as u64);
    if secret || !short {
        app.requests.keep_none(running).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST_ANSWER)
        .await
        .map_err(Fault::internal)?;
    let headers = REPEATED.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: bytes.to_vec(),
    };
    app.requests.keep(running, answer).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// Makes an answer again.
fn repeated(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Returns the request's key.
fn key(request: &Request) -> Result<String, Fault> {
    let mut values = request.headers().get_all(KEY).iter();
    let text = values
        .next()
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (1..=LONGEST_KEY).contains(&text.len()) && values.next().is_none() {
        return Ok(text.to_owned());
    }
    Err(Fault::field(
        "Idempotency-Key",
        format!("it has to be one text of 1 to {LONGEST_KEY} visible ASCII characters"),
    ))
}

/// Returns the request and a hash of all that it says. Its body is read, so it has to be JSON.
async fn hashed(app: &App, request: Request) -> Result<(Request, String), Fault> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    if !kind.is_empty() && !kind.to_ascii_lowercase().starts_with(b"application/json") {
        return Err(Fault::field(
            "Idempotency-Key",
            "it is understood on requests with a JSON body or none",
        ));
    }
    let (parts, body) = request.into_parts();
    let limit = app.config.server.body.0;
    let bytes = to_bytes(body, usize::try_from(limit).unwrap_or(usize::MAX))
        .await
        .map_err(|_| {
            Fault::new(
                ErrorCode::BodyTooLarge,
                format!("The body ended early, or has more than {limit} bytes."),
            )
            .with_details(serde_json::json!({"limit": limit}))
        })?;
    let mut hasher = blake3::Hasher::new();
    for part in [
        parts.method.as_str(),
        parts.uri.path(),
        &without_token(parts.uri.query().unwrap_or_default()),
    ] {
        hasher.update(part.as_bytes()).update(b"\0");
    }
    let hash = hasher.update(&bytes).finalize().to_hex().to_string();
    Ok((Request::from_parts(parts, Body::from(bytes)), hash))
}
