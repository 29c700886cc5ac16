//! One running of one cell: what was asked, and how it ended.

use std::collections::BTreeMap;

use python_wasm::jupyter_protocol::ErrorOutput;
use python_wasm::{Cell, CheckpointId, CommMessage, Delivery, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tracing::Span;

use super::admission::Priority;
use crate::error_code::Fault;
use crate::id::NotebookId;
use crate::jupyter::Header;
use crate::store::executions::ExecutionRow;
use crate::tenant::Caller;
use crate::worker::protocol::Turn;

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
    /// When it fails, what waits behind it is not run.
    pub(crate) stop_on_error: bool,
    /// Expressions to be evaluated when it has run, by names of the caller's.
    pub(crate) user_expressions: Map<String, Value>,
    /// Environment variables that are set while it runs. No row and no event has them.
    pub(crate) environment: BTreeMap<String, String>,
    /// The header of the Jupyter message that asked for it.
    pub(crate) message: Option<Header>,
    /// A message for an object of the session, to be delivered in place of the code.
    pub(crate) comm: Option<CommMessage>,
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
            stop_on_error: false,
            user_expressions: Map::new(),
            environment: BTreeMap::new(),
            message: None,
            comm: None,
            span: Span::current(),
        }
    }

    /// Returns a message of a front end to an object of the session; its code only says so.
    pub(crate) fn of_comm(by: &Caller, message: CommMessage) -> Self {
        let (kind, id) = match &message {
            CommMessage::CommOpen(comm) => ("comm_open", &comm.content.comm_id),
            CommMessage::CommMsg(comm) => ("comm_msg", &comm.content.comm_id),
            CommMessage::CommClose(comm) => ("comm_close", &comm.content.comm_id),
        };
        let code = format!("# {kind} {}", crate::text::line(&id.0, 80));
        Self {
            comm: Some(message),
            store_history: false,
            ..Self::new(by, code)
        }
    }

    /// Returns the digest that equal code has.
    pub(crate) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.code.as_bytes());
        if let Some(comm) = &self.comm {
            hasher.update(&serde_json::to_vec(comm).unwrap_or_default());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Returns what the worker is to run, with the fuel that is left of the tenant's day.
    pub(super) fn turn(&self, fuel_of_day: u64) -> Turn {
        let message_id = self.message.as_ref().map(|header| header.id().to_owned());
        let fuel_of_day = Some(fuel_of_day);
        match &self.comm {
            Some(message) => Turn::Comm(Delivery {
                message: message.clone(),
                message_id,
                fuel_of_day,
            }),
            None => Turn::Cell(Cell {
                code: self.code.clone(),
                id: self.cell.clone(),
                silent: self.silent,
                store_history: self.store_history,
                allow_stdin: self.allow_stdin,
                fuel_of_day,
                user_expressions: self.user_expressions.clone(),
                environment: self.environment.clone(),
                message_id,
            }),
        }
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
    /// What the expressions came to that were to be evaluated, as Jupyter's `execute_reply` has it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) user_expressions: Map<String, Value>,
    /// What the front end is asked to do besides, for example to show a page of help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) payload: Vec<Value>,
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
            user_expressions: Map::new(),
            payload: Vec::new(),
            checkpoint_before: checkpoint.clone(),
            checkpoint_after: checkpoint,
            not_stored: None,
        }
    }

    /// Tells whether it was taken back, or refused when it was its turn.
    pub(crate) fn never_began(&self) -> bool {
        self.execution_count.is_none() && self.outcome != "lost"
    }

    /// Returns the end of an execution as far as its row has it; nothing for one without an end.
    pub(crate) fn stored(row: &ExecutionRow) -> Option<Self> {
        row.finished_at.as_ref()?;
        let checkpoint = |id: &Option<String>| id.as_deref().and_then(|id| id.parse().ok());
        let error = row.error.as_deref();
        let error = error.and_then(|error| serde_json::from_str(error).ok());
        let usage = row.usage.as_deref();
        let usage = usage.and_then(|usage| serde_json::from_str(usage).ok());
        Some(Self {
            outcome: row.status.clone(),
            error: error.unwrap_or_default(),
            execution_count: row.execution_count.map(i64::cast_unsigned),
            usage: usage.unwrap_or_default(),
            checkpoint_after: checkpoint(&row.checkpoint_after),
            ..Self::lost(Value::Null, checkpoint(&row.checkpoint_before))
        })
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
