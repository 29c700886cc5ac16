//! The executions of a notebook's cells: their messages become outputs of the document.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use python_wasm::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::cell::{Cell, Ran, digest};
use super::{Document, NotRun};
use crate::error_code::Fault;
use crate::id::ExecutionId;
use crate::notebook::{CellKind, Outputs, kept, repair_output};

/// What a notebook is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Nothing runs, and what ran last went well.
    Idle,
    /// A cell runs or waits to run.
    Running,
    /// The last cell that ran failed.
    Error,
}

/// The beginning of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) execution: ExecutionId,
    /// The number of an event of its session behind which all of its own are.
    pub(crate) after: u64,
}

/// Cells and their executions; one that waits for those before it has none yet.
pub(crate) type UnderWay = BTreeMap<String, Option<Begun>>;

/// What runs now. It is no part of the document: a copy of the document has no executions, and a
/// document that is taken back to what was saved keeps the outputs that came in between.
#[derive(Default)]
pub(crate) struct Running {
    cells: BTreeMap<String, Begun>,
    /// Cells that wait to run, and how many runs each waits for.
    waiting: BTreeMap<String, usize>,
    /// What has ended, and of which the file does not tell yet.
    ended: UnderWay,
    outputs: Outputs<String>,
    /// Cells whose outputs are newer here than in the document.
    ahead: BTreeSet<String>,
    failed: bool,
}

impl Running {
    /// Tells whether the cell runs or waits to run.
    pub(crate) fn runs(&self, cell: &str) -> bool {
        self.cells.contains_key(cell) || self.waiting.contains_key(cell)
    }

    /// Returns the cells that run or wait to run.
    pub(crate) fn cells(&self) -> BTreeSet<&str> {
        let cells = self.cells.keys().chain(self.waiting.keys());
        cells.map(String::as_str).collect()
    }

    /// Returns what runs or waits to run, and what has ended and is in no file yet.
    pub(crate) fn under_way(&self) -> UnderWay {
        let waiting = self.waiting.keys().map(|cell| (cell.clone(), None));
        let mut under_way: UnderWay = waiting.collect();
        under_way.extend(self.ended.clone());
        let begun = self.cells.iter();
        under_way.extend(begun.map(|(cell, begun)| (cell.clone(), Some(*begun))));
        under_way
    }

    /// Has something that ended be remembered until it is saved.
    pub(crate) fn remember(&mut self, ended: UnderWay) {
        self.ended.extend(ended);
    }

    /// Forgets what has ended and is saved now, of what was under way then.
    pub(crate) fn have_saved(&mut self, then: &UnderWay) {
        self.ended
            .retain(|cell, begun| then.get(cell) != Some(begun));
    }

    /// Returns what the notebook is doing.
    pub(crate) fn status(&self) -> Status {
        let rests = self.cells.is_empty() && self.waiting.is_empty();
        match (rests, self.failed) {
            (false, _) => Status::Running,
            (true, true) => Status::Error,
            (true, false) => Status::Idle,
        }
    }

    /// Brings what came in to the document; for whoever looks at it or saves it.
    pub(crate) fn settle(&mut self, document: &mut Document) {
        for cell in std::mem::take(&mut self.ahead) {
            self.show(document, &cell);
        }
    }

    /// Shows cells as waiting for a run.
    pub(crate) fn queue(&mut self, cells: impl IntoIterator<Item = String>) {
        for cell in cells {
            *self.waiting.entry(cell).or_default() += 1;
        }
    }

    /// Shows a cell as not waiting for that run any more.
    pub(crate) fn unqueue(&mut self, cell: &str) {
        if let Some(runs) = self.waiting.get_mut(cell) {
            *runs -= 1;
            if *runs == 0 {
                self.waiting.remove(cell);
            }
        }
    }

    /// Gives up the cells that wait for a run, and says in them why if there is something to say.
    pub(crate) fn give_up(
        &mut self,
        document: &mut Document,
        cells: impl IntoIterator<Item = String>,
        why: Option<&NotRun>,
    ) {
        let cells: HashSet<String> = cells.into_iter().collect();
        if let Some(why) = why {
            document.mark_not_run(&cells, why);
        }
        for cell in &cells {
            self.unqueue(cell);
        }
    }

    /// Begins an execution of this source: what the cell showed before goes away.
    pub(crate) fn begin(
        &mut self,
        document: &mut Document,
        cell: &str,
        begun: Begun,
        source: &str,
    ) -> Result<(), Fault> {
        let position = document.position(cell)?;
        self.clear(document, Some(cell))?;
        document.revision += 1;
        let at = document.revision;
        let found = Arc::make_mut(&mut document.cells[position]);
        found.undone = false;
        found.ran = Some(Ran {
            at,
            source: digest(source.as_bytes()),
        });
        self.ended.remove(cell);
        self.unqueue(cell);
        self.cells.insert(cell.to_owned(), begun);
        Ok(())
    }

    /// Takes a message of a running cell. One of an execution that the notebook does not know, or
    /// no longer, changes nothing.
    pub(crate) fn take(
        &mut self,
        document: &Document,
        cell: &str,
        execution: ExecutionId,
        event: Event,
    ) {
        if self.has(cell, execution) {
            self.recall_widget(document, &event);
            self.ahead
                .extend(self.outputs.take(&cell.to_owned(), event));
        }
    }

    /// Takes what a message that belongs to no cell tells of a widget; says whether it does.
    pub(crate) fn take_widget(&mut self, document: &Document, event: &Event) -> bool {
        self.recall_widget(document, event);
        self.outputs.take_widget(event)
    }

    /// Before a widget of an earlier service changes, what the document knows of it is remembered.
    fn recall_widget(&mut self, document: &Document, event: &Event) {
        if let Event::CommMsg(comm) = event {
            let comm = comm.content.comm_id.0.as_str();
            self.outputs
                .recall_widget(comm, || document.widget(comm).cloned());
        }
    }

    /// Brings the state of the widgets into the document.
    pub(crate) fn keep_widgets(&self, document: &mut Document) {
        if let Some(state) = self.outputs.widgets() {
            document.set_widgets(state);
        }
    }

    /// Ends an execution.
    pub(crate) fn finish(
        &mut self,
        document: &mut Document,
        cell: &str,
        execution: ExecutionId,
        execution_count: Option<u64>,
        failed: bool,
    ) {
        if !self.has(cell, execution) {
            return;
        }
        let ended = self.cells.remove_entry(cell);
        self.ended
            .extend(ended.map(|(cell, begun)| (cell, Some(begun))));
        self.failed = failed;
        // What it showed is complete, and large outputs can go to files.
        self.ahead.insert(cell.to_owned());
        self.settle(document);
        if let (Ok(position), Some(count)) = (document.position(cell), execution_count)
            && document.cells[position].execution_count != Some(count)
        {
            document.touch(position, |cell| cell.execution_count = Some(count));
        }
        self.keep_widgets(document);
    }

    /// Ends an execution that a service before this one began: it shows what its session knows of it.
    pub(crate) fn replay(
        &mut self,
        document: &mut Document,
        cell: &str,
        begun: Begun,
        events: Vec<Event>,
        end: (Option<u64>, bool),
    ) {
        self.cells.insert(cell.to_owned(), begun);
        for event in events {
            self.take(document, cell, begun.execution, event);
        }
        self.finish(document, cell, begun.execution, end.0, end.1);
    }

    /// Ends such an execution of which nothing is known: what it showed stays, and the error follows.
    pub(crate) fn break_off(&mut self, document: &mut Document, cell: &str, error: Value) {
        self.failed = true;
        if let Ok(position) = document.position(cell)
            && document.cells[position].kind == CellKind::Code
        {
            document.touch(position, |cell| cell.outputs.push(error));
        }
    }

    /// Removes the outputs of one cell, or of all, here and in the document.
    pub(crate) fn clear(
        &mut self,
        document: &mut Document,
        cell: Option<&str>,
    ) -> Result<(), Fault> {
        document.clear(cell)?;
        match cell {
            Some(cell) => {
                self.outputs.begin(&cell.to_owned());
                self.ahead.remove(cell);
            }
            None => {
                self.outputs = Outputs::default();
                self.ahead.clear();
            }
        }
        Ok(())
    }

    /// Brings everything of the running cells to the document again, which was taken back to what
    /// was saved.
    pub(crate) fn again(&mut self) {
        // What waits to run shows what is saved.
        self.ahead.extend(self.cells.keys().cloned());
    }

    fn has(&self, cell: &str, execution: ExecutionId) -> bool {
        let begun = self.cells.get(cell);
        begun.is_some_and(|begun| begun.execution == execution)
    }

    fn show(&self, document: &mut Document, id: &str) {
        let Ok(position) = document.position(id) else {
            return;
        };
        if document.cells[position].kind != CellKind::Code {
            return;
        }
        let outputs =
            serde_json::to_value(self.outputs.of_cell(&id.to_owned())).expect("outputs are JSON");
        let Value::Array(mut outputs) = outputs else {
            return;
        };
        // As a file that is read has them, so that both are the same.
        outputs = outputs
            .into_iter()
            .filter_map(|output| repair_output::repaired(output).ok())
            .collect();
        if !self.runs(id) {
            outputs = kept::shrink(outputs, &mut document.unwritten);
        }
        if document.cells[position].outputs != outputs {
            document.touch(position, |cell: &mut Cell| cell.outputs = outputs);
        }
    }
}
