//! What changed between two states of a document, as its watchers are told.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use super::{Cell, Document, Running};
use crate::session::Notice;

impl Document {
    /// Returns the notices that lead from an earlier state to this one: first the order of the
    /// cells, then each cell that is new or different. Cells that are the same are shared by both
    /// states, so that they are told by where they are in memory.
    pub(crate) fn notices_since(&self, before: &Self, running: &Running) -> Vec<Notice> {
        let mut notices = Vec::new();
        notices.extend(self.moved_since(before));
        let known: HashMap<&str, &Arc<Cell>> = before
            .cells
            .iter()
            .map(|cell| (cell.id.as_str(), cell))
            .collect();
        let stale = self.stale();
        for (index, cell) in self.cells.iter().enumerate() {
            if known
                .get(cell.id.as_str())
                .is_some_and(|known| Arc::ptr_eq(known, cell) || *known == cell)
            {
                continue;
            }
            notices.push(Notice::CellChanged {
                revision: self.revision,
                stale: stale[index],
                running: running.runs(&cell.id),
                cell: json!(cell.as_ref()),
            });
        }
        notices
    }

    /// Returns which part of the order was replaced by which.
    fn moved_since(&self, before: &Self) -> Option<Notice> {
        let same = |(new, old): &(&Arc<Cell>, &Arc<Cell>)| new.id == old.id;
        let at = self
            .cells
            .iter()
            .zip(&before.cells)
            .take_while(same)
            .count();
        let (new, old) = (&self.cells[at..], &before.cells[at..]);
        let behind = new
            .iter()
            .rev()
            .zip(old.iter().rev())
            .take_while(same)
            .count();
        let (new, removed) = (&new[..new.len() - behind], old.len() - behind);
        if new.is_empty() && removed == 0 {
            return None;
        }
        let cells = new.iter().map(|cell| cell.id.clone()).collect();
        Some(Notice::CellsMoved {
            revision: self.revision,
            at,
            removed,
            cells,
        })
    }
}
