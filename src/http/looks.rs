//! Questions about variables, which change nothing. While a cell runs they are answered from the
//! last checkpoint.

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use python_wasm::{Column, Filter, Sort, TableQuery, Variable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::extract::{May, Parameters, Read};
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

pub(super) async fn ask(
    app: &App,
    caller: &crate::tenant::Caller,
    session: &str,
    look: Look,
) -> Result<(Reply, Bytes), Fault> {
    find(app, caller, session).await?.look(look).await
}

pub(super) fn odd(answer: &Reply) -> Fault {
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

/// A filter, for those whose own cannot be read.
const EXAMPLE: &str = r#"[{"column": "a", "op": ">", "value": 1}]"#;

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
            Some(text) => serde_json::from_str(text).map_err(|error| {
                let message = format!(
                    "it has to be JSON, a list of conditions such as {EXAMPLE}, where op is one of \
                     ==, !=, <, <=, >, >=, contains, startswith, in, isnull and notnull; here {error}"
                );
                Fault::field("filter", message)
            })?,
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
