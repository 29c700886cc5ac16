//! Notebooks as a whole: listing, reading and making them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::agent::call::Call;
use crate::agent::fields::{self, Page, PageOf, within};
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::{ErrorCode, Fault};
use crate::id::NotebookId;
use crate::notebook::{
    CellKind, Context, Document, NewCell, NewNotebook, NotebookPath, Snapshot, Status, reader_name,
};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Scope;

/// Tokens that a notebook takes when it is read, if nothing is said, and at most.
const BUDGET: usize = 8_000;
const LARGEST_BUDGET: usize = 50_000;

/// The name under which an agent reads, if it gives none.
const READER: &str = "agent";

/// Cells that a new notebook may have.
const CELLS: usize = 1000;

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "list_notebooks",
                title: "List notebooks",
                description: "Lists the notebooks, the oldest first: all, or those of one project.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            list,
        ),
        Tool::new(
            About {
                name: "read_notebook",
                title: "Read a notebook",
                description: "Returns a notebook's cells with their sources, what they show (as text), their revisions and the variables \
                    of its session, shortened to a budget of tokens. `isUpdate` says which cells changed since you read it last. Give \
                    notebook_id, or its path in a project.",
                needs: Scope::Read,
                effect: Effect::Looks,
            },
            |call, asked: ReadNotebook| async move { read(&call, asked).await.map(Reply::from) },
        ),
        Tool::new(
            About {
                name: "create_notebook",
                title: "Create a notebook",
                description: "Makes a notebook. With a path and without cells, a notebook that is there already is opened where it is.",
                needs: Scope::Write,
                effect: Effect::Adds,
            },
            create,
        ),
    ]
}

/// Reads a notebook's id.
pub(super) fn notebook_id(text: &str) -> Result<NotebookId, Fault> {
    fields::id(text, ErrorCode::NotebookNotFound)
}

/// Which notebooks are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListNotebooks {
    /// Only those of this project.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// How many to return; 50 when it is missing.
    #[schemars(range(min = 1, max = 200))]
    #[serde(default)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[schemars(length(max = 4096))]
    #[serde(default)]
    after: Option<String>,
}

/// A notebook without its cells.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotebookTold {
    pub(super) notebook_id: String,
    project_id: String,
    name: String,
    /// Its file, within the project.
    path: String,
    /// `idle`, `running`, or `error` when the last cell that ran failed.
    status: Status,
    /// The session in which its cells run.
    session_id: Option<String>,
    last_modified: String,
}

impl NotebookTold {
    fn of(row: NotebookRow, status: Status) -> Self {
        Self {
            notebook_id: row.id,
            project_id: row.project_id,
            name: row.name,
            path: row.path,
            status,
            session_id: row.session_id,
            last_modified: row.modified_at,
        }
    }
}

async fn list(call: Call, asked: ListNotebooks) -> Result<Reply<Page<NotebookTold>>, Fault> {
    let project = match asked.project_id.as_deref() {
        Some(project) => Some(call.project(Some(project)).await?),
        None => None,
    };
    let page = PageOf::new(asked.limit, asked.after);
    let library = &call.service.notebooks;
    let rows = library
        .list(call.caller.tenant, project, page.after(), page.rows()?)
        .await?;
    let told = rows
        .into_iter()
        .map(|(row, status)| NotebookTold::of(row, status))
        .collect();
    let key = |told: &NotebookTold| told.notebook_id.clone();
    Ok(page.page(told, key).into())
}

/// Which notebook is wanted, and how much of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::agent) struct ReadNotebook {
    /// The notebook. This or `path`.
    #[schemars(length(max = 36))]
    pub(in crate::agent) notebook_id: Option<String>,
    /// Its file within the project. This or `notebook_id`.
    #[schemars(length(max = 1024))]
    pub(in crate::agent) path: Option<String>,
    /// The project of the path; the default one when it is missing.
    #[schemars(length(max = 36))]
    pub(in crate::agent) project_id: Option<String>,
    /// About how many tokens the answer may take; 8000 when it is missing.
    #[schemars(range(min = 100, max = 50_000))]
    pub(in crate::agent) budget_tokens: Option<usize>,
    /// Under which name it is remembered what you have read; `agent` when it is missing.
    #[schemars(length(min = 1, max = 64))]
    pub(in crate::agent) reader: Option<String>,
    /// Do not remember that you have read it.
    pub(in crate::agent) peek: bool,
}

/// A notebook as an agent reads it.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::agent) struct NotebookRead {
    notebook: NotebookTold,
    content: Context,
}

/// Reads a notebook.
pub(in crate::agent) async fn read(
    call: &Call,
    asked: ReadNotebook,
) -> Result<NotebookRead, Fault> {
    let tenant = call.caller.tenant;
    let budget = asked.budget_tokens.unwrap_or(BUDGET);
    let budget = within("budget_tokens", budget, 100..=LARGEST_BUDGET)?;
    let reader = reader_name(asked.reader.as_deref().unwrap_or(READER))?.to_owned();
    let id = match (asked.notebook_id, asked.path) {
        (Some(id), None) => notebook_id(&id)?,
        (None, Some(path)) => at(call, asked.project_id.as_deref(), &path).await?,
        (Some(_), Some(_)) => {
            return Err(Fault::field(
                "path",
                "it cannot be given together with notebook_id",
            ));
        }
        (None, None) => {
            let message = "it is missing; give the notebook's id, or its path";
            return Err(Fault::field("notebook_id", message));
        }
    };
    let library = &call.service.notebooks;
    let snapshot = library
        .look(tenant, id, |state| Ok(Snapshot::of(state, Some(&reader))))
        .await?;
    let context = Context::of(&snapshot, budget);
    let session = snapshot.row.session_id.as_deref();
    let known = match session.and_then(|text| text.parse().ok()) {
        Some(session) => {
            call.service
                .sessions
                .variables_if_awake(tenant, session)
                .await?
        }
        None => Vec::new(),
    };
    if !asked.peek
        && snapshot
            .cells
            .iter()
            .any(|view| view.is_update == Some(true))
    {
        let revision = snapshot.document.revision();
        library
            .change(tenant, id, |state| {
                state.document.acknowledge(&reader, revision)
            })
            .await?;
    }
    Ok(NotebookRead {
        notebook: NotebookTold::of(snapshot.row, snapshot.status),
        content: context.with_variables(known),
    })
}

/// Returns the notebook at a path.
async fn at(call: &Call, project: Option<&str>, path: &str) -> Result<NotebookId, Fault> {
    let path = NotebookPath::parse(path)?;
    let project = call.project(project).await?;
    let store = &call.service.store;
    let row = store
        .notebook_at(call.caller.tenant, project, path.as_str())
        .await?;
    let row = row.ok_or_else(|| {
        let message = format!(
            "There is no notebook at {:?}; if its file is there, create_notebook with this path opens it.",
            path.as_str()
        );
        Fault::new(ErrorCode::NotebookNotFound, message)
    })?;
    row.id.parse().map_err(Fault::internal)
}

/// What a new notebook is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateNotebook {
    /// By default what its file is called.
    #[schemars(length(min = 1, max = 200))]
    #[serde(default)]
    name: Option<String>,
    /// The project; the default one when it is missing.
    #[schemars(length(max = 36))]
    #[serde(default)]
    project_id: Option<String>,
    /// Its file within the project, such as "analysis/sales.ipynb"; by default as the name says.
    #[schemars(length(max = 1024))]
    #[serde(default)]
    path: Option<String>,
    /// Its cells.
    #[schemars(length(max = 1000))]
    #[serde(default)]
    cells: Option<Vec<CellAsked>>,
}

/// A cell that is to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CellAsked {
    /// What it is; code when it is missing.
    #[serde(default = "code")]
    pub(super) cell_type: CellKind,
    /// What is in it.
    #[schemars(length(max = 1_048_576))]
    #[serde(default)]
    pub(super) source: String,
}

pub(super) fn code() -> CellKind {
    CellKind::Code
}

impl From<CellAsked> for NewCell {
    fn from(asked: CellAsked) -> Self {
        Self {
            cell_type: asked.cell_type,
            source: asked.source,
            metadata: Map::new(),
        }
    }
}

async fn create(call: Call, asked: CreateNotebook) -> Result<Reply<NotebookRead>, Fault> {
    let path = asked.path.as_deref().map(NotebookPath::parse).transpose()?;
    let document = match (&path, asked.cells) {
        (Some(_), None) => None,
        (_, cells) => {
            let cells = cells.unwrap_or_default();
            if cells.len() > CELLS {
                let message = format!("there are {}; at most {CELLS} are allowed", cells.len());
                return Err(Fault::field("cells", message));
            }
            Some(Document::with(cells.into_iter().map(Into::into).collect())?)
        }
    };
    let new = NewNotebook {
        name: asked
            .name
            .map(|name| fields::name("name", name))
            .transpose()?,
        project: Some(call.project(asked.project_id.as_deref()).await?),
        path,
        document,
    };
    let made = call.service.notebooks.create(&call.caller, new).await?;
    let asked = ReadNotebook {
        notebook_id: Some(made.id.to_string()),
        ..ReadNotebook::default()
    };
    Ok(read(&call, asked).await?.into())
}
