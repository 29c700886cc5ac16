//! What is asked to be run of a notebook, and what is answered. How it is run is in `run.rs`.

use std::sync::Arc;

use super::library::Library;
use super::live::{CellPatch, Document, Selection};
use super::run::Run;
use crate::error_code::Fault;
use crate::id::{ExecutionId, NotebookId, SessionId};
use crate::session::Finished;
use crate::tenant::Caller;

/// The tag of cells that are meant to fail.
const MAY_RAISE: &str = "raises-exception";

/// What a cell's source is to be before it runs, and the revision of the cell that its writer knows.
#[derive(Debug, Clone)]
pub(crate) struct Rewrite {
    pub(crate) source: String,
    pub(crate) revision: u64,
}

/// What was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) session: SessionId,
    /// What runs first; nothing when there is nothing to run, or other cells of the notebook are run before.
    pub(crate) execution: Option<ExecutionId>,
    /// The cells that are run, in their order.
    pub(crate) cells: Vec<String>,
    /// The revision of the cell that runs first.
    pub(crate) revision: Option<u64>,
}

impl Library {
    /// Runs cells in the notebook's session, which is made when there is none; the first of them is rewritten
    /// before, if that is asked for. A cell that fails ends the run: those behind it are not begun. While cells
    /// of an earlier run wait for those before them, this one waits for its turn.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        selection: &Selection,
        rewrite: Option<Rewrite>,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let cells = open
            .look(self, row.clone(), |state| {
                let (Some(rewrite), Selection::One(cell)) = (&rewrite, selection) else {
                    return state.document.selected(selection);
                };
                // What would be refused is refused before anything runs.
                let mut rewritten = state.document.clone();
                rewrite.apply(&mut rewritten, cell)?;
                rewritten.selected(selection)
            })
            .await?;
        let handle = self.session(caller, id, &open).await?;
        let mut taken = Taken {
            session: handle.id,
            execution: None,
            cells,
            revision: None,
        };
        if taken.cells.is_empty() {
            // Nothing is left to be run; it is saved all the same.
            if let (Some(rewrite), Selection::One(cell)) = (&rewrite, selection) {
                let save = open.change(self, row, |state| {
                    rewrite.apply(&mut state.document, cell)?;
                    Ok(state.document.cell(cell)?.revision)
                });
                taken.revision = Some(save.await?);
            }
            return Ok(taken);
        }
        let turn = open.turns.now(taken.cells.len());
        let place = match turn {
            Some(_) => None,
            None => Some(
                open.turns
                    .place(taken.cells.len(), self.sessions.most_waiting())?,
            ),
        };
        let run = Run {
            library: Arc::clone(self),
            turn,
            place,
            open,
            row,
            id,
            caller: caller.clone(),
            events: handle.events(handle.log().last()),
            broken_off: handle.broken_off(),
            handle,
            waiting: taken.cells.iter().cloned().collect(),
            rewrite,
        };
        (taken.execution, taken.revision) = run.begin().await?;
        Ok(taken)
    }
}

/// Tells whether the end of an execution is a failure of its cell; one of which nothing is known is, and
/// one that was refused is not what the cell is meant to do.
pub(super) fn failed(document: &Document, cell: &str, finished: Option<&Finished>) -> bool {
    let meant = || {
        document
            .cell(cell)
            .is_ok_and(|cell| cell.has_tag(MAY_RAISE))
    };
    match finished.map(|finished| (finished.outcome.as_str(), finished.never_began())) {
        Some(("ok", _)) => false,
        Some(("error", false)) => !meant(),
        Some(_) | None => true,
    }
}

impl Rewrite {
    pub(super) fn apply(&self, document: &mut Document, cell: &str) -> Result<(), Fault> {
        let patch = CellPatch {
            source: Some(self.source.clone()),
            ..CellPatch::default()
        };
        document.edit(cell, self.revision, patch)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_refusal_is_not_what_a_cell_is_meant_to_do() {
        let new = |tags: &[&str]| {
            let new = json!({"source": "1 / 0", "metadata": {"tags": tags}});
            serde_json::from_value(new).expect("a cell")
        };
        let document = Document::with(vec![new(&[]), new(&[MAY_RAISE])]).expect("cells");
        let [plain, meant] = [0, 1].map(|index| document.cells()[index].id.clone());
        let end = |outcome: &str, execution_count| Finished {
            outcome: outcome.into(),
            execution_count,
            ..Finished::lost(Value::Null, None)
        };
        let is_failure = |cell: &str, end: Option<&Finished>| failed(&document, cell, end);
        assert!(!is_failure(&plain, Some(&end("ok", Some(1)))));
        assert!(is_failure(&plain, Some(&end("error", Some(1)))));
        assert!(!is_failure(&meant, Some(&end("error", Some(1)))));
        let refused = end("error", None);
        assert!(is_failure(&meant, Some(&refused)));
        assert!(is_failure(&meant, Some(&end("limit", Some(1)))));
        assert!(is_failure(&meant, Some(&end("lost", None))));
        assert!(is_failure(&meant, None));
    }
}
