//! The control plane: making, finding, pausing, copying and ending sandboxes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::views;
use crate::e2b::{DEFAULT_SECONDS, NewSandbox, OnTimeout, Variables};
use crate::error_code::{ErrorCode, Fault};
use crate::http::extract::MayAll;
use crate::http::json::parse;
use crate::http::{Answer, App};
use crate::store::sandboxes::SandboxRow;

/// The header of answers with a token: an idempotency key does not have them kept, either.
const NOT_KEPT: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Forks that are made at once.
const FORKS: u32 = 100;

/// How a sandbox shall be.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Create {
    #[serde(rename = "templateID")]
    template: String,
    timeout: Option<u64>,
    auto_pause: bool,
    auto_resume: AutoResume,
    metadata: Option<BTreeMap<String, String>>,
    env_vars: Option<Variables>,
    mcp: Option<Value>,
    iam: Option<Value>,
    volume_mounts: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AutoResume {
    enabled: bool,
}

/// What is to become of a sandbox.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Change {
    /// Seconds.
    timeout: Option<u64>,
    duration: Option<u64>,
    /// Variables are kept.
    memory: Option<bool>,
    count: Option<u32>,
    name: Option<String>,
}

/// Reads a body; none says nothing.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Fault> {
    match body {
        [] | b"null" => Ok(T::default()),
        body => parse(body),
    }
}

/// Makes a sandbox.
pub(super) async fn create(
    State(app): State<App>,
    caller: MayAll,
    body: Bytes,
) -> Answer<Response> {
    let body: Create = read(&body)?;
    let wanted = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
    let missing = [
        (wanted(&body.mcp), "mcp", "MCP servers"),
        (wanted(&body.iam), "iam", "identities of workloads"),
        (
            body.volume_mounts.is_some_and(|mounts| !mounts.is_empty()),
            "volumeMounts",
            "volumes",
        ),
    ];
    if let Some((_, field, what)) = missing.into_iter().find(|(wanted, ..)| *wanted) {
        let message = format!("{field}: sandboxes have no {what} here; leave it out.");
        return Err(Fault::new(ErrorCode::NotOffered, message).into());
    }
    let new = NewSandbox {
        template: body.template,
        seconds: body.timeout.unwrap_or(DEFAULT_SECONDS),
        on_timeout: match body.auto_pause {
            true => OnTimeout::Pause,
            false => OnTimeout::Kill,
        },
        auto_resume: body.auto_resume.enabled,
        metadata: body.metadata.unwrap_or_default(),
        variables: body.env_vars.unwrap_or_default(),
    };
    let sandboxes = Arc::clone(&app.sandboxes);
    let row = to_its_end(async move { sandboxes.create(&caller.0, new).await }).await?;
    Ok(opened(&app, StatusCode::CREATED, &row)?)
}

/// Does what is not to be left half done, also when whoever asked goes away.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    tokio::spawn(work).await.map_err(Fault::internal)?
}

/// Answers with how a sandbox is reached, which nobody is to keep.
fn opened(app: &App, status: StatusCode, row: &SandboxRow) -> Result<Response, Fault> {
    Ok((status, NOT_KEPT, Json(views::opened(app, row)?)).into_response())
}

/// Shows a sandbox.
pub(super) async fn show(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
) -> Answer<impl IntoResponse> {
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    Ok((
        NOT_KEPT,
        Json(views::detailed(&app, &caller.0, &row).await?),
    ))
}

/// Ends a sandbox.
pub(super) async fn kill(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let sandboxes = Arc::clone(&app.sandboxes);
    to_its_end(async move { sandboxes.end(row).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a sandbox so much time from now on.
pub(super) async fn set_timeout(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let body: Change = read(&body)?;
    let seconds = body
        .timeout
        .ok_or_else(|| Fault::field("timeout", "it is missing"))?;
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    app.sandboxes.set_timeout(row, seconds, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a sandbox at least so much time from now on.
pub(super) async fn refresh(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let body: Change = read(&body)?;
    let seconds = body.duration.unwrap_or(DEFAULT_SECONDS);
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    app.sandboxes.set_timeout(row, seconds, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a sandbox to sleep.
pub(super) async fn pause(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let body: Change = read(&body)?;
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let sandboxes = Arc::clone(&app.sandboxes);
    let memory = body.memory.unwrap_or(true);
    to_its_end(async move { sandboxes.pause(row, memory).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Wakes a sandbox that is paused.
pub(super) async fn resume(
    state: State<App>,
    caller: MayAll,
    id: Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let row = state.sandboxes.find(caller.0.tenant, &id).await?;
    if row.standing == "running" {
        let message = format!("Sandbox {:?} runs already.", row.id);
        return Err(Fault::new(ErrorCode::SandboxRuns, message).into());
    }
    connect(state, caller, id, body).await
}

/// Returns how a sandbox is reached, and wakes it if it is paused.
pub(super) async fn connect(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let body: Change = read(&body)?;
    let seconds = body.timeout.unwrap_or(DEFAULT_SECONDS);
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let memory = body.memory.unwrap_or(true);
    let sandboxes = Arc::clone(&app.sandboxes);
    let connecting =
        to_its_end(async move { sandboxes.connect(&caller.0, row, seconds, memory).await });
    let (row, woken) = connecting.await?;
    let status = match woken {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok(opened(&app, status, &row)?)
}

/// Makes sandboxes in the state of one.
pub(super) async fn fork(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let body: Change = read(&body)?;
    let count = body.count.unwrap_or(1);
    if !(1..=FORKS).contains(&count) {
        return Err(Fault::field("count", format!("{count} is not from 1 to {FORKS}")).into());
    }
    let seconds = body.timeout.unwrap_or(DEFAULT_SECONDS);
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let forking = app.clone();
    let forks = to_its_end(async move {
        let mut forks = Vec::new();
        for _ in 0..count {
            // Each is told by itself: some may come to be, and others not.
            let made = forking.sandboxes.fork(&caller.0, &row, seconds).await;
            forks.push(match made {
                Ok(fork) => json!({"sandbox": views::opened(&forking, &fork)?}),
                Err(fault) => {
                    let status = fault.code.meaning().status;
                    json!({"error": {"code": status, "message": fault.message}})
                }
            });
        }
        Ok(forks)
    });
    Ok((StatusCode::CREATED, NOT_KEPT, Json(forks.await?)).into_response())
}

/// Keeps the state of a sandbox.
pub(super) async fn take_snapshot(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Response> {
    let body: Change = read(&body)?;
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let memory = body.memory.unwrap_or(true);
    let sandboxes = Arc::clone(&app.sandboxes);
    let taking = async move {
        sandboxes
            .take_snapshot(&caller.0, &row, body.name, memory)
            .await
    };
    let snapshot = to_its_end(taking).await?;
    Ok((StatusCode::CREATED, Json(views::snapshot(&snapshot))).into_response())
}

/// Removes a snapshot.
pub(super) async fn delete_snapshot(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let row = app.sandboxes.snapshot(caller.0.tenant, &id).await?;
    let row = row.ok_or_else(|| {
        let message = format!("There is no snapshot {:?}.", crate::text::line(&id, 80));
        Fault::new(ErrorCode::SandboxTemplateNotFound, message)
    })?;
    let sandboxes = Arc::clone(&app.sandboxes);
    to_its_end(async move { sandboxes.end(row).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells what a sandbox uses now. What it used before is not kept.
pub(super) async fn metrics(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
) -> Answer<Json<Vec<Value>>> {
    let row = app.sandboxes.find(caller.0.tenant, &id).await?;
    let measured = app.sandboxes.measure(&row).await?;
    Ok(Json(vec![views::metric(&measured)]))
}

/// Tells what several sandboxes use now.
pub(super) async fn all_metrics(
    State(app): State<App>,
    caller: MayAll,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    let query = query.unwrap_or_default();
    let mut metrics = serde_json::Map::new();
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let ids = pairs.filter(|(name, _)| name == "sandbox_ids");
    for id in ids.flat_map(|(_, ids)| ids.split(',').map(str::to_owned).collect::<Vec<_>>()) {
        if let Ok(row) = app.sandboxes.find(caller.0.tenant, &id).await {
            let measured = app.sandboxes.measure(&row).await?;
            metrics.insert(id, views::metric(&measured));
        }
    }
    Ok(Json(json!({"sandboxes": metrics})))
}

/// Refuses the network: no policy can give a sandbox any.
pub(super) async fn set_network(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<StatusCode> {
    let body: Value = read(&body)?;
    app.sandboxes.find(caller.0.tenant, &id).await?;
    let allows = |name: &str| {
        let value = body.get(name);
        value.is_some_and(|value| value.as_array().is_some_and(|list| !list.is_empty()))
    };
    if allows("allowOut") || body.get("allow_internet_access") == Some(&json!(true)) {
        let message = "A sandbox has no network here, and no policy can give it one.";
        return Err(Fault::new(ErrorCode::NotOffered, message).into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Tells that there are no logs: what code shows goes to whoever runs it.
pub(super) async fn logs(
    State(app): State<App>,
    caller: MayAll,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    app.sandboxes.find(caller.0.tenant, &id).await?;
    Ok(Json(json!({"logs": [], "logEntries": []})))
}
