//! Variables: what there is, pages of tables, and files made of them.

use bytes::Bytes;
use data_encoding::BASE64;
use python_wasm::{Filter, Sort, TableQuery, Variable};
use rmcp::model::{ContentBlock, ResourceContents};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files;
use crate::agent::call::Call;
use crate::agent::fields::within;
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry, FilePath};
use crate::session::Export;
use crate::tenant::Scope;
use crate::worker::protocol::{Answer, Look};

/// Bytes of exported files that are given in an answer. More is kept as files of the project.
const INLINE: usize = 512 << 10;

/// Variables that are exported at once.
const VARIABLES: usize = 100;

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "list_variables",
                title: "List variables",
                description: "Lists a session's variables with their types, shapes and previews; the columns of DataFrames too.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            listed,
        ),
        Tool::new(
            About {
                name: "read_table",
                title: "Read a table",
                description: "Returns rows of a DataFrame or Series that a session holds: a page, sorted and filtered.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            table,
        ),
        Tool::new(
            About {
                name: "export",
                title: "Export variables or figures",
                description: "Makes files of variables (csv, xlsx, json, parquet, feather, npy, pickle) or of all matplotlib \
                    figures (png, svg, pdf). They are returned, 512 KiB at most; with `folder` they are written into the project.",
                needs: Scope::Run,
                effect: Effect::Takes,
            },
            export,
        ),
    ]
}

/// Whose variables are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfSession {
    /// The session; your own when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    session_id: Option<String>,
}

/// The variables of a session.
#[derive(Debug, Serialize, JsonSchema)]
struct VariablesTold {
    session_id: String,
    variables: Vec<VariableTold>,
}

/// A variable.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::agent) struct VariableTold {
    pub(in crate::agent) name: String,
    #[serde(rename = "type")]
    kind: String,
    /// Its lengths, for arrays and tables.
    shape: Option<Vec<u64>>,
    /// Bytes that it takes, where that is known.
    size: Option<u64>,
    /// The beginning of its text.
    preview: String,
    /// The columns of a DataFrame.
    columns: Option<Vec<ColumnTold>>,
}

/// A column of a DataFrame.
#[derive(Debug, Serialize, JsonSchema)]
struct ColumnTold {
    name: String,
    dtype: String,
}

impl From<python_wasm::Column> for ColumnTold {
    fn from(column: python_wasm::Column) -> Self {
        Self {
            name: column.name,
            dtype: column.dtype,
        }
    }
}

impl From<Variable> for VariableTold {
    fn from(variable: Variable) -> Self {
        let columns = variable.columns;
        Self {
            name: variable.name,
            kind: variable.r#type,
            shape: variable.shape,
            size: variable.size,
            preview: variable.preview,
            columns: columns.map(|columns| columns.into_iter().map(Into::into).collect()),
        }
    }
}

/// Returns the variables of a session. One that sleeps is woken for it.
pub(in crate::agent) async fn list(
    call: &Call,
    session: Option<&str>,
) -> Result<(String, Vec<VariableTold>), Fault> {
    let handle = own(call, session).await?;
    match handle.look(Look::Variables).await?.0 {
        Answer::Variables { variables } => {
            let told = variables.into_iter().map(Into::into).collect();
            Ok((handle.id.to_string(), told))
        }
        other => Err(odd(&other)),
    }
}

/// Returns the session that is meant. Who may only look is made none.
async fn own(call: &Call, session: Option<&str>) -> Result<crate::session::Handle, Fault> {
    if session.is_none() {
        call.caller.require(Scope::Run)?;
    }
    call.session_or_own(session).await
}

fn odd(answer: &Answer) -> Fault {
    Fault::internal(format!("a worker answered {answer:?}"))
}

async fn listed(call: Call, asked: OfSession) -> Result<Reply<VariablesTold>, Fault> {
    let (session_id, variables) = list(&call, asked.session_id.as_deref()).await?;
    let told = VariablesTold {
        session_id,
        variables,
    };
    Ok(told.into())
}

/// Which rows of a table are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadTable {
    /// The session; your own when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    session_id: Option<String>,
    /// The variable.
    #[schemars(length(min = 1, max = 1000))]
    name: String,
    /// The number of the first row, counted from 0.
    #[schemars(range(max = 1_000_000_000_000_u64))]
    #[serde(default)]
    offset: u64,
    /// How many rows; 50 when it is missing.
    #[schemars(range(min = 1, max = 500))]
    #[serde(default = "fifty")]
    limit: u64,
    /// Columns to sort by, the most important first; a minus in front sorts downwards.
    #[schemars(length(max = 16))]
    #[serde(default)]
    sort: Vec<String>,
    /// Conditions that rows have to meet.
    #[schemars(length(max = 16))]
    #[serde(default)]
    filter: Vec<ColumnCondition>,
}

fn fifty() -> u64 {
    50
}

/// A condition on a column.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ColumnCondition {
    /// The column.
    column: String,
    /// How it is compared.
    #[schemars(extend("enum" = ["==", "!=", "<", "<=", ">", ">=", "contains", "startswith", "in", "isnull", "notnull"]))]
    op: String,
    /// With what; nothing for isnull and notnull, a list for in.
    #[serde(default)]
    value: Value,
}

/// A page of a table.
#[derive(Debug, Serialize, JsonSchema)]
struct TableTold {
    columns: Vec<ColumnTold>,
    /// The labels of the rows.
    index: Vec<Value>,
    rows: Vec<Vec<Value>>,
    total_rows: u64,
    /// Rows that meet the conditions.
    filtered_rows: u64,
}

async fn table(call: Call, asked: ReadTable) -> Result<Reply<TableTold>, Fault> {
    let sort = asked
        .sort
        .iter()
        .map(|column| match column.strip_prefix('-') {
            Some(column) => Sort {
                column: column.into(),
                ascending: false,
            },
            None => Sort {
                column: column.clone(),
                ascending: true,
            },
        });
    let filter: Vec<Filter> = serde_json::to_value(&asked.filter)
        .and_then(serde_json::from_value)
        .map_err(|error| Fault::field("filter", error.to_string()))?;
    let query = TableQuery {
        offset: asked.offset,
        limit: within("limit", asked.limit, 1..=500)?,
        sort: sort.collect(),
        filter,
    };
    let handle = own(&call, asked.session_id.as_deref()).await?;
    let look = Look::Table {
        name: asked.name,
        query,
    };
    match handle.look(look).await?.0 {
        Answer::Table(page) => {
            let told = TableTold {
                columns: page.columns.into_iter().map(Into::into).collect(),
                index: page.index,
                rows: page.rows,
                total_rows: page.total_rows,
                filtered_rows: page.filtered_rows,
            };
            Ok(told.into())
        }
        other => Err(odd(&other)),
    }
}

/// A format of exported files.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    Csv,
    Xlsx,
    Json,
    Parquet,
    Feather,
    Npy,
    Pickle,
    Png,
    Svg,
    Pdf,
}

impl Format {
    /// Returns what is exported in it: variables of these names, or all figures.
    fn export(self, names: Vec<String>) -> Result<Export, Fault> {
        let (format, figures) = match self {
            Self::Csv => ("csv", false),
            Self::Xlsx => ("xlsx", false),
            Self::Json => ("json", false),
            Self::Parquet => ("parquet", false),
            Self::Feather => ("feather", false),
            Self::Npy => ("npy", false),
            Self::Pickle => ("pickle", false),
            Self::Png => ("png", true),
            Self::Svg => ("svg", true),
            Self::Pdf => ("pdf", true),
        };
        let refused = |message: &str| Err(Fault::field("variables", message));
        match (figures, names.is_empty()) {
            (true, true) => Ok(Export::Figures { format }),
            (true, false) => refused("a format of figures takes all figures; leave it out"),
            (false, true) => refused("this format needs at least one variable"),
            (false, false) if names.len() > VARIABLES => {
                refused(&format!("it names more than {VARIABLES}"))
            }
            (false, false) => Ok(Export::Variables {
                names,
                format,
                formulas: false,
            }),
        }
    }
}

/// What to make files of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportAsked {
    /// The session; your own when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    session_id: Option<String>,
    /// csv, xlsx, json, parquet, feather, npy and pickle are for variables; png, svg and pdf for figures.
    format: Format,
    /// The variables, for formats of variables.
    #[schemars(length(max = 100))]
    #[serde(default)]
    variables: Vec<String>,
    /// A folder of the project into which the files are written, such as "results"; this needs the right to write.
    #[schemars(length(max = 1024))]
    #[serde(default)]
    folder: Option<String>,
    /// The project of the folder; the default project when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// Files may take the place of others.
    #[serde(default)]
    replace: bool,
}

/// Files that were made.
#[derive(Debug, Serialize, JsonSchema)]
struct ExportTold {
    files: Vec<FileTold>,
}

/// A file that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct FileTold {
    name: String,
    bytes: u64,
    /// Where it is in the project, if it was written there.
    path: Option<String>,
}

async fn export(call: Call, asked: ExportAsked) -> Result<Reply<ExportTold>, Fault> {
    let export = asked.format.export(asked.variables)?;
    let handle = own(&call, asked.session_id.as_deref()).await?;
    let Some(folder) = asked.folder else {
        return inline(handle.export(export).await?);
    };
    call.caller.require(Scope::Write)?;
    let folder = FilePath::parse(&folder)?;
    let project = call.project(asked.project_id.as_deref()).await?;
    let condition = match asked.replace {
        true => Condition::Any,
        false => Condition::New,
    };
    let mut files = Vec::new();
    for (name, bytes) in handle.export(export).await? {
        let told = |entry: &Entry| FileTold {
            name: name.clone(),
            bytes: bytes.len() as u64,
            path: Some(entry.path().to_owned()),
        };
        let path = folder.join(&name)?;
        let placed = files::put(&call, project, path, condition.clone(), bytes.clone()).await?;
        files.push(told(&placed.entry));
    }
    Ok(ExportTold { files }.into())
}

/// Returns files in the answer itself.
fn inline(exported: Vec<(String, Bytes)>) -> Result<Reply<ExportTold>, Fault> {
    let all: usize = exported.iter().map(|(_, bytes)| bytes.len()).sum();
    if all > INLINE {
        let message = format!(
            "The files have {all} bytes, and {INLINE} are given in an answer. Name a `folder` to have them written into the project."
        );
        return Err(Fault::new(ErrorCode::BodyTooLarge, message)
            .with_details(serde_json::json!({"limit": INLINE})));
    }
    let mut files = Vec::with_capacity(exported.len());
    let mut content = Vec::with_capacity(exported.len());
    for (name, bytes) in exported {
        content.push(block(&name, &bytes));
        files.push(FileTold {
            name,
            bytes: bytes.len() as u64,
            path: None,
        });
    }
    Ok(Reply::shown(ExportTold { files }, content))
}

/// Returns a file as an agent takes it: an image to look at, a text to read, and everything else as bytes.
pub(super) fn block(name: &str, bytes: &Bytes) -> ContentBlock {
    let kind = crate::file::media_type(name).to_string();
    let uri = format!("cellblock://exports/{}", super::files::encoded(name));
    if matches!(
        kind.as_str(),
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    ) {
        return ContentBlock::image(BASE64.encode(bytes), kind);
    }
    let contents = match std::str::from_utf8(bytes) {
        Ok(text) => ResourceContents::text(text, uri),
        Err(_) => ResourceContents::blob(BASE64.encode(bytes), uri),
    };
    ContentBlock::resource(contents.with_mime_type(kind))
}
