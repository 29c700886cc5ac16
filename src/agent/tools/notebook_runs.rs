//! Running the cells of a notebook, and waiting for them.

use std::time::Duration;

use python_wasm::Event as Shown;
use rmcp::model::ContentBlock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::notebooks::notebook_id;
use super::run::TEXT;
use crate::agent::call::{Call, cancelled};
use crate::agent::content::Content;
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::Fault;
use crate::id::{NotebookId, SessionId};
use crate::notebook::{CellView, Selection, Snapshot};
use crate::session::{EventReader, Happening};
use crate::tenant::Scope;

/// How often it is looked whether cells still run, when nothing is heard of them.
const STILL_RUNNING: Duration = Duration::from_secs(5);

pub(super) fn tools() -> Vec<Tool> {
    vec![
        Tool::new(
            About {
                name: "run_cell",
                title: "Run a cell",
                description: "Runs a cell of a notebook in the notebook's session, waits for its end and returns what it shows. The \
                    outputs are kept in the notebook.",
                needs: Scope::Run,
                effect: Effect::Runs,
            },
            cell,
        ),
        Tool::new(
            About {
                name: "run_notebook",
                title: "Run several cells",
                description: "Runs cells of a notebook one after the other, waits for their end and returns what they show: all, those \
                    that are out of date (stale), or those above or from a cell on (below). The first that fails is the last that is run.",
                needs: Scope::Run,
                effect: Effect::Runs,
            },
            several,
        ),
    ]
}

/// Which cell is to be run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunCell {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// The cell.
    #[schemars(length(max = 64))]
    cell_id: String,
}

/// Which cells are to be run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunNotebook {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// Which cells.
    which: Which,
    /// The cell that above and below are about.
    #[schemars(length(max = 64))]
    #[serde(default)]
    cell_id: Option<String>,
}

/// Several cells of a notebook.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    All,
    /// Those that are out of date, and those that have not run.
    Stale,
    /// Those above the cell that is named.
    Above,
    /// The cell that is named and those below.
    Below,
}

/// What came of cells.
#[derive(Debug, Serialize, JsonSchema)]
struct RunsTold {
    session_id: String,
    /// Those that ran, in their order.
    cells: Vec<CellRan>,
    /// Cells that were not begun, because one before them failed.
    not_run: Vec<String>,
    /// Something of the outputs was left out here.
    shortened: bool,
}

/// What came of a cell.
#[derive(Debug, Serialize, JsonSchema)]
struct CellRan {
    cell_id: String,
    /// It raised an exception or reached a limit.
    failed: bool,
    execution_count: Option<u64>,
    /// The cell's revision.
    revision: u64,
    /// What it shows, as text.
    text: String,
}

async fn cell(call: Call, asked: RunCell) -> Result<Reply<RunsTold>, Fault> {
    run(call, &asked.notebook_id, Selection::One(asked.cell_id)).await
}

async fn several(call: Call, asked: RunNotebook) -> Result<Reply<RunsTold>, Fault> {
    let of_cell = |cell: Option<String>| {
        cell.ok_or_else(|| {
            let message = "it says above or below which cell, and is missing";
            Fault::field("cell_id", message)
        })
    };
    let selection = match (asked.which, asked.cell_id) {
        (Which::All, None) => Selection::All,
        (Which::Stale, None) => Selection::Stale,
        (Which::Above, cell) => Selection::Above(of_cell(cell)?),
        (Which::Below, cell) => Selection::Below(of_cell(cell)?),
        (Which::All | Which::Stale, Some(_)) => {
            return Err(Fault::field(
                "cell_id",
                "it has no meaning with all and stale",
            ));
        }
    };
    run(call, &asked.notebook_id, selection).await
}

async fn run(
    mut call: Call,
    notebook: &str,
    selection: Selection,
) -> Result<Reply<RunsTold>, Fault> {
    let id = notebook_id(notebook)?;
    let service = std::sync::Arc::clone(&call.service);
    let (library, tenant) = (&service.notebooks, call.caller.tenant);
    let (events, _watching) = library.watch(tenant, id, None).await?;
    let before = library
        .look(tenant, id, |state| Ok(state.document.revision()))
        .await?;
    let taken = library.execute(&call.caller, id, &selection, None).await?;
    wait(&mut call, id, taken.session, &taken.cells, events).await?;
    let snapshot = library
        .look(tenant, id, |state| Ok(Snapshot::of(state, None)))
        .await?;
    let outputs = library.whole_outputs(&snapshot).await?;
    let mut told = RunsTold {
        session_id: taken.session.to_string(),
        cells: Vec::new(),
        not_run: Vec::new(),
        shortened: false,
    };
    let each = TEXT / taken.cells.len().clamp(1, 20);
    let mut blocks = Vec::new();
    for (view, outputs) in snapshot.cells.iter().zip(outputs) {
        if !taken.cells.contains(&view.cell.id) {
            continue;
        }
        if view.cell.ran.is_none_or(|ran| ran.at < before) {
            told.not_run.push(view.cell.id.clone());
            continue;
        }
        let content = Content::of(&outputs, each);
        if taken.cells.len() > 1 && !content.blocks.is_empty() {
            blocks.push(ContentBlock::text(format!("[cell {}]", view.cell.id)));
        }
        blocks.extend(content.blocks);
        told.shortened |= content.shortened;
        told.cells.push(ran(view, &outputs, content.text));
    }
    if blocks.is_empty() {
        blocks.push(ContentBlock::text("[nothing was shown]"));
    }
    let failed = told.cells.iter().any(|cell| cell.failed);
    Ok(Reply::shown(told, blocks).failed(failed))
}

fn ran(view: &CellView, outputs: &[Value], text: String) -> CellRan {
    let is_error = |output: &Value| output["output_type"] == "error";
    CellRan {
        cell_id: view.cell.id.clone(),
        failed: outputs.iter().any(is_error),
        execution_count: view.cell.execution_count,
        revision: view.cell.revision,
        text,
    }
}

/// Waits until none of the cells runs or waits to run. When the agent gives it up, they are interrupted.
async fn wait(
    call: &mut Call,
    id: NotebookId,
    session: SessionId,
    cells: &[String],
    mut events: EventReader,
) -> Result<(), Fault> {
    let service = std::sync::Arc::clone(&call.service);
    let tenant = call.caller.tenant;
    let handle = service.sessions.get(tenant, session).await?;
    let mut pause = tokio::time::interval(STILL_RUNNING);
    pause.tick().await;
    loop {
        let running = service.notebooks.look(tenant, id, |state| {
            Ok(cells.iter().any(|cell| state.running.runs(cell)))
        });
        if !running.await? {
            return Ok(());
        }
        let event = tokio::select! {
            () = call.cancelled.cancelled() => {
                handle.interrupt().await?;
                return Err(cancelled());
            }
            event = events.next() => event.map_err(Fault::internal)?,
            _ = pause.tick() => {
                if let Some(progress) = &mut call.progress {
                    progress.still_running().await;
                }
                continue;
            }
        };
        // The notebook is gone.
        let Some(recorded) = event else { return Ok(()) };
        let happening = recorded.event().map_err(Fault::internal)?.draft.happening;
        if let Happening::Kernel(Shown::InputRequest(_)) = &happening {
            // Nobody is there to answer.
            let _ = handle.input(None).await;
        }
        if let Some(progress) = &mut call.progress {
            progress.of(&happening).await;
        }
    }
}
