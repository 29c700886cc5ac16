//! The edits of a notebook. Each is refused or made as a whole, as one step that can be undone.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::history::Change;
use super::{Cell, Document};
use crate::error_code::{ErrorCode, Fault};
use crate::notebook::CellKind;

/// Cells that a notebook may have.
pub(crate) const MOST_CELLS: usize = 200_000;

/// Bytes that a cell's source may have.
pub(crate) const MOST_SOURCE: usize = 1 << 20;

/// A cell that is to be added.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCell {
    #[serde(default = "code")]
    pub(crate) cell_type: CellKind,
    /// At most 1 MiB.
    #[serde(default)]
    #[schema(max_length = 1048576)]
    pub(crate) source: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) metadata: Map<String, Value>,
}

fn code() -> CellKind {
    CellKind::Code
}

/// Where a cell is to stand.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    End,
    /// As the cell with this number, counted from 0.
    Index(usize),
    /// Behind the cell with this id.
    After(String),
}

/// What is to be changed of a cell; what is missing stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellPatch {
    pub(crate) kind: Option<CellKind>,
    pub(crate) source: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
}

impl Document {
    /// Makes a notebook of new cells; there is nothing to undo in it.
    pub(crate) fn with(cells: Vec<NewCell>) -> Result<Self, Fault> {
        let mut document = Self::empty();
        for cell in cells {
            document.add(&Place::End, cell)?;
        }
        document.forget_history();
        Ok(document)
    }

    /// Adds a cell and returns its id.
    pub(crate) fn add(&mut self, place: &Place, new: NewCell) -> Result<String, Fault> {
        let index = self.index(place)?;
        if self.cells.len() >= MOST_CELLS {
            return Err(Fault::field(
                "cells",
                format!("a notebook has at most {MOST_CELLS} cells"),
            ));
        }
        let cell = fresh(new)?;
        let id = cell.id.clone();
        self.step(vec![Change::Inserted {
            index,
            cell: Arc::new(cell),
        }]);
        Ok(id)
    }

    /// Changes a cell. Writing what is there already changes nothing, and needs no revision.
    pub(crate) fn edit(&mut self, id: &str, revision: u64, patch: CellPatch) -> Result<(), Fault> {
        let before = self.cell(id)?;
        let mut after = Cell::clone(before);
        if let Some(source) = patch.source {
            after.source = source;
        }
        if let Some(metadata) = patch.metadata {
            after.metadata = metadata;
        }
        if let Some(kind) = patch.kind {
            set_kind(&mut after, kind);
        }
        if before.same_content(&after) {
            return Ok(());
        }
        let before = self.current(id, revision)?;
        source_fits(&after.source)?;
        self.step(vec![Change::Written {
            before,
            after: Arc::new(after),
        }]);
        Ok(())
    }

    /// Moves a cell so that it becomes the one with this number.
    pub(crate) fn move_to(&mut self, id: &str, revision: u64, to: usize) -> Result<(), Fault> {
        self.current(id, revision)?;
        let from = self.position(id)?;
        if to >= self.cells.len() {
            return Err(Fault::field(
                "index",
                format!(
                    "{to} is not below {}, the number of cells",
                    self.cells.len()
                ),
            ));
        }
        if from != to {
            self.step(vec![Change::Moved {
                id: id.to_owned(),
                from,
                to,
            }]);
        }
        Ok(())
    }

    /// Splits a cell in front of its character number `at`; returns the id of the first part, which is a new cell.
    /// The second stays the cell that it was, with what it shows, as in JupyterLab.
    pub(crate) fn split(&mut self, id: &str, revision: u64, at: usize) -> Result<String, Fault> {
        let before = self.current(id, revision)?;
        let index = self.position(id)?;
        let length = before.source.chars().count();
        if at > length {
            return Err(Fault::field(
                "at",
                format!("{at} is behind the end; the source has {length} characters"),
            ));
        }
        let bytes = before.source.chars().take(at).map(char::len_utf8).sum();
        let (first, second) = before.source.split_at(bytes);
        let mut after = Cell::clone(&before);
        // The line end at which it was split belongs to neither part.
        after.source = second.strip_prefix('\n').unwrap_or(second).to_owned();
        let new = NewCell {
            cell_type: before.kind,
            source: first.strip_suffix('\n').unwrap_or(first).to_owned(),
            metadata: before.metadata.clone(),
        };
        let mut cell = fresh(new)?;
        cell.attachments.clone_from(&before.attachments);
        let new_id = cell.id.clone();
        self.step(vec![
            Change::Inserted {
                index,
                cell: Arc::new(cell),
            },
            Change::Written {
                before,
                after: Arc::new(after),
            },
        ]);
        Ok(new_id)
    }

    /// Appends the next cell's source to this cell and removes the next cell.
    pub(crate) fn merge(&mut self, id: &str, revision: u64) -> Result<(), Fault> {
        let before = self.current(id, revision)?;
        let index = self.position(id)? + 1;
        let Some(next) = self.cells.get(index).cloned() else {
            return Err(Fault::field(
                "cell_id",
                "it is the last cell; there is none to merge with",
            ));
        };
        let mut after = Cell::clone(&before);
        after.source = match (before.source.is_empty(), next.source.is_empty()) {
            (true, _) => next.source.clone(),
            (_, true) => before.source.clone(),
            (false, false) => format!("{}\n{}", before.source, next.source),
        };
        if let Some(attachments) = &next.attachments
            && before.kind != CellKind::Code
        {
            let own = after.attachments.get_or_insert_default();
            for (name, file) in attachments {
                own.entry(name).or_insert_with(|| file.clone());
            }
        }
        source_fits(&after.source)?;
        self.step(vec![
            Change::Written {
                before,
                after: Arc::new(after),
            },
            Change::Removed { index, cell: next },
        ]);
        Ok(())
    }

    /// Removes a cell.
    pub(crate) fn delete(&mut self, id: &str, revision: u64) -> Result<(), Fault> {
        let cell = self.current(id, revision)?;
        let index = self.position(id)?;
        self.step(vec![Change::Removed { index, cell }]);
        Ok(())
    }

    /// Removes the outputs and the count of one cell, or of all. It is no edit and is not undone.
    pub(crate) fn clear(&mut self, id: Option<&str>) -> Result<(), Fault> {
        let positions = match id {
            Some(id) => {
                let position = self.position(id)?;
                position..position + 1
            }
            None => 0..self.cells.len(),
        };
        for position in positions {
            let cell = &self.cells[position];
            // Clearing what is empty changes nothing.
            if !cell.outputs.is_empty() || cell.execution_count.is_some() || cell.not_run.is_some()
            {
                self.touch(position, |cell| {
                    cell.outputs.clear();
                    cell.execution_count = None;
                    cell.not_run = None;
                });
            }
        }
        Ok(())
    }

    /// Replaces the notebook's own metadata.
    pub(crate) fn describe(&mut self, after: Map<String, Value>) {
        if self.metadata != after {
            let before = self.metadata.clone();
            self.step(vec![Change::Described { before, after }]);
        }
    }

    /// Returns the cell if it is still as the writer knows it.
    fn current(&self, id: &str, revision: u64) -> Result<Arc<Cell>, Fault> {
        let cell = self.cell(id)?;
        if cell.revision == revision {
            return Ok(Arc::clone(cell));
        }
        let message = format!(
            "The cell has the revision {}, and the write is for {revision}.",
            cell.revision
        );
        Err(Fault::new(ErrorCode::CellConflict, message)
            .with_details(json!({"current": cell.as_ref()})))
    }

    fn index(&self, place: &Place) -> Result<usize, Fault> {
        match place {
            Place::End => Ok(self.cells.len()),
            Place::Index(index) if *index <= self.cells.len() => Ok(*index),
            Place::Index(index) => Err(Fault::field(
                "index",
                format!("{index} is above {}, the number of cells", self.cells.len()),
            )),
            Place::After(id) => Ok(self.position(id)? + 1),
        }
    }
}

fn set_kind(cell: &mut Cell, kind: CellKind) {
    if cell.kind == kind {
        return;
    }
    cell.kind = kind;
    cell.outputs.clear();
    (cell.execution_count, cell.ran) = (None, None);
    if kind == CellKind::Code {
        // nbformat admits no attachments in code.
        cell.attachments = None;
    }
}

fn source_fits(source: &str) -> Result<(), Fault> {
    if source.len() > MOST_SOURCE {
        return Err(Fault::field(
            "source",
            format!("it has {} bytes; {MOST_SOURCE} are allowed", source.len()),
        ));
    }
    Ok(())
}

/// Makes a cell; the document gives it its revision.
pub(super) fn fresh(new: NewCell) -> Result<Cell, Fault> {
    source_fits(&new.source)?;
    Ok(Cell {
        id: Uuid::now_v7().simple().to_string(),
        kind: new.cell_type,
        source: new.source,
        metadata: new.metadata,
        attachments: None,
        outputs: Vec::new(),
        execution_count: None,
        revision: 0,
        change: 0,
        undone: false,
        not_run: None,
        ran: None,
    })
}
