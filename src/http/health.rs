//! Whether the service lives and takes work, and the ids of requests.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::REQUEST_ID;
use super::{Answer, App, e2b};
use crate::id::RequestId;

/// That the service lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
}

/// Tells that the process lives.
#[utoipa::path(get, path = "/health", tag = "operations", security(()),
    responses((status = 200, description = "It lives", body = Health)))]
pub(super) async fn health(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    if let Some(told) = e2b::health(&app, &headers).await {
        return told;
    }
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(Json(health).into_response())
}

/// Tells whether work is taken now: the database answers and a worker is there.
#[utoipa::path(get, path = "/ready", tag = "operations", security(()),
    responses((status = 200, description = "It takes work", body = Health)))]
pub(super) async fn ready(State(app): State<App>) -> Answer<Json<Health>> {
    app.ready().await?;
    Ok(Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// Gives every request an id: the caller's own if it is short and plain, else a new one.
pub(super) async fn name_request(mut request: Request, next: Next) -> Response {
    let plain = |value: &HeaderValue| {
        value.len() <= 64
            && value
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    if !request.headers().get(REQUEST_ID).is_some_and(plain) {
        let id = RequestId::new().to_string();
        let value = HeaderValue::from_str(&id).expect("an id is plain");
        request.headers_mut().insert(REQUEST_ID, value);
    }
    next.run(request).await
}
