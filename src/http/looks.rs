//! Questions about variables and code, which change nothing. While a cell runs they are answered
//! from the last checkpoint.

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use python_wasm::{Column, Diagnostic, Filter, Sort, TableQuery, Variable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Parameters, Read, Run};
use super::sessions::find;
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::worker::protocol::{Answer as Reply, Look};

/// A variable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VariableView {
    name: String,
    r#type: String,
    /// Its lengths, for arrays and tables.
    shape: Option<Vec<u64>>,
    /// Bytes that it takes, where that is known.
    size: Option<u64>,
    /// The beginning of its text.
    preview: String,
    /// The columns of a DataFrame.
    columns: Option<Vec<ColumnView>>,
}

/// A column of a DataFrame.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ColumnView {
    name: String,
    dtype: String,
}

impl From<Column> for ColumnView {
    fn from(column: Column) -> Self {
        Self {
            name: column.name,
            dtype: column.dtype,
        }
    }
}

impl From<Variable> for VariableView {
    fn from(variable: Variable) -> Self {
        Self {
            name: variable.name,
            r#type: variable.r#type,
            shape: variable.shape,
            size: variable.size,
            preview: variable.preview,
            columns: variable
                .columns
                .map(|columns| columns.into_iter().map(Into::into).collect()),
        }
    }
}

/// All variables of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Variables {
    variables: Vec<VariableView>,
}

async fn ask(
    app: &App,
    caller: &crate::tenant::Caller,
    session: &str,
    look: Look,
) -> Result<(Reply, Bytes), Fault> {
    find(app, caller, session).await?.look(look).await
}

fn odd(answer: &Reply) -> Fault {
    Fault::internal(format!("a worker answered {answer:?}"))
}

/// Lists the variables.
#[utoipa::path(get, path = "/sessions/{session_id}/variables", tag = "variables",
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "All of them", body = Variables)))]
pub(super) async fn variables(
    State(app): State<App>,
    caller: May<Read>,
    Path(session): Path<String>,
) -> Answer<Json<Variables>> {
    Ok(Json(Variables {
        variables: listed(&app, &caller.0, &session).await?,
    }))
}

async fn listed(
    app: &App,
    caller: &crate::tenant::Caller,
    session: &str,
) -> Result<Vec<VariableView>, Fault> {
    match ask(app, caller, session, Look::Variables).await?.0 {
        Reply::Variables { variables } => Ok(variables.into_iter().map(Into::into).collect()),
        other => Err(odd(&other)),
    }
}

/// Shows a variable.
#[utoipa::path(get, path = "/sessions/{session_id}/variables/{name}", tag = "variables",
    params(("session_id" = String, Path,), ("name" = String, Path,)),
    responses((status = 200, description = "It", body = VariableView)))]
pub(super) async fn variable(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, name)): Path<(String, String)>,
) -> Answer<Json<VariableView>> {
    let variables = listed(&app, &caller.0, &session).await?;
    let found = variables.into_iter().find(|variable| variable.name == name);
    let message = || {
        format!(
            "The session has no variable {:?}.",
            crate::text::line(&name, 80)
        )
    };
    Ok(Json(found.ok_or_else(|| {
        Fault::new(ErrorCode::VariableNotFound, message())
    })?))
}

/// Which rows of a table are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TableParameters {
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    offset: u64,
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 10_000, default = 100)]
    limit: u64,
    /// Columns separated by commas; a minus in front sorts downwards.
    #[param(max_length = 2000)]
    sort: Option<String>,
    /// JSON: `[{"column": "a", "op": ">", "value": 1}]`.
    #[param(max_length = 10_000)]
    filter: Option<String>,
}

fn hundred() -> u64 {
    100
}

impl TableParameters {
    fn query(self) -> Result<TableQuery, Fault> {
        if !(1..=10_000).contains(&self.limit) {
            return Err(Fault::field(
                "limit",
                format!("{} is not from 1 to 10000", self.limit),
            ));
        }
        let sort = self.sort.as_deref().unwrap_or_default();
        let sort = sort.split(',').filter(|part| !part.is_empty()).map(|part| {
            match part.strip_prefix('-') {
                Some(column) => Sort {
                    column: column.into(),
                    ascending: false,
                },
                None => Sort {
                    column: part.into(),
                    ascending: true,
                },
            }
        });
        let filter: Vec<Filter> = match &self.filter {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| Fault::field("filter", error.to_string()))?,
            None => Vec::new(),
        };
        Ok(TableQuery {
            offset: self.offset,
            limit: self.limit,
            sort: sort.collect(),
            filter,
        })
    }
}

/// A page of a DataFrame or Series.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TableView {
    columns: Vec<ColumnView>,
    /// The labels of the rows.
    #[schema(value_type = Vec<Object>)]
    index: Vec<Value>,
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<Value>>,
    total_rows: u64,
    filtered_rows: u64,
}

/// Shows a page of a DataFrame or Series, sorted and filtered.
#[utoipa::path(get, path = "/sessions/{session_id}/tables/{name}", tag = "variables",
    params(("session_id" = String, Path,), ("name" = String, Path,), TableParameters),
    responses((status = 200, description = "The page", body = TableView)))]
pub(super) async fn table(
    State(app): State<App>,
    caller: May<Read>,
    Path((session, name)): Path<(String, String)>,
    Parameters(query): Parameters<TableParameters>,
) -> Answer<Json<TableView>> {
    let look = Look::Table {
        name,
        query: query.query()?,
    };
    match ask(&app, &caller.0, &session, look).await?.0 {
        Reply::Table(page) => Ok(Json(TableView {
            columns: page.columns.into_iter().map(Into::into).collect(),
            index: page.index,
            rows: page.rows,
            total_rows: page.total_rows,
            filtered_rows: page.filtered_rows,
        })),
        other => Err(odd(&other).into()),
    }
}

/// Code, and where in it the cursor stands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeAt {
    #[schema(max_length = 4_000_000)]
    code: String,
    /// Counted in characters; at the end when nothing is given.
    cursor_position: Option<u32>,
    /// 1 adds the source, for `inspect`.
    #[serde(default)]
    #[schema(maximum = 1)]
    detail_level: u8,
    /// An image, for addresses without a session.
    #[schema(max_length = 100)]
    image: Option<String>,
}

impl CodeAt {
    fn cursor(&self) -> usize {
        self.cursor_position
            .map_or_else(|| self.code.chars().count(), |cursor| cursor as usize)
    }

    fn complete(self) -> Look {
        let cursor = self.cursor();
        Look::Complete {
            code: self.code,
            cursor,
        }
    }

    fn inspect(self) -> Look {
        let cursor = self.cursor();
        Look::Inspect {
            code: self.code,
            cursor,
            detail: self.detail_level.min(1),
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
        ask(&app, &caller.0, &session, body.complete()).await?,
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
        ask(&app, &caller.0, &session, body.inspect()).await?,
    )?)
}

/// Tells whether code could be run as it is: Jupyter's `is_complete_reply`.
#[utoipa::path(post, path = "/sessions/{session_id}/is_complete", tag = "variables", request_body = CodeAt,
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "Jupyter's `is_complete_reply`", body = Object)))]
pub(super) async fn is_complete(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<CodeAt>,
) -> Answer<Json<Value>> {
    let look = Look::IsComplete { code: body.code };
    Ok(jupyter(ask(&app, &caller.0, &session, look).await?)?)
}

/// As `complete` of a session, without one.
#[utoipa::path(post, path = "/complete", tag = "code", request_body = CodeAt,
    responses((status = 200, description = "Jupyter's `complete_reply`", body = Object)))]
pub(super) async fn complete_anywhere(
    State(app): State<App>,
    caller: May<Run>,
    Body(mut body): Body<CodeAt>,
) -> Answer<Json<Value>> {
    let image = body.image.take();
    Ok(jupyter(
        app.sessions
            .glance_at_image(&caller.0, image, body.complete())
            .await?,
    )?)
}

/// As `inspect` of a session, without one.
#[utoipa::path(post, path = "/inspect", tag = "code", request_body = CodeAt,
    responses((status = 200, description = "Jupyter's `inspect_reply`", body = Object)))]
pub(super) async fn inspect_anywhere(
    State(app): State<App>,
    caller: May<Run>,
    Body(mut body): Body<CodeAt>,
) -> Answer<Json<Value>> {
    let image = body.image.take();
    Ok(jupyter(
        app.sessions
            .glance_at_image(&caller.0, image, body.inspect())
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
