//! Running code in contexts, as the code interpreter's clients ask for it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;

use super::control::read;
use super::revoked;
use super::visit::Visited;
use crate::e2b::lines::Lines;
use crate::e2b::{Context, HOME, Variables, check_variables, run};
use crate::error_code::{ErrorCode, Fault};
use crate::http::executions::{Wanted, lines_of};
use crate::http::extract::{May, Run};
use crate::http::{Answer, App};

/// Code to run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Execute {
    code: String,
    context_id: Option<String>,
    language: Option<String>,
    env_vars: Option<Variables>,
}

/// How a context shall be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewContext {
    language: Option<String>,
    cwd: Option<String>,
}

/// Runs code and tells what it shows as it happens. Who closes the request interrupts it.
pub(super) async fn execute(
    State(app): State<App>,
    caller: May<Run>,
    Visited(sandbox): Visited,
    body: Bytes,
) -> Answer<Response> {
    let body: Execute = read(&body)?;
    require_python(body.language.as_deref())?;
    let variables = body.env_vars.unwrap_or_default();
    check_variables("env_vars", &variables)?;
    let context = body.context_id.as_deref();
    let (_, handle) = app.sandboxes.context(&sandbox, context).await?;
    let watched = run(&caller.0, &handle, body.code, variables).await?;
    let state = Some((watched, Lines::default()));
    let lines = stream::unfold(state, |state| async move {
        let (mut watched, mut lines) = state?;
        let (told, state) = match watched.next().await {
            Ok(Some((event, _))) => (lines.of(event), Some((watched, lines))),
            Ok(None) => return None,
            Err(fault) => {
                let failed = json!({"type": "error", "name": fault.code.name(), "value": fault.message, "traceback": ""});
                (vec![failed], None)
            }
        };
        let mut text = String::new();
        for line in told {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        Some((Bytes::from(text), state))
    });
    let lines = lines.filter(|text| std::future::ready(!text.is_empty()));
    let lines = lines.take_until(revoked(app, caller.0));
    // What counts a body may ask again after its end.
    Ok(lines_of(lines.fuse(), Wanted::Ndjson))
}

/// Adds a context.
pub(super) async fn add_context(
    State(app): State<App>,
    caller: May<Run>,
    Visited(sandbox): Visited,
    body: Bytes,
) -> Answer<Json<Context>> {
    let body: NewContext = read(&body)?;
    require_python(body.language.as_deref())?;
    let cwd = body.cwd.as_deref().unwrap_or(HOME);
    let context = app.sandboxes.add_context(&caller.0, &sandbox, cwd).await?;
    Ok(Json(context))
}

/// Lists the contexts.
pub(super) async fn list_contexts(
    State(app): State<App>,
    _: May<Run>,
    Visited(sandbox): Visited,
) -> Answer<Json<Vec<Context>>> {
    let contexts = app.sandboxes.contexts(&sandbox).await?;
    Ok(Json(
        contexts.into_iter().map(|(context, _)| context).collect(),
    ))
}

/// Removes a context.
pub(super) async fn remove_context(
    State(app): State<App>,
    _: May<Run>,
    Visited(sandbox): Visited,
    Path(context): Path<String>,
) -> Answer<StatusCode> {
    app.sandboxes.remove_context(&sandbox, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a context anew.
pub(super) async fn restart_context(
    State(app): State<App>,
    _: May<Run>,
    Visited(sandbox): Visited,
    Path(context): Path<String>,
) -> Answer<StatusCode> {
    app.sandboxes.restart_context(&sandbox, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn require_python(language: Option<&str>) -> Result<(), Fault> {
    match language {
        None | Some("" | "python" | "python3") => Ok(()),
        Some(other) => {
            let other = crate::text::line(other, 40);
            let message = format!(
                "There is no {other:?} here: the sandbox is a Python interpreter in WebAssembly."
            );
            Err(Fault::new(ErrorCode::NotOffered, message))
        }
    }
}
