//! Questions about code: what could stand at the cursor, what stands there, whether it is whole, how
//! it looks formatted, and what is odd about it. In a session they know its variables.

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use python_wasm::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::extract::{Body, May, Run};
use super::looks::{ask, odd};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::worker::protocol::{Answer as Reply, Look};

/// The longest code, in characters.
const LONGEST_CODE: u32 = 4_000_000;

/// Code, and where in it the cursor stands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeAt {
    #[schema(max_length = 4_000_000)]
    code: String,
    /// Counted in characters; at the end when nothing is given.
    #[schema(maximum = 4_000_000)]
    cursor_position: Option<u32>,
    /// 1 adds the source, for `inspect`.
    #[serde(default)]
    #[schema(maximum = 1)]
    detail_level: u8,
}

/// Code, where in it the cursor stands, and the image whose modules count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeInImage {
    #[schema(max_length = 4_000_000)]
    code: String,
    /// Counted in characters; at the end when nothing is given.
    #[schema(maximum = 4_000_000)]
    cursor_position: Option<u32>,
    /// 1 adds the source, for `inspect`.
    #[serde(default)]
    #[schema(maximum = 1)]
    detail_level: u8,
    /// By default the image of sessions that name none.
    #[schema(min_length = 1, max_length = 100)]
    image: Option<String>,
}

impl CodeInImage {
    fn parts(self) -> (Option<String>, CodeAt) {
        let Self {
            code,
            cursor_position,
            detail_level,
            image,
        } = self;
        let code = CodeAt {
            code,
            cursor_position,
            detail_level,
        };
        (image, code)
    }
}

impl CodeAt {
    fn cursor(&self) -> Result<usize, Fault> {
        match self.cursor_position {
            None => Ok(self.code.chars().count()),
            Some(cursor) if cursor <= LONGEST_CODE => Ok(cursor as usize),
            Some(cursor) => {
                let message = format!("{cursor} is more than {LONGEST_CODE}");
                Err(Fault::field("cursor_position", message))
            }
        }
    }

    fn complete(self) -> Result<Look, Fault> {
        let cursor = self.cursor()?;
        self.detail()?;
        Ok(Look::Complete {
            code: self.code,
            cursor,
        })
    }

    fn inspect(self) -> Result<Look, Fault> {
        let cursor = self.cursor()?;
        Ok(Look::Inspect {
            detail: self.detail()?,
            code: self.code,
            cursor,
        })
    }

    fn detail(&self) -> Result<u8, Fault> {
        match self.detail_level {
            level @ (0 | 1) => Ok(level),
            level => Err(Fault::field(
                "detail_level",
                format!("{level} is neither 0 nor 1"),
            )),
        }
    }
}

/// Returns an answer of the kernel as Jupyter has it.
fn jupyter((answer, _): (Reply, Bytes)) -> Result<Json<Value>, Fault> {
    let value = match &answer {
        Reply::Completed(reply) => serde_json::to_value(reply),
        Reply::Inspected(reply) => serde_json::to_value(reply),
        Reply::Complete(reply) => serde_json::to_value(reply),
        other => return Err(odd(other)),
    };
    Ok(Json(value.map_err(Fault::internal)?))
}

/// Returns what could stand at the cursor: Jupyter's `complete_reply`.
#[utoipa::path(post, path = "/sessions/{session_id}/complete", tag = "variables", request_body = CodeAt,
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "Jupyter's `complete_reply`", body = Object)))]
pub(super) async fn complete(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<CodeAt>,
) -> Answer<Json<Value>> {
    Ok(jupyter(
        ask(&app, &caller.0, &session, body.complete()?).await?,
    )?)
}

/// Returns the documentation of what stands at the cursor: Jupyter's `inspect_reply`.
#[utoipa::path(post, path = "/sessions/{session_id}/inspect", tag = "variables", request_body = CodeAt,
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "Jupyter's `inspect_reply`", body = Object)))]
pub(super) async fn inspect(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<CodeAt>,
) -> Answer<Json<Value>> {
    Ok(jupyter(
        ask(&app, &caller.0, &session, body.inspect()?).await?,
    )?)
}

/// Tells whether code could be run as it is: Jupyter's `is_complete_reply`.
#[utoipa::path(post, path = "/sessions/{session_id}/is_complete", tag = "variables", request_body = Code,
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "Jupyter's `is_complete_reply`", body = Object)))]
pub(super) async fn is_complete(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<Code>,
) -> Answer<Json<Value>> {
    let look = Look::IsComplete { code: body.code };
    Ok(jupyter(ask(&app, &caller.0, &session, look).await?)?)
}

/// As `complete` of a session, without one.
#[utoipa::path(post, path = "/complete", tag = "code", request_body = CodeInImage,
    responses((status = 200, description = "Jupyter's `complete_reply`", body = Object)))]
pub(super) async fn complete_anywhere(
    State(app): State<App>,
    caller: May<Run>,
    Body(body): Body<CodeInImage>,
) -> Answer<Json<Value>> {
    let (image, body) = body.parts();
    Ok(jupyter(
        app.sessions
            .glance_at_image(&caller.0, image, body.complete()?)
            .await?,
    )?)
}

/// As `inspect` of a session, without one.
#[utoipa::path(post, path = "/inspect", tag = "code", request_body = CodeInImage,
    responses((status = 200, description = "Jupyter's `inspect_reply`", body = Object)))]
pub(super) async fn inspect_anywhere(
    State(app): State<App>,
    caller: May<Run>,
    Body(body): Body<CodeInImage>,
) -> Answer<Json<Value>> {
    let (image, body) = body.parts();
    Ok(jupyter(
        app.sessions
            .glance_at_image(&caller.0, image, body.inspect()?)
            .await?,
    )?)
}

/// Code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    #[schema(max_length = 4_000_000)]
    code: String,
}

/// Formats code with black.
#[utoipa::path(post, path = "/format", tag = "code", request_body = Code,
    responses((status = 200, description = "The code, formatted", body = Formatted)))]
pub(super) async fn format(
    State(app): State<App>,
    caller: May<Run>,
    Body(body): Body<Code>,
) -> Answer<Json<Formatted>> {
    let look = Look::Format { code: body.code };
    match app.sessions.glance_at_image(&caller.0, None, look).await?.0 {
        Reply::Formatted { code } => Ok(Json(Formatted { code })),
        other => Err(odd(&other).into()),
    }
}

/// Formatted code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Formatted {
    code: String,
}

/// What pyflakes and pycodestyle say.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Linted {
    diagnostics: Vec<DiagnosticView>,
}

/// A remark about a place in code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiagnosticView {
    /// From 1.
    line: u64,
    column: u64,
    code: String,
    message: String,
    /// pyflakes or pycodestyle.
    source: String,
}

impl From<Diagnostic> for DiagnosticView {
    fn from(one: Diagnostic) -> Self {
        Self {
            line: one.line,
            column: one.column,
            code: one.code,
            message: one.message,
            source: one.source,
        }
    }
}

/// Checks code with pyflakes and pycodestyle.
#[utoipa::path(post, path = "/lint", tag = "code", request_body = Code,
    responses((status = 200, description = "What they say", body = Linted)))]
pub(super) async fn lint(
    State(app): State<App>,
    caller: May<Run>,
    Body(body): Body<Code>,
) -> Answer<Json<Linted>> {
    let look = Look::Lint { code: body.code };
    match app.sessions.glance_at_image(&caller.0, None, look).await?.0 {
        Reply::Linted { diagnostics } => Ok(Json(Linted {
            diagnostics: diagnostics.into_iter().map(Into::into).collect(),
        })),
        other => Err(odd(&other).into()),
    }
}
