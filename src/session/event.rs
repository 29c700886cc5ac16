//! What happens in a session, as everybody sees it: the sockets, the journal, the notebook.

use python_wasm::CheckpointId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::execution::Finished;
use crate::id::{ExecutionId, NotebookId, SessionId};
use crate::jupyter::Header;
use crate::notebook::Status;
use crate::tenant::scan::Finding;

/// An event with its number in the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    /// Counts from 1 without gaps.
    pub(crate) seq: u64,
    /// RFC 3339, UTC.
    pub(crate) time: String,
    #[serde(flatten)]
    pub(crate) draft: Draft,
}

/// An event that has no number yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notebook_id: Option<NotebookId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cell_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) execution_id: Option<ExecutionId>,
    #[serde(flatten)]
    pub(crate) happening: Happening,
}

impl Draft {
    /// Returns the event of something that happened to nothing in particular.
    pub(crate) fn of(happening: Happening) -> Self {
        Self {
            session_id: None,
            notebook_id: None,
            cell_id: None,
            execution_id: None,
            happening,
        }
    }
}

/// What happened: a message of the kernel, or something that the service did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Happening {
    /// A Jupyter message of the running cell.
    Kernel(python_wasm::Event),
    /// Something around it.
    Notice(Notice),
}

/// Something that the service did.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "content", rename_all = "snake_case")]
pub(crate) enum Notice {
    /// The kernel's state, as Jupyter's `status` has it.
    Status { execution_state: ExecutionState },
    /// An execution waits; 1 is next.
    Queued { position: usize },
    /// An execution begins.
    Started {
        code: String,
        /// The number that it will have, if it is counted.
        #[serde(default)]
        execution_count: u64,
        /// Nothing of it is shown.
        #[serde(default)]
        silent: bool,
        /// The header of the Jupyter message that asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Header>,
    },
    /// An execution has ended.
    Finished(Finished),
    /// The state after a cell is stored and can be gone back to.
    Checkpoint {
        checkpoint_id: CheckpointId,
        pages: u64,
    },
    /// The variables are those of an earlier state now.
    Restored {
        /// The state; nothing for the image's own.
        checkpoint_id: Option<CheckpointId>,
        /// Why.
        reason: String,
        /// Executions whose effects are gone.
        lost: Vec<ExecutionId>,
    },
    /// Events from one number up to another are no longer kept, or are not there at all.
    Gap { first: u64, last: u64 },
    /// What a notebook is doing, and which of its cells show what is out of date.
    NotebookStatus {
        status: Status,
        revision: u64,
        stale: Vec<String>,
        /// Cells that run or wait to run from now on.
        running: Vec<String>,
        /// Cells that do so no more.
        resting: Vec<String>,
    },
    /// An execution of a notebook's cell begins or has ended.
    ExecutionStatus { status: ExecutionStatus },
    /// A cell of a notebook is new or different.
    CellChanged {
        revision: u64,
        stale: bool,
        running: bool,
        cell: Value,
    },
    /// In the order of a notebook's cells, those `removed` from the number `at` on were replaced by `cells`.
    CellsMoved {
        revision: u64,
        at: usize,
        removed: usize,
        cells: Vec<String>,
    },
    /// Somebody began or ceased to watch a notebook.
    Presence { watchers: usize },
    /// A limit of the session or the tenant comes near, or something else to know.
    Log {
        level: String,
        message: String,
        /// What the scan of submitted code found, when that is what it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
}

impl Notice {
    /// Returns something to know.
    pub(crate) fn log(level: &str, message: impl Into<String>) -> Self {
        Self::Log {
            level: level.into(),
            message: message.into(),
            findings: Vec::new(),
        }
    }
}

/// Where an execution of a notebook's cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExecutionStatus {
    Running,
    Complete,
    Error,
}

/// The state of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExecutionState {
    Starting,
    Busy,
    Idle,
    Dead,
}
