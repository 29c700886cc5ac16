//! `/mcp`: agents, who speak the Model Context Protocol over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures_util::StreamExt as _;

use super::extract::Known;
use super::problem::{self, Refused};
use super::{Answer, App};
use crate::agent::Agent;
use crate::error_code::{ErrorCode, Fault};

/// Returns the one address. Which methods it takes is the protocol's affair.
pub(super) fn pages(app: &App) -> Router<App> {
    let agent = Arc::new(Agent::new(app));
    let answer = move |State(app): State<App>, caller: Known, request: Request| {
        let agent = Arc::clone(&agent);
        async move { answer(&app, &agent, caller, request).await }
    };
    Router::new().route("/mcp", any(answer))
}

/// Answers an agent. What it may do is asked for each thing that it does.
async fn answer(
    app: &App,
    agent: &Agent,
    Known(caller): Known,
    request: Request,
) -> Answer<Response> {
    let listens = request.method() == Method::GET;
    let ends = request.method() == Method::DELETE;
    let response = agent.answer(&caller, request).await?.map(Body::new);
    let status = response.status();
    if ends && status == StatusCode::ACCEPTED {
        // It is done, and clients take what is only accepted for a failure.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if let Some(kind) = response.headers().get(header::CONTENT_TYPE)
        && kind == "text/event-stream"
    {
        let app = Arc::clone(app);
        // What was begun comes to its end; who only listens is not waited for.
        let over = async move {
            let mut stopping = app.stopping.clone();
            tokio::select! {
                () = app.tenants.until_revoked(&caller) => {}
                _ = stopping.wait_for(|stopping| *stopping), if listens => {}
            }
        };
        return Ok(response
            .map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(over)))));
    }
    let says_json = response.headers().get(header::CONTENT_TYPE)
        == Some(&HeaderValue::from_static("application/json"));
    if says_json || status.is_success() {
        return Ok(problem::as_it_is(response));
    }
    match refusal(status) {
        Some(fault) => Ok(Refused(fault).into_response()),
        None => Ok(response),
    }
}

/// Returns what is told of a refusal for which the protocol has no form of its own.
fn refusal(status: StatusCode) -> Option<Fault> {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => return Some(Agent::unknown_connection()),
        StatusCode::NOT_ACCEPTABLE => (
            ErrorCode::NotAcceptable,
            "Agents accept both `application/json` and `text/event-stream`.",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            ErrorCode::UnsupportedMediaType,
            "The body is no message of the Model Context Protocol, as application/json.",
        ),
        StatusCode::BAD_REQUEST => (
            ErrorCode::MalformedRequest,
            "The request fits no connection (MCP session): one begins with `initialize`, whose answer names it in Mcp-Session-Id.",
        ),
        _others => return None,
    };
    Some(Fault::new(code, message))
}
