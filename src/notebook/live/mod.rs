//! A notebook that is edited and run while others look at it: cells with stable ids and
//! revisions, undo and redo, what changed since a reader looked, and which outputs are out of date.
//!
//! All of this is pure: reading and writing files is the business of [`super::open`].

mod cell;
mod difference;
mod edit;
mod file;
mod history;
mod not_run;
mod running;
mod selection;
mod steps;
mod updates;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use cell::{Cell, CellView};
pub(crate) use edit::{CellPatch, NewCell, Place};
pub(crate) use file::Tracking;
use serde_json::{Map, Value};

use self::history::History;
pub(crate) use self::not_run::NotRun;
pub(crate) use self::running::{Begun, Running, Status, UnderWay};
pub(crate) use self::selection::Selection;
pub(crate) use self::steps::StepsChange;
pub(crate) use self::updates::{Readers, reader_name};
use crate::error_code::{ErrorCode, Fault};
use crate::text;

/// A notebook in memory. A copy shares its cells with the original, so that it costs little.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    metadata: Map<String, Value>,
    cells: Vec<Arc<Cell>>,
    /// Counts up with every change. What was changed carries the number of its change, so that
    /// neither marking it nor asking for it needs a search.
    revision: u64,
    readers: Readers,
    history: History,
    /// Large outputs that are still to be written to files, by the hash of their bytes.
    unwritten: BTreeMap<String, Arc<[u8]>>,
}

impl Document {
    /// Returns the cells in their order.
    pub(crate) fn cells(&self) -> &[Arc<Cell>] {
        &self.cells
    }

    /// Returns the number of the last change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the notebook's own metadata.
    pub(crate) fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// Returns what readers have acknowledged.
    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Returns the large outputs that are not in files yet.
    pub(crate) fn unwritten(&self) -> &BTreeMap<String, Arc<[u8]>> {
        &self.unwritten
    }

    /// Forgets large outputs that are in files now.
    pub(crate) fn have_written(&mut self, written: &BTreeMap<String, Arc<[u8]>>) {
        self.unwritten.retain(|hash, _| !written.contains_key(hash));
    }

    /// Returns a cell.
    pub(crate) fn cell(&self, id: &str) -> Result<&Arc<Cell>, Fault> {
        Ok(&self.cells[self.position(id)?])
    }

    /// Goes on from a later revision: those up to it stand for something already.
    pub(crate) fn go_on_from(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    /// Counts a change of what stands outside of the document: its name or place.
    pub(crate) fn renamed(&mut self) {
        self.revision += 1;
    }

    /// Returns the cells as a reader sees them.
    pub(crate) fn views(&self, running: &Running, reader: Option<&str>) -> Vec<CellView> {
        let seen = reader.map(|reader| self.readers.acknowledged(reader));
        let view = |(cell, stale): (&Arc<Cell>, bool)| CellView {
            cell: Arc::clone(cell),
            stale,
            running: running.runs(&cell.id),
            is_update: seen.map(|seen| cell.change > seen),
        };
        self.cells.iter().zip(self.stale()).map(view).collect()
    }

    /// Returns one cell as a reader sees it.
    pub(crate) fn view(&self, running: &Running, id: &str) -> Result<CellView, Fault> {
        let position = self.position(id)?;
        let cell = &self.cells[position];
        Ok(CellView {
            cell: Arc::clone(cell),
            stale: self.stale()[position],
            running: running.runs(&cell.id),
            is_update: None,
        })
    }

    /// Returns the number of a cell, counted from 0.
    pub(crate) fn position(&self, id: &str) -> Result<usize, Fault> {
        self.cells
            .iter()
            .position(|cell| cell.id == id)
            .ok_or_else(|| {
                Fault::new(
                    ErrorCode::CellNotFound,
                    format!("The notebook has no cell {:?}.", text::line(id, 80)),
                )
            })
    }

    /// Marks what a cell shows, and what those show that ran after it, as undone.
    pub(crate) fn take_back(&mut self, id: &str) -> Result<(), Fault> {
        let position = self.position(id)?;
        let since = self.cells[position].ran.map_or(0, |ran| ran.at);
        for index in 0..self.cells.len() {
            let later = self.cells[index].ran.is_some_and(|ran| ran.at >= since);
            if later || index == position {
                self.touch(index, |cell| cell.undone = true);
            }
        }
        Ok(())
    }

    /// Tells for every cell whether what it shows is out of date: it was edited since it ran, or
    /// undone, or a cell above it ran later. A cell that never ran shows nothing that could be.
    fn stale(&self) -> Vec<bool> {
        let mut latest_above = 0;
        let of_cell = |cell: &Arc<Cell>| {
            let Some(ran) = cell.ran.filter(|_| !cell.undone) else {
                return cell.undone;
            };
            let stale = ran.at < latest_above || ran.source != cell::digest(cell.source.as_bytes());
            latest_above = latest_above.max(ran.at);
            stale
        };
        self.cells.iter().map(of_cell).collect()
    }

    /// Returns the ids of the cells that show what is out of date.
    pub(crate) fn stale_cells(&self) -> Vec<String> {
        let cells = self.cells.iter().zip(self.stale());
        let stale = cells.filter(|(_, stale)| *stale);
        stale.map(|(cell, _)| cell.id.clone()).collect()
    }

    /// Sets the state of the widgets that a run made, for viewers to show them from.
    fn set_widgets(&mut self, state: Value) {
        let widgets = serde_json::json!({"application/vnd.jupyter.widget-state+json": state});
        if self.metadata.get("widgets") != Some(&widgets) {
            self.revision += 1;
            self.metadata.insert("widgets".into(), widgets);
        }
    }

    /// Marks a change of a cell that is no edit: its outputs or its count.
    fn touch(&mut self, position: usize, change: impl FnOnce(&mut Cell)) {
        self.revision += 1;
        let cell = Arc::make_mut(&mut self.cells[position]);
        change(cell);
        cell.change = self.revision;
    }
}

#[cfg(test)]
mod tests;
