//! Running code: the answer at its end, or everything as it happens.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use python_wasm::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Read, Run, id};
use super::page::{Page, PageQuery};
use super::sessions::find;
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExecutionId;
use crate::session::{Gathered, Handle, Priority, Submission, Watched, findings, status};
use crate::store::executions::ExecutionRow;
use crate::tenant::Caller;
use crate::tenant::scan::Finding;

/// The longest name of a cell, in characters.
const LONGEST_CELL_ID: usize = 200;

/// Code to run in a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Execute {
    #[schema(max_length = 4_000_000)]
    pub(super) code: String,
    /// The cell that it is from, as the caller names it.
    #[schema(max_length = 200)]
    #[serde(default)]
    pub(super) cell_id: Option<String>,
    #[serde(default)]
    pub(super) priority: Priority,
    /// `input()` may ask; answer with `/input` or over the channel.
    #[serde(default)]
    pub(super) allow_stdin: bool,
    /// Run without outputs, history or a count.
    #[serde(default)]
    pub(super) silent: bool,
    #[serde(default = "yes")]
    pub(super) store_history: bool,
}

fn yes() -> bool {
    true
}

impl Execute {
    pub(super) fn submission(self, by: &Caller) -> Result<Submission, Fault> {
        let length = self.cell_id.as_ref().map_or(0, |id| id.chars().count());
        if length > LONGEST_CELL_ID {
            return Err(Fault::field(
                "cell_id",
                format!("it has {length} characters; at most {LONGEST_CELL_ID} are allowed"),
            ));
        }
        Ok(Submission {
            notebook: None,
            cell: self.cell_id,
            priority: self.priority,
            allow_stdin: self.allow_stdin,
            silent: self.silent,
            store_history: self.store_history,
            ..Submission::new(by, self.code)
        })
    }
}

/// An execution: what was run, what it showed, and how it ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExecutionView {
    execution_id: String,
    /// `success`, `error` (Python raised), `limit` (a limit was reached), `interrupted`, `killed` (undone), `lost` (undone with its
    /// worker), `queued` or `running`.
    status: String,
    cell_id: Option<String>,
    code: Option<String>,
    /// As nbformat 4.5 has them. Not there in lists.
    #[schema(value_type = Option<Vec<Object>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Vec<Value>>,
    /// Everything readable in the outputs, one after the other. Not there in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What looks suspicious in the code (`sessions.suspicious_code`). Not there in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Finding>>,
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
    execution_count: Option<u64>,
    #[schema(value_type = Option<Object>)]
    usage: Option<Usage>,
    /// The state before it; nothing for the image's own.
    checkpoint_before: Option<String>,
    checkpoint_after: Option<String>,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    /// Its events that are no longer kept, so that their outputs are missing here.
    gap: Option<Missing>,
    created_at: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
}

/// Events that are no longer kept, by their numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Missing {
    first: u64,
    last: u64,
}

/// An execution that was taken and is not waited for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    execution_id: ExecutionId,
    status: &'static str,
    /// Its events have larger numbers.
    after_seq: u64,
}

impl ExecutionView {
    /// Returns what is shown of an execution with these events.
    pub(super) fn of(gathered: &Gathered, execution_id: String) -> Self {
        let finished = gathered.finished.as_ref();
        let as_text = |id: &python_wasm::CheckpointId| id.to_string();
        Self {
            execution_id,
            status: gathered.status(),
            cell_id: None,
            code: None,
            outputs: Some(outputs(gathered)),
            text: Some(gathered.text()),
            findings: Some(gathered.findings.clone()),
            error: finished
                .map(|finished| finished.error.clone())
                .filter(|error| !error.is_null()),
            execution_count: finished.and_then(|finished| finished.execution_count),
            usage: finished.map(|finished| finished.usage),
            checkpoint_before: finished
                .and_then(|finished| finished.checkpoint_before.as_ref().map(as_text)),
            checkpoint_after: finished
                .and_then(|finished| finished.checkpoint_after.as_ref().map(as_text)),
            first_seq: gathered.first_seq,
            last_seq: gathered.last_seq,
            gap: None,
            created_at: None,
            started_at: None,
            finished_at: None,
        }
    }
}

/// Returns the outputs of an execution as JSON.
pub(super) fn outputs(gathered: &Gathered) -> Vec<Value> {
    gathered
        .outputs()
        .iter()
        .filter_map(|output| serde_json::to_value(output).ok())
        .collect()
}

/// How the caller wants to hear of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Json,
    Ndjson,
    EventStream,
}

/// Returns what the `Accept` header asks for.
pub(super) fn wanted(headers: &HeaderMap) -> Result<Wanted, Fault> {
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(Wanted::Json);
    };
    for kind in accept
        .split(',')
        .filter_map(|part| part.split(';').next())
        .map(str::trim)
    {
        match kind {
            "application/x-ndjson" => return Ok(Wanted::Ndjson),
            "text/event-stream" => return Ok(Wanted::EventStream),
            "application/json" | "application/*" | "*/*" => return Ok(Wanted::Json),
            _other => {}
        }
    }
    Err(Fault::new(
        ErrorCode::NotAcceptable,
        format!("Nothing in {accept:?} can be given here."),
    ))
}

/// Streams an execution. When the caller closes the request, the execution is interrupted.
fn streamed(watched: Watched, wanted: Wanted) -> Response {
    let lines = stream::unfold(Some(watched), move |watched| async move {
        let mut watched = watched?;
        match watched.next().await {
            Ok(Some((event, json))) => Some((framed(wanted, event.seq, &json), Some(watched))),
            Ok(None) => None,
            Err(fault) => Some((trouble(wanted, &fault), None)),
        }
    });
    // What compresses or counts a body may ask again after its end.
    let lines = lines.fuse();
    lines_of(lines, wanted)
}

/// Returns the line that tells of a failure in the middle of a stream.
pub(super) fn trouble(wanted: Wanted, fault: &Fault) -> Bytes {
    let content =
        serde_json::json!({"code": fault.code.meaning().number, "message": fault.message});
    framed(
        wanted,
        0,
        serde_json::json!({"type": "problem", "content": content})
            .to_string()
            .as_bytes(),
    )
}

/// Returns an answer that is sent line by line.
pub(super) fn lines_of(
    lines: impl futures_util::Stream<Item = Bytes> + Send + 'static,
    wanted: Wanted,
) -> Response {
    let kind = match wanted {
        Wanted::EventStream => "text/event-stream",
        Wanted::Json | Wanted::Ndjson => "application/x-ndjson",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Proxies shall pass each line on at once.
        (
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    (headers, Stream::from_stream(lines.map(Ok::<_, Infallible>))).into_response()
}

pub(super) fn framed(wanted: Wanted, seq: u64, json: &[u8]) -> Bytes {
    let mut line = BytesMut::with_capacity(json.len() + 32);
    match wanted {
        Wanted::EventStream => {
            line.put_slice(format!("id: {seq}\ndata: ").as_bytes());
            line.put_slice(json);
            line.put_slice(b"\n\n");
        }
        Wanted::Json | Wanted::Ndjson => {
            line.put_slice(json);
            line.put_u8(b'\n');
        }
    }
    line.freeze()
}

/// Runs code in a session.
///
/// With `Prefer: respond-async` the answer is 202 and an execution id; with `Accept:
/// application/x-ndjson` or `text/event-stream` the events come as they happen, and closing the
/// request interrupts the cell. A Python exception is a result like any other.
#[utoipa::path(post, path = "/sessions/{session_id}/execute", tag = "executions", request_body = Execute,
    params(("session_id" = String, Path,), ("Prefer" = Option<String>, Header, description = "`respond-async`")),
    responses(
        (status = 200, description = "It has ended", content(
            (ExecutionView = "application/json"), (String = "application/x-ndjson"), (String = "text/event-stream"))),
        (status = 202, description = "It is queued", body = Taken),
        (status = 406, description = "Nothing that is accepted can be given", body = super::problem::Problem, content_type = "application/problem+json")))]
pub(super) async fn execute(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    headers: HeaderMap,
    Body(body): Body<Execute>,
) -> Answer<Response> {
    let wanted = wanted(&headers)?;
    let handle = find(&app, &caller.0, &session).await?;
    let prefers = |value: &HeaderValue| {
        value
            .to_str()
            .is_ok_and(|text| text.contains("respond-async"))
    };
    if headers.get_all("prefer").iter().any(prefers) {
        let accepted = handle.execute(body.submission(&caller.0)?).await?;
        accepted.stored.await.map_err(Fault::internal)??;
        let location = format!(
            "/api/v1/sessions/{}/executions/{}",
            handle.id, accepted.execution
        );
        let taken = Taken {
            execution_id: accepted.execution,
            status: "queued",
            after_seq: accepted.after,
        };
        return Ok((
            StatusCode::ACCEPTED,
            [(header::LOCATION, location)],
            Json(taken),
        )
            .into_response());
    }
    let watched = Watched::begin(handle, body.submission(&caller.0)?).await?;
    match wanted {
        Wanted::Json => {
            let execution = watched.execution();
            let gathered = watched.wait().await?;
            gathered.require_stored(execution)?;
            Ok(Json(ExecutionView::of(&gathered, execution.to_string())).into_response())
        }
        Wanted::Ndjson | Wanted::EventStream => Ok(streamed(watched, wanted)),
    }
}

/// Returns an execution with what it showed up to now, as far as that is kept.
fn with_outputs(app: &App, handle: &Handle, row: ExecutionRow) -> Result<ExecutionView, Fault> {
    let row = handle.as_it_stands(row);
    let (mut gathered, mut gap) = (Gathered::default(), None);
    if let Some(first) = row.first_seq {
        let last = row
            .last_seq
            .map_or_else(|| handle.log().last(), |last| last as u64);
        let before = handle.log().first();
        if (first as u64) < before {
            gap = Some(Missing {
                first: first as u64,
                last: last.min(before - 1),
            });
        }
        let events = handle
            .log()
            .range(first as u64, last)
            .map_err(Fault::internal)?;
        events
            .into_iter()
            .filter(|event| {
                event
                    .draft
                    .execution_id
                    .is_some_and(|id| id.to_string() == row.id)
            })
            .for_each(|event| gathered.take(event));
    }
    Ok(ExecutionView {
        outputs: Some(outputs(&gathered)),
        text: Some(gathered.text()),
        findings: Some(findings(app.config.sessions.suspicious_code, &row.code)),
        gap,
        ..stored(row)
    })
}

/// Returns a stored execution without what it showed.
fn stored(row: ExecutionRow) -> ExecutionView {
    let read = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
    };
    ExecutionView {
        execution_id: row.id,
        status: status(&row.status),
        outputs: None,
        text: None,
        findings: None,
        cell_id: row.cell_id,
        code: Some(row.code),
        error: read(&row.error),
        execution_count: row.execution_count.map(|count| count as u64),
        usage: row
            .usage
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok()),
        checkpoint_before: row.checkpoint_before,
        checkpoint_after: row.checkpoint_after,
        first_seq: row.first_seq.map(|seq| seq as u64),
        last_seq: row.last_seq.map(|seq| seq as u64),
        gap: None,
        created_at: Some(row.created_at),
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

/// Lists what a session ran, without outputs.
#[utoipa::path(get, path = "/sessions/{session_id}/executions", tag = "executions",
    params(("session_id" = String, Path,), PageQuery),
    responses((status = 200, description = "A page of them", body = Page<ExecutionView>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
    Path(session): Path<String>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<ExecutionView>>> {
    let handle = find(&app, &caller.0, &session).await?;
    let rows = app
        .store
        .executions(caller.0.tenant, handle.id, query.after(), query.rows()?)
        .await?;
    let views = rows
        .into_iter()
        .map(|row| stored(handle.as_it_stands(row)))
        .collect();
    Ok(Json(query.page(views, |view| view.execution_id.clone())))
}

/// Shows an execution with its outputs, as far as they are kept; of one that runs, those up to now.
#[utoipa::path(get, path = "/sessions/{session_id}/executions/{execution_id}", tag = "executions",
    params(("session_id" = String, Path,), ("execution_id" = String, Path,)),
    responses((status = 200, description = "It", body = ExecutionView)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, execution)): Path<(String, String)>,
) -> Answer<Json<ExecutionView>> {
    let handle = find(&app, &caller.0, &session).await?;
    let execution = id(&execution, ErrorCode::ExecutionNotFound)?;
    let row = app
        .store
        .execution(caller.0.tenant, handle.id, execution)
        .await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::ExecutionNotFound,
            "The session ran no execution of this id.",
        )
    })?;
    Ok(Json(with_outputs(&app, &handle, row)?))
}
