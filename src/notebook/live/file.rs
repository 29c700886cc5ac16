//! A live notebook as a file, and what is remembered of it besides: revisions and readers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::cell::{Cell, Ran};
use super::history::History;
use super::steps::Mark;
use super::{Document, NotRun, Readers};
use crate::notebook::document::{self, Notebook};
use crate::notebook::{CellKind, NotebookError, kept, repair_output};

/// What a file cannot say: the revisions of its cells, and what readers acknowledged. Kept apart
/// from the file, so that it stays what any other program writes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tracking {
    cells: BTreeMap<String, Tracked>,
    readers: Readers,
    /// What is kept of undo and redo.
    #[serde(default)]
    pub(crate) history: Option<Mark>,
}

/// What is remembered of a cell. The digests tell whether another program has changed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tracked {
    revision: u64,
    change: u64,
    content: u64,
    shown: u64,
    /// When it ran, and the digest of what ran.
    ran: Option<(u64, u64)>,
    #[serde(default)]
    undone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_run: Option<NotRun>,
}

impl Document {
    /// Returns a notebook without cells.
    pub(crate) fn empty() -> Self {
        Self::of(Notebook::from_cells(Vec::new()), 0, Tracking::default())
    }

    /// Reads a file. Cells that are as they were remembered keep their revisions; all others
    /// count as changed after `revision`.
    pub(crate) fn read(
        text: &str,
        revision: u64,
        tracking: Tracking,
    ) -> Result<Self, NotebookError> {
        Ok(Self::of(Notebook::read(text)?, revision, tracking))
    }

    /// Makes a document of a notebook that was read.
    pub(crate) fn of(notebook: Notebook, revision: u64, tracking: Tracking) -> Self {
        let (metadata, cells) = notebook.into_parts();
        let mut unwritten = BTreeMap::new();
        let (mut latest, next) = (revision, revision + 1);
        let cells = cells.into_iter().map(|cell| {
            let mut cell = of_file(cell, &mut unwritten);
            let tracked = tracking.cells.get(&cell.id);
            let content = tracked.filter(|tracked| tracked.content == cell.content_digest());
            let whole = content.filter(|tracked| tracked.shown == cell.shown_digest());
            cell.revision = content.map_or(next, |tracked| tracked.revision);
            cell.change = whole.map_or(next, |tracked| tracked.change);
            cell.ran = whole
                .and_then(|tracked| tracked.ran)
                .map(|(at, source)| Ran { at, source });
            cell.undone = whole.is_some_and(|tracked| tracked.undone);
            cell.not_run = whole.and_then(|tracked| tracked.not_run.clone());
            latest = latest.max(cell.change);
            Arc::new(cell)
        });
        Self {
            cells: cells.collect(),
            metadata,
            revision: latest,
            readers: tracking.readers,
            history: History::default(),
            unwritten,
        }
    }

    /// Returns the document as a file.
    pub(crate) fn to_file(&self) -> String {
        self.to_file_with(|cell| to_file(cell, cell.outputs.clone()))
    }

    /// Returns the document as a file whose cells have these outputs instead of their own.
    pub(crate) fn to_file_of(&self, outputs: &[Vec<Value>]) -> String {
        let mut outputs = outputs.iter();
        self.to_file_with(|cell| to_file(cell, outputs.next().cloned().unwrap_or_default()))
    }

    fn to_file_with(&self, of_cell: impl FnMut(&Arc<Cell>) -> Map<String, Value>) -> String {
        let cells: Vec<_> = self.cells.iter().map(of_cell).collect();
        document::written(self.metadata.clone(), &cells)
    }

    /// Returns what is to be remembered besides the file.
    pub(crate) fn tracking(&self) -> Tracking {
        let of_cell = |cell: &Arc<Cell>| {
            let tracked = Tracked {
                revision: cell.revision,
                change: cell.change,
                content: cell.content_digest(),
                shown: cell.shown_digest(),
                ran: cell.ran.map(|ran| (ran.at, ran.source)),
                undone: cell.undone,
                not_run: cell.not_run.clone(),
            };
            (cell.id.clone(), tracked)
        };
        Tracking {
            cells: self.cells.iter().map(of_cell).collect(),
            readers: self.readers.clone(),
            history: Some(self.mark()),
        }
    }
}

/// Returns the cell of a repaired notebook.
fn of_file(mut cell: Map<String, Value>, unwritten: &mut BTreeMap<String, Arc<[u8]>>) -> Cell {
    let kind = match cell.get("cell_type").and_then(Value::as_str) {
        Some("code") => CellKind::Code,
        Some("markdown") => CellKind::Markdown,
        Some(_) | None => CellKind::Raw,
    };
    let mut object = |key: &str| match cell.remove(key) {
        Some(Value::Object(object)) => Some(object),
        Some(_) | None => None,
    };
    let (metadata, attachments) = (
        object("metadata").unwrap_or_default(),
        object("attachments"),
    );
    let outputs = match cell.remove("outputs") {
        Some(Value::Array(outputs)) => kept::shrink(outputs, unwritten),
        Some(_) | None => Vec::new(),
    };
    Cell {
        id: cell
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        kind,
        source: cell
            .remove("source")
            .and_then(repair_output::text_of)
            .unwrap_or_default(),
        metadata,
        attachments,
        outputs,
        execution_count: cell.get("execution_count").and_then(Value::as_u64),
        revision: 0,
        change: 0,
        undone: false,
        not_run: None,
        ran: None,
    }
}

/// Returns a cell as a file has it: texts are lists of lines, which version control compares well.
fn to_file(cell: &Cell, outputs: Vec<Value>) -> Map<String, Value> {
    let mut file = Map::new();
    file.insert("id".into(), json!(cell.id));
    file.insert("cell_type".into(), json!(cell.kind.name()));
    file.insert("metadata".into(), Value::Object(cell.metadata.clone()));
    file.insert("source".into(), lines(&cell.source));
    if let Some(attachments) = &cell.attachments {
        file.insert("attachments".into(), Value::Object(attachments.clone()));
    }
    if cell.kind == CellKind::Code {
        file.insert("execution_count".into(), json!(cell.execution_count));
        let outputs = outputs.into_iter().map(output_to_file).collect();
        file.insert("outputs".into(), Value::Array(outputs));
    }
    file
}

fn output_to_file(mut output: Value) -> Value {
    if let Some(Value::String(text)) = output.get("text") {
        output["text"] = lines(text);
    }
    if let Some(Value::Object(data)) = output.get_mut("data") {
        for (mime, value) in data.iter_mut() {
            if let Value::String(text) = value
                && !repair_output::is_json(mime)
            {
                *value = lines(text);
            }
        }
    }
    output
}

fn lines(text: &str) -> Value {
    json!(text.split_inclusive('\n').collect::<Vec<_>>())
}
