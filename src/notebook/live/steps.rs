//! What of undo and redo is kept beside a notebook's row, so that both go on after a restart: the steps
//! nearest to the present, numbered in the order in which they were made.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Document;
use super::history::{Change, History, Step};
use super::{Cell, cell};

/// Bytes of steps that are kept, as JSON.
const MOST_KEPT: usize = 1 << 20;

/// What is remembered of a history besides its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The number of the last step that was not taken back, 0 for none.
    at: u64,
    /// The numbers of the steps that are kept. Without one of them the others lead nowhere.
    kept: Vec<u64>,
    /// The digest of the cells that the steps lead to.
    content: u64,
}

/// How the kept steps change with a writing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StepsChange {
    /// The numbers of the first and the last of those that stay; all others go.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Those that come then, as JSON.
    pub(crate) added: Vec<(u64, String)>,
}

impl History {
    /// Returns the steps that are kept, in the order of their numbers: first those to be undone next
    /// find room, then those to be redone next.
    fn kept(&self) -> Vec<&Step> {
        let mut room = MOST_KEPT;
        let mut fits = |step: &&Step| {
            // What is far too large is not even written as JSON.
            let left = match step.stored_weight() <= room {
                true => room.checked_sub(step.json().len()),
                false => None,
            };
            // Behind one that finds no room, no other does.
            room = left.unwrap_or(0);
            left.is_some()
        };
        let mut kept: Vec<_> = self.done.iter().rev().take_while(&mut fits).collect();
        kept.reverse();
        kept.extend(self.undone.iter().rev().take_while(&mut fits));
        kept
    }
}

impl Document {
    /// Returns what has to be remembered for the history to be found again.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            at: self.history.done.back().map_or(0, |step| step.number),
            kept: numbers(&self.history.kept()),
            content: self.content(),
        }
    }

    /// Returns what has to be written of the history for it to be kept; nothing when it is.
    pub(crate) fn steps_since(&self, saved: &Self) -> Option<StepsChange> {
        let (now, before) = (self.history.kept(), numbers(&saved.history.kept()));
        if numbers(&now) == before {
            return None;
        }
        // What goes was before or behind what stays: the oldest, and what was taken back.
        let (stay, come): (Vec<&Step>, Vec<&Step>) = now
            .into_iter()
            .partition(|step| before.contains(&step.number));
        Some(StepsChange {
            first: stay.first().map_or(1, |step| step.number),
            last: stay.last().map_or(0, |step| step.number),
            added: come
                .into_iter()
                .map(|step| (step.number, step.json().to_owned()))
                .collect(),
        })
    }

    /// Takes up a history that was kept. When the cells are not those that it leads to, because another
    /// program wrote the file, or it cannot be read, there is none.
    pub(crate) fn recall(&mut self, mark: Mark, steps: Vec<(u64, String)>) {
        let there = steps.iter().map(|(number, _)| *number);
        if mark.content != self.content() || !there.eq(mark.kept) {
            return;
        }
        let mut history = History::default();
        for (number, json) in steps {
            let Ok(changes) = serde_json::from_str::<Vec<Change>>(&json) else {
                tracing::error!("a step of a notebook's history cannot be read");
                return;
            };
            history.recall(number, changes, mark.at);
        }
        self.history = history;
    }

    /// Returns a number that other cells, or cells in another order, do not have.
    fn content(&self) -> u64 {
        let mut bytes = Vec::with_capacity(self.cells.len() * 32);
        for cell in &self.cells {
            bytes.extend_from_slice(cell.id.as_bytes());
            bytes.extend_from_slice(&cell.content_digest().to_le_bytes());
        }
        cell::digest(&bytes)
    }
}

impl Mark {
    /// Returns the number of the last step that is kept, 0 for none.
    pub(crate) fn last(&self) -> u64 {
        self.kept.last().copied().unwrap_or(0)
    }
}

fn numbers(steps: &[&Step]) -> Vec<u64> {
    steps.iter().map(|step| step.number).collect()
}

/// Cells of changes, which share them with the document.
pub(super) mod shared {
    use serde::{Deserializer, Serializer};

    use super::{Arc, Cell, Deserialize, Serialize};

    pub(in super::super) fn serialize<S: Serializer>(
        cell: &Arc<Cell>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        cell.as_ref().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Cell>, D::Error> {
        Cell::deserialize(deserializer).map(Arc::new)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::notebook::live::{CellPatch, NewCell, Place, Tracking};

    fn cell(source: &str) -> NewCell {
        serde_json::from_value(serde_json::json!({"source": source})).expect("a cell")
    }

    fn write(document: &mut Document, index: usize, source: &str) {
        let (id, revision) = {
            let cell = &document.cells()[index];
            (cell.id.clone(), cell.revision)
        };
        let patch = CellPatch {
            source: Some(source.into()),
            ..CellPatch::default()
        };
        document.edit(&id, revision, patch).expect("it is current");
    }

    fn sources(document: &Document) -> Vec<String> {
        let cells = document.cells().iter();
        cells.map(|cell| cell.source.clone()).collect()
    }

    /// The rows in which steps are kept.
    #[derive(Default)]
    struct Rows(BTreeMap<u64, String>);

    impl Rows {
        fn save(&mut self, document: &Document, saved: &mut Document) {
            if let Some(change) = document.steps_since(saved) {
                self.0
                    .retain(|number, _| (change.first..=change.last).contains(number));
                self.0.extend(change.added);
            }
            *saved = document.clone();
        }

        /// Reads the document as after a restart.
        fn read(&self, document: &Document, file: &str) -> Document {
            let tracking = serde_json::to_string(&document.tracking()).expect("JSON");
            let mut tracking: Tracking = serde_json::from_str(&tracking).expect("it is read");
            let mark = tracking.history.take().expect("it was remembered");
            let mut read = Document::read(file, document.revision(), tracking).expect("it reads");
            let steps = self.0.range(..=mark.last());
            read.recall(
                mark,
                steps
                    .map(|(number, step)| (*number, step.clone()))
                    .collect(),
            );
            read
        }
    }

    /// Takes steps back and makes them again, and returns what was seen on the way.
    fn all_ways(mut document: Document) -> Vec<Vec<String>> {
        let mut seen = Vec::new();
        while document.redo().is_ok() {
            seen.push(sources(&document));
        }
        while document.undo().is_ok() {
            seen.push(sources(&document));
        }
        seen
    }

    #[test]
    fn a_history_goes_on_after_a_restart() {
        let mut document = Document::with(vec![cell("a"), cell("b")]).expect("cells");
        let (mut rows, mut saved) = (Rows::default(), document.clone());
        write(&mut document, 0, "a1");
        rows.save(&document, &mut saved);
        write(&mut document, 1, "b1");
        let last = document.cells()[1].id.clone();
        document.add(&Place::End, cell("c")).expect("it fits");
        rows.save(&document, &mut saved);
        let revision = document.cells()[1].revision;
        document.delete(&last, revision).expect("it is current");
        document.undo().expect("there is something");
        document.undo().expect("there is something");
        rows.save(&document, &mut saved);
        let read = rows.read(&document, &document.to_file());
        assert_eq!(read.can_undo_and_redo(), (true, true));
        let ways = all_ways(document.clone());
        assert_eq!(ways.len(), 6, "two again, four back: {ways:?}");
        assert_eq!(all_ways(read.clone()), ways);
        // A new edit takes the place of what was taken back.
        let mut read = read;
        let mut saved = read.clone();
        write(&mut read, 0, "a2");
        rows.save(&read, &mut saved);
        let again = rows.read(&read, &read.to_file());
        assert_eq!(again.can_undo_and_redo(), (true, false));
        assert_eq!(all_ways(again), all_ways(read));
    }

    #[test]
    fn a_file_that_another_program_wrote_has_no_history() {
        let mut document = Document::with(vec![cell("a"), cell("b")]).expect("cells");
        let (mut rows, mut saved) = (Rows::default(), document.clone());
        write(&mut document, 0, "one");
        rows.save(&document, &mut saved);
        let file = document.to_file();
        let control = rows.read(&document, &file);
        assert_eq!(control.can_undo_and_redo(), (true, false));
        let other = rows.read(&document, &file.replace("one", "two"));
        assert_eq!(other.can_undo_and_redo(), (false, false));
        // Nor has one of whose steps one is missing.
        write(&mut document, 0, "three");
        rows.save(&document, &mut saved);
        rows.0.pop_first();
        let holed = rows.read(&document, &document.to_file());
        assert_eq!(holed.can_undo_and_redo(), (false, false));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut document = Document::with(vec![cell("a")]).expect("cells");
        let (mut rows, mut saved) = (Rows::default(), document.clone());
        for number in 0..50 {
            write(&mut document, 0, &format!("{number}").repeat(20_000));
            rows.save(&document, &mut saved);
        }
        let bytes: usize = rows.0.values().map(String::len).sum();
        assert!((MOST_KEPT / 2..=MOST_KEPT).contains(&bytes), "{bytes}");
        let kept = rows.0.len();
        let read = rows.read(&document, &document.to_file());
        assert_eq!(all_ways(read), all_ways(document.clone())[..kept]);
        // What was taken back is kept too, nearest first.
        for _ in 0..3 {
            document.undo().expect("there is something");
        }
        rows.save(&document, &mut saved);
        let read = rows.read(&document, &document.to_file());
        assert!(read.can_undo_and_redo().0);
        let too_large = "x".repeat(MOST_KEPT);
        write(&mut document, 0, &too_large);
        rows.save(&document, &mut saved);
        assert!(
            rows.0.is_empty(),
            "the last is too large, and hides those before it"
        );
    }
}
