//! A cell of a live notebook.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::NotRun;
use crate::notebook::CellKind;

/// A cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Cell {
    /// Stays the same as long as the cell lives, whatever happens to it.
    #[serde(rename = "cell_id")]
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) id: String,
    #[serde(rename = "cell_type")]
    pub(crate) kind: CellKind,
    pub(crate) source: String,
    #[schema(value_type = Object)]
    pub(crate) metadata: Map<String, Value>,
    /// Files that text refers to as `attachment:name`, as nbformat has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) attachments: Option<Map<String, Value>>,
    /// As nbformat has them. Large data stands in files that `metadata.cellblock.kept` names.
    #[schema(value_type = Vec<Object>)]
    pub(crate) outputs: Vec<Value>,
    pub(crate) execution_count: Option<u64>,
    /// The notebook's revision when the cell was last written; a write has to carry it.
    pub(crate) revision: u64,
    /// The notebook's revision when the cell was last changed in any way, by outputs too.
    pub(crate) change: u64,
    /// What it shows is from an execution whose effects on the variables were undone.
    pub(crate) undone: bool,
    /// Why it was not run when it was last to be; gone as soon as it runs or is edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_run: Option<NotRun>,
    #[serde(skip)]
    pub(crate) ran: Option<Ran>,
}

/// When and what a cell ran last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The notebook's revision at its beginning.
    pub(crate) at: u64,
    /// The digest of the source that ran.
    pub(crate) source: u64,
}

/// A cell as somebody sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellView {
    #[serde(flatten, serialize_with = "shared")]
    #[schema(value_type = Cell)]
    pub(crate) cell: Arc<Cell>,
    /// It was edited since it ran, or a cell above it ran later.
    pub(crate) stale: bool,
    /// It runs or waits to run.
    pub(crate) running: bool,
    /// It changed since the reader who asks acknowledged; only there when a reader is named.
    #[serde(rename = "isUpdate", skip_serializing_if = "Option::is_none")]
    pub(crate) is_update: Option<bool>,
}

fn shared<S: Serializer>(cell: &Arc<Cell>, serializer: S) -> Result<S::Ok, S::Error> {
    cell.as_ref().serialize(serializer)
}

impl Cell {
    /// Tells whether the cell has the tag.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        let tags = self.metadata.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|found| found == tag))
    }

    /// Tells whether both hold the same, whatever has run.
    pub(super) fn same_content(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.source == other.source
            && self.metadata == other.metadata
            && self.attachments == other.attachments
    }

    /// Returns what was written into the cell as a number that another content does not have.
    pub(super) fn content_digest(&self) -> u64 {
        digest_of(&(self.kind, &self.source, &self.metadata, &self.attachments))
    }

    /// Returns what the cell shows as a number that other outputs do not have.
    pub(super) fn shown_digest(&self) -> u64 {
        digest_of(&(&self.outputs, self.execution_count))
    }
}

/// Returns the first eight bytes of a hash.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    u64::from_le_bytes(first)
}

fn digest_of(value: &impl Serialize) -> u64 {
    digest(&serde_json::to_vec(value).expect("a cell is JSON"))
}
