//! One running of one cell: what was asked, and how it ended.

use python_wasm::jupyter_protocol::ErrorOutput;
use python_wasm::{CheckpointId, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::Span;

use super::admission::Priority;
use crate::error_code::Fault;
use crate::id::NotebookId;
use crate::tenant::Caller;

/// Code to be run in a session.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    /// Who runs it.
    pub(crate) by: Caller,
    pub(crate) code: String,
    /// The notebook and the cell that it is from.
    pub(crate) notebook: Option<NotebookId>,
    pub(crate) cell: Option<String>,
    pub(crate) priority: Priority,
    /// `input()` may ask.
    pub(crate) allow_stdin: bool,
    /// Run without outputs, history or a count.
    pub(crate) silent: bool,
    pub(crate) store_history: bool,
    /// Who asks for it, in a trace; once it is queued, itself.
    pub(crate) span: Span,
}

impl Submission {
    /// Returns code that is shown and kept in the history, and may ask no questions.
    pub(crate) fn new(by: &Caller, code: impl Into<String>) -> Self {
        Self {
            by: by.clone(),
            code: code.into(),
            notebook: None,
            cell: None,
            priority: Priority::Normal,
            allow_stdin: false,
            silent: false,
            store_history: true,
            span: Span::current(),
        }
    }

    /// Returns the digest that equal code has.
    pub(crate) fn hash(&self) -> String {
        blake3::hash(self.code.as_bytes()).to_hex().to_string()
    }
}

/// How an execution ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Finished {
    /// `ok`, `error`, `interrupted`, `limit`, `killed`, or `lost` when its worker ended.
    pub(crate) outcome: String,
    /// The exception, the limit or the reason, when it is not `ok`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) error: Value,
    pub(crate) execution_count: Option<u64>,
    pub(crate) usage: Usage,
    /// The state before it; nothing for the image's own.
    pub(crate) checkpoint_before: Option<CheckpointId>,
    /// The state after it; nothing when it could not be stored.
    pub(crate) checkpoint_after: Option<CheckpointId>,
    /// Why what came of it is not stored, when it is not: its effects are in memory only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_stored: Option<NotStored>,
}

impl Finished {
    /// Returns the end of an execution whose effects are gone: the state is the one before it.
    pub(crate) fn lost(error: Value, checkpoint: Option<CheckpointId>) -> Self {
        Self {
            outcome: "lost".into(),
            error,
            execution_count: None,
            usage: Usage::default(),
            checkpoint_before: checkpoint.clone(),
            checkpoint_after: checkpoint,
            not_stored: None,
        }
    }
}

/// Returns what the cell of a lost execution shows, and the reason as rows and events have it.
pub(crate) fn loss(message: &str) -> (ErrorOutput, Value) {
    let output = ErrorOutput {
        ename: "CellLost".into(),
        evalue: message.to_owned(),
        traceback: vec![format!("\u{1b}[0;31mCellLost\u{1b}[0m: {message}")],
    };
    (output, json!({"message": message}))
}

/// Why something could not be stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NotStored {
    /// A number of the table of errors.
    pub(crate) code: u32,
    pub(crate) message: String,
}

impl From<&Fault> for NotStored {
    fn from(fault: &Fault) -> Self {
        Self {
            code: fault.code.meaning().number,
            message: fault.message.clone().into_owned(),
        }
    }
}
