//! Undo and redo. Every edit is a step of changes that know their way back; the document is
//! changed by applying them and in no other way.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::steps::shared;
use super::{Cell, Document};
use crate::error_code::{ErrorCode, Fault};

/// Steps that can be undone.
const MOST_STEPS: usize = 100;

/// Bytes that all steps may keep alive.
const MOST_BYTES: usize = 32 << 20;

/// One change of the document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    Inserted {
        index: usize,
        #[serde(with = "shared")]
        cell: Arc<Cell>,
    },
    Removed {
        index: usize,
        #[serde(with = "shared")]
        cell: Arc<Cell>,
    },
    Moved {
        id: String,
        from: usize,
        to: usize,
    },
    Written {
        #[serde(with = "shared")]
        before: Arc<Cell>,
        #[serde(with = "shared")]
        after: Arc<Cell>,
    },
    Described {
        before: Map<String, Value>,
        after: Map<String, Value>,
    },
}

impl Change {
    fn reversed(&self) -> Self {
        match self.clone() {
            Self::Inserted { index, cell } => Self::Removed { index, cell },
            Self::Removed { index, cell } => Self::Inserted { index, cell },
            Self::Moved { id, from, to } => Self::Moved {
                id,
                from: to,
                to: from,
            },
            Self::Written { before, after } => Self::Written {
                before: after,
                after: before,
            },
            Self::Described { before, after } => Self::Described {
                before: after,
                after: before,
            },
        }
    }

    /// Returns the change as it is kept: outputs that no way back or forth brings are left out.
    fn stored(&self) -> Self {
        let bare = |cell: &Arc<Cell>| {
            Arc::new(Cell {
                outputs: Vec::new(),
                ..Cell::clone(cell)
            })
        };
        match self {
            Self::Written { before, after } if before.kind == after.kind => Self::Written {
                before: bare(before),
                after: bare(after),
            },
            Self::Inserted { .. }
            | Self::Removed { .. }
            | Self::Moved { .. }
            | Self::Written { .. }
            | Self::Described { .. } => self.clone(),
        }
    }

    /// Returns about how many bytes the change keeps alive.
    fn weight(&self) -> usize {
        let of_cell =
            |cell: &Cell| cell.source.len() + cell.outputs.iter().map(length).sum::<usize>();
        match self {
            Self::Inserted { cell, .. } | Self::Removed { cell, .. } => of_cell(cell),
            Self::Written { before, after } => of_cell(before) + of_cell(after),
            Self::Moved { .. } | Self::Described { .. } => 0,
        }
    }
}

/// Returns about how long a value is. Outputs are at most some hundred levels deep: the parser
/// refuses deeper ones.
fn length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(length).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + length(value))
            .sum(),
    }
}

/// Changes that were made together, and are undone together.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// Counts up from 1 in the order in which steps are made.
    pub(super) number: u64,
    changes: Arc<[Change]>,
    weight: usize,
    /// The changes as they are kept, once that was asked for.
    json: Arc<OnceLock<String>>,
}

impl Step {
    fn new(number: u64, changes: Vec<Change>) -> Self {
        Self {
            number,
            weight: changes.iter().map(Change::weight).sum(),
            changes: changes.into(),
            json: Arc::default(),
        }
    }

    /// Returns about how many bytes are kept of it.
    pub(super) fn stored_weight(&self) -> usize {
        let of_change = |change: &Change| match change {
            Change::Written { before, after } if before.kind == after.kind => {
                before.source.len() + after.source.len()
            }
            other => other.weight(),
        };
        self.changes.iter().map(of_change).sum()
    }

    /// Returns it as JSON.
    pub(super) fn json(&self) -> &str {
        let write = || {
            let changes: Vec<_> = self.changes.iter().map(Change::stored).collect();
            serde_json::to_string(&changes).expect("changes are JSON")
        };
        self.json.get_or_init(write)
    }
}

/// What can be undone, and what was.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) done: VecDeque<Step>,
    /// The last is to be redone next.
    pub(super) undone: Vec<Step>,
    /// The number of the last step that was made.
    last: u64,
}

impl History {
    fn add(&mut self, changes: Vec<Change>) {
        self.undone.clear();
        self.last += 1;
        self.done.push_back(Step::new(self.last, changes));
        let mut total: usize = self.done.iter().map(|step| step.weight).sum();
        // The last step stays, however large it is: what was just done can be undone.
        while self.done.len() > 1 && (self.done.len() > MOST_STEPS || total > MOST_BYTES) {
            total -= self.done.pop_front().map_or(0, |step| step.weight);
        }
    }
}

impl History {
    /// Takes up a step that was kept behind those before it; `at` is the last that was not taken back.
    pub(super) fn recall(&mut self, number: u64, changes: Vec<Change>, at: u64) {
        let step = Step::new(number, changes);
        self.last = number;
        if number <= at {
            self.done.push_back(step);
        } else {
            self.undone.insert(0, step);
        }
    }
}

impl Document {
    /// Makes changes as one step that can be undone.
    pub(super) fn step(&mut self, changes: Vec<Change>) {
        self.revision += 1;
        for change in &changes {
            self.apply(change);
        }
        self.history.add(changes);
    }

    /// Takes the last step back.
    pub(crate) fn undo(&mut self) -> Result<(), Fault> {
        let step = self
            .history
            .done
            .pop_back()
            .ok_or_else(|| nothing("undo"))?;
        self.revision += 1;
        for change in step.changes.iter().rev() {
            self.apply(&change.reversed());
        }
        self.history.undone.push(step);
        Ok(())
    }

    /// Makes the step again that was taken back last.
    pub(crate) fn redo(&mut self) -> Result<(), Fault> {
        let step = self.history.undone.pop().ok_or_else(|| nothing("redo"))?;
        self.revision += 1;
        for change in step.changes.iter() {
            self.apply(change);
        }
        self.history.done.push_back(step);
        Ok(())
    }

    /// Makes what there is now the beginning.
    pub(crate) fn forget_history(&mut self) {
        self.history = History::default();
    }

    /// Tells whether there is something to undo, and to redo.
    pub(crate) fn can_undo_and_redo(&self) -> (bool, bool) {
        (
            !self.history.done.is_empty(),
            !self.history.undone.is_empty(),
        )
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Inserted { index, cell } => {
                let mut cell = Cell::clone(cell);
                (cell.revision, cell.change) = (self.revision, self.revision);
                self.cells
                    .insert((*index).min(self.cells.len()), Arc::new(cell));
            }
            Change::Removed { cell, .. } => self.cells.retain(|found| found.id != cell.id),
            Change::Moved { id, to, .. } => {
                if let Ok(from) = self.position(id) {
                    let cell = self.cells.remove(from);
                    self.cells.insert((*to).min(self.cells.len()), cell);
                }
            }
            Change::Written { before, after } => {
                if let Ok(position) = self.position(&after.id) {
                    let cell = Arc::make_mut(&mut self.cells[position]);
                    cell.source.clone_from(&after.source);
                    cell.metadata.clone_from(&after.metadata);
                    cell.attachments.clone_from(&after.attachments);
                    cell.not_run = None;
                    // Outputs belong to code and go and come with it; else they are the latest run's.
                    if before.kind != after.kind {
                        cell.kind = after.kind;
                        cell.outputs.clone_from(&after.outputs);
                        cell.execution_count = after.execution_count;
                        cell.ran = after.ran;
                    }
                    (cell.revision, cell.change) = (self.revision, self.revision);
                }
            }
            Change::Described { after, .. } => self.metadata.clone_from(after),
        }
    }
}

fn nothing(what: &str) -> Fault {
    Fault::new(
        ErrorCode::NothingToUndo,
        format!("There is nothing to {what}."),
    )
}
