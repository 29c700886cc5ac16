//! The cells of a notebook. Every write carries the revision of the cell that the agent knows; a stale one is refused
//! with the cell as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notebooks::{CellAsked, code, notebook_id};
use crate::agent::call::Call;
use crate::agent::content::Content;
use crate::agent::tool::{About, Effect, Reply, Tool};
use crate::error_code::Fault;
use crate::notebook::{CellKind, CellPatch, CellView, Document, Place};
use crate::tenant::Scope;

/// Bytes of text that are shown of what a cell shows.
const TEXT: usize = 10_000;

pub(super) fn tools() -> Vec<Tool> {
    let cell = |name, title, description, effect| About {
        name,
        title,
        description,
        needs: Scope::Write,
        effect,
    };
    vec![
        Tool::new(
            cell(
                "add_cell",
                "Add a cell",
                "Adds a cell to a notebook: at the end, at a number, or behind another cell.",
                Effect::Adds,
            ),
            add,
        ),
        Tool::new(
            cell(
                "edit_cell",
                "Edit a cell",
                "Replaces a cell's source, or changes what it is. `revision` is the one that you read with the cell; if somebody \
                 changed the cell since, the edit is refused with the cell as it is now: merge, and try again.",
                Effect::Takes,
            ),
            edit,
        ),
        Tool::new(
            cell(
                "move_cell",
                "Move a cell",
                "Moves a cell to another place in its notebook. It is refused when the cell was changed since you read it.",
                Effect::Sets,
            ),
            move_to,
        ),
        Tool::new(
            cell(
                "delete_cell",
                "Delete a cell",
                "Deletes a cell. It is refused, with the cell as it is now, when it was changed since you read it.",
                Effect::Takes,
            ),
            delete,
        ),
    ]
}

/// A cell.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CellTold {
    cell_id: String,
    cell_type: CellKind,
    source: String,
    /// What it shows, as text.
    text: String,
    execution_count: Option<u64>,
    /// What the next write of the cell has to carry.
    revision: u64,
    /// It was edited since it ran, or a cell above it ran later.
    stale: bool,
    /// It runs or waits to run.
    running: bool,
}

impl CellTold {
    fn of(view: &CellView) -> Self {
        let cell = &view.cell;
        Self {
            cell_id: cell.id.clone(),
            cell_type: cell.kind,
            source: cell.source.clone(),
            text: Content::of(&cell.outputs, TEXT).text,
            execution_count: cell.execution_count,
            revision: cell.revision,
            stale: view.stale,
            running: view.running,
        }
    }
}

/// Changes a notebook and returns the cell of the id that comes of it.
async fn changed(
    call: &Call,
    notebook: &str,
    change: impl FnOnce(&mut Document) -> Result<String, Fault>,
) -> Result<Reply<CellTold>, Fault> {
    let library = &call.service.notebooks;
    let view = library.change(call.caller.tenant, notebook_id(notebook)?, |state| {
        let cell = change(&mut state.document)?;
        state.document.view(&state.running, &cell)
    });
    Ok(CellTold::of(&view.await?).into())
}

/// A cell that is to be added, and where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddCell {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// What it is; code when it is missing.
    #[serde(default = "code")]
    cell_type: CellKind,
    /// What is in it.
    #[schemars(length(max = 1_048_576))]
    #[serde(default)]
    source: String,
    /// The number it is to have, counted from 0. This, `after`, or neither for the end.
    #[schemars(range(max = 200_000))]
    #[serde(default)]
    index: Option<usize>,
    /// The cell behind which it is to stand.
    #[schemars(length(max = 64))]
    #[serde(default)]
    after: Option<String>,
}

async fn add(call: Call, asked: AddCell) -> Result<Reply<CellTold>, Fault> {
    let place = match (asked.index, asked.after) {
        (None, None) => Place::End,
        (Some(index), None) => Place::Index(index),
        (None, Some(after)) => Place::After(after),
        (Some(_), Some(_)) => {
            return Err(Fault::field(
                "after",
                "it cannot be given together with index",
            ));
        }
    };
    let new = CellAsked {
        cell_type: asked.cell_type,
        source: asked.source,
    };
    changed(&call, &asked.notebook_id, |document| {
        document.add(&place, new.into())
    })
    .await
}

/// What is to be changed of a cell.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditCell {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// The cell.
    #[schemars(length(max = 64))]
    cell_id: String,
    /// The revision of the cell that you know.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    revision: u64,
    /// What is to be in it; it stays when this is missing.
    #[schemars(length(max = 1_048_576))]
    #[serde(default)]
    source: Option<String>,
    /// What it is to be; it stays when this is missing.
    #[serde(default)]
    cell_type: Option<CellKind>,
}

async fn edit(call: Call, asked: EditCell) -> Result<Reply<CellTold>, Fault> {
    let patch = CellPatch {
        kind: asked.cell_type,
        source: asked.source,
        metadata: None,
    };
    changed(&call, &asked.notebook_id, |document| {
        document.edit(&asked.cell_id, asked.revision, patch)?;
        Ok(asked.cell_id)
    })
    .await
}

/// Where a cell is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveCell {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// The cell.
    #[schemars(length(max = 64))]
    cell_id: String,
    /// The revision of the cell that you know.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    revision: u64,
    /// The number it is to have, counted from 0.
    #[schemars(range(max = 200_000))]
    index: usize,
}

async fn move_to(call: Call, asked: MoveCell) -> Result<Reply<CellTold>, Fault> {
    changed(&call, &asked.notebook_id, |document| {
        document.move_to(&asked.cell_id, asked.revision, asked.index)?;
        Ok(asked.cell_id)
    })
    .await
}

/// Which cell is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeleteCell {
    /// The notebook.
    #[schemars(length(max = 36))]
    notebook_id: String,
    /// The cell.
    #[schemars(length(max = 64))]
    cell_id: String,
    /// The revision of the cell that you know.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    revision: u64,
}

/// A cell that is gone.
#[derive(Debug, Serialize, JsonSchema)]
struct DeletedTold {
    /// The cell that is gone.
    deleted: String,
}

async fn delete(call: Call, asked: DeleteCell) -> Result<Reply<DeletedTold>, Fault> {
    let library = &call.service.notebooks;
    let notebook = notebook_id(&asked.notebook_id)?;
    let remove = library.change(call.caller.tenant, notebook, |state| {
        state.document.delete(&asked.cell_id, asked.revision)
    });
    remove.await?;
    let deleted = DeletedTold {
        deleted: asked.cell_id,
    };
    Ok(deleted.into())
}
