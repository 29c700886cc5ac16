//! From a session's events to the messages that a Jupyter client expects.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use python_wasm::jupyter_protocol::{DisplayData, ExecuteResult, UpdateDisplayData};
use python_wasm::{Comm, Event as Shown};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::message::{Channel, Header, Message};
use crate::id::{ExecutionId, SessionId};
use crate::notebook::valid;
use crate::session::{Event, ExecutionState, Finished, Happening, Notice};

/// What a client is told of a session, event by event.
pub(crate) struct Bridge {
    session: SessionId,
    /// The `session` of the headers that the client's own messages carry: it alone is answered.
    own: HashSet<String>,
    /// The messages that asked for what runs.
    parents: HashMap<ExecutionId, Header>,
    /// What the client is asked in the name of which message.
    pub(crate) asking: Option<Header>,
}

/// Sessions that one client may speak for.
const MOST: usize = 64;

impl Bridge {
    /// Begins to tell a client of a session.
    pub(crate) fn new(session: SessionId, client: Option<String>) -> Self {
        Self {
            session,
            own: client.into_iter().collect(),
            parents: HashMap::new(),
            asking: None,
        }
    }

    /// Notes that the client sent this.
    pub(crate) fn sent(&mut self, header: &Header) {
        if !self.own.contains(header.session()) && self.own.len() < MOST {
            self.own.insert(header.session().to_owned());
        }
    }

    /// Notes that the client's message will be run as this execution.
    pub(crate) fn taken(&mut self, execution: ExecutionId, header: Header) {
        self.parents.insert(execution, header);
    }

    fn message(&self, channel: Channel, kind: &str, parent: &Header, content: Value) -> Message {
        Message::new(channel, kind, parent, &self.session.to_string(), content)
    }

    fn state(&self, parent: &Header, state: &str) -> Message {
        let content = json!({"execution_state": state});
        self.message(Channel::Iopub, "status", parent, content)
    }

    /// Answers a message: with the states of the kernel around the answer, as clients wait for them.
    pub(crate) fn reply(
        &self,
        channel: Channel,
        parent: &Header,
        kind: &str,
        content: Value,
    ) -> [Message; 3] {
        [
            self.state(parent, "busy"),
            self.message(channel, kind, parent, content),
            self.state(parent, "idle"),
        ]
    }

    /// Returns what the client is told of an event.
    pub(crate) fn tell(&mut self, event: Event) -> Vec<Message> {
        let execution = event.draft.execution_id;
        match event.draft.happening {
            Happening::Notice(notice) => self.notice(execution, notice),
            Happening::Kernel(shown) => {
                let Some(execution) = execution else {
                    return Vec::new();
                };
                let parent = self.parent(execution);
                self.shown(&parent, shown).into_iter().collect()
            }
        }
    }

    /// Returns the message that asked for an execution; one that came otherwise is told as if by a message.
    fn parent(&self, execution: ExecutionId) -> Header {
        let known = self.parents.get(&execution).cloned();
        known.unwrap_or_else(|| {
            Header::with_id(
                &execution.to_string(),
                "execute_request",
                &self.session.to_string(),
            )
        })
    }

    fn notice(&mut self, execution: Option<ExecutionId>, notice: Notice) -> Vec<Message> {
        match (notice, execution) {
            (
                Notice::Started {
                    code,
                    execution_count,
                    silent,
                    message,
                },
                Some(execution),
            ) => {
                if let Some(message) = message {
                    self.parents.insert(execution, message);
                }
                let parent = self.parent(execution);
                let mut told = vec![self.state(&parent, "busy")];
                if !silent {
                    let content = json!({"code": code, "execution_count": execution_count});
                    told.push(self.message(Channel::Iopub, "execute_input", &parent, content));
                }
                told
            }
            (Notice::Finished(finished), Some(execution)) => {
                let parent = self.parent(execution);
                self.parents.remove(&execution);
                self.asking = None;
                let mut told = Vec::new();
                if parent.kind() == "execute_request" && self.own.contains(parent.session()) {
                    let content = reply(finished);
                    told.push(self.message(Channel::Shell, "execute_reply", &parent, content));
                }
                told.push(self.state(&parent, "idle"));
                told
            }
            // Those of executions are told with their beginnings and ends.
            (Notice::Status { execution_state }, None) => {
                let state = match execution_state {
                    ExecutionState::Starting => "starting",
                    ExecutionState::Busy => "busy",
                    ExecutionState::Idle => "idle",
                    ExecutionState::Dead => "dead",
                };
                vec![self.state(&Header::default(), state)]
            }
            (
                Notice::Status { .. }
                | Notice::Started { .. }
                | Notice::Finished(_)
                | Notice::Queued { .. }
                | Notice::Checkpoint { .. }
                | Notice::Restored { .. }
                | Notice::Gap { .. }
                | Notice::NotebookStatus { .. }
                | Notice::ExecutionStatus { .. }
                | Notice::CellChanged { .. }
                | Notice::CellsMoved { .. }
                | Notice::Presence { .. }
                | Notice::Log { .. },
                _,
            ) => Vec::new(),
        }
    }

    fn shown(&mut self, parent: &Header, shown: Shown) -> Option<Message> {
        if let Shown::InputRequest(question) = &shown {
            // Only who asked for the cell can answer for it.
            if !self.own.contains(parent.session()) {
                return None;
            }
            self.asking = Some(parent.clone());
            return Some(self.message(Channel::Stdin, "input_request", parent, json!(question)));
        }
        let (kind, content, metadata, buffers) = parts(&shown);
        let mut message = self.message(Channel::Iopub, kind, parent, content);
        message.metadata = metadata;
        message.buffers = buffers;
        Some(message)
    }
}

/// Returns the type, the content, the metadata and the binary parts of what a cell shows.
pub(crate) fn parts(shown: &Shown) -> (&'static str, Value, Map<String, Value>, Vec<Bytes>) {
    fn comm<T: Serialize>(
        kind: &'static str,
        comm: &Comm<T>,
    ) -> (&'static str, Value, Map<String, Value>, Vec<Bytes>) {
        let buffers = comm.buffers.iter().map(|buffer| buffer.0.clone()).collect();
        (kind, json!(comm.content), comm.metadata.clone(), buffers)
    }
    let plain = |kind, mut content: Value| {
        // To its clients, nothing is an object with nothing in it.
        if let Some(transient @ Value::Null) = content.get_mut("transient") {
            *transient = json!({});
        }
        (kind, content, Map::new(), Vec::new())
    };
    match shown {
        Shown::Stream(content) => plain("stream", json!(content)),
        // Clients check it by the rules of nbformat.
        Shown::DisplayData(content) => {
            let data = valid(content.data.clone());
            plain(
                "display_data",
                json!(DisplayData {
                    data,
                    ..content.clone()
                }),
            )
        }
        Shown::UpdateDisplayData(content) => {
            let data = valid(content.data.clone());
            plain(
                "update_display_data",
                json!(UpdateDisplayData {
                    data,
                    ..content.clone()
                }),
            )
        }
        Shown::ExecuteResult(content) => {
            let data = valid(content.data.clone());
            plain(
                "execute_result",
                json!(ExecuteResult {
                    data,
                    ..content.clone()
                }),
            )
        }
        Shown::Error(content) => plain("error", json!(content)),
        Shown::ClearOutput(content) => plain("clear_output", json!(content)),
        Shown::InputRequest(content) => plain("input_request", json!(content)),
        Shown::CommOpen(content) => comm("comm_open", content),
        Shown::CommMsg(content) => comm("comm_msg", content),
        Shown::CommClose(content) => comm("comm_close", content),
    }
}

/// Returns the content of the answer to a request to execute something that has ended.
fn reply(finished: Finished) -> Value {
    let count = finished.execution_count;
    match finished.outcome.as_str() {
        "ok" => json!({
            "status": "ok", "execution_count": count,
            "user_expressions": finished.user_expressions, "payload": finished.payload,
        }),
        // It never began.
        "interrupted" if count.is_none() => json!({"status": "aborted"}),
        outcome => failed(outcome, &finished.error, count),
    }
}

/// Returns the content of the answer to a request to execute something that did not run to its end.
pub(crate) fn failed(outcome: &str, error: &Value, count: Option<u64>) -> Value {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let ename = match outcome {
        "error" if error["ename"].is_string() => {
            return json!({
                "status": "error", "execution_count": count, "ename": text("ename"),
                "evalue": text("evalue"), "traceback": error["traceback"],
                "user_expressions": {}, "payload": [],
            });
        }
        "interrupted" => "KeyboardInterrupt",
        "limit" => "LimitExceeded",
        "killed" => "CellKilled",
        "lost" => "CellLost",
        _refused => "ServiceError",
    };
    let message = text("message");
    json!({
        "status": "error", "execution_count": count, "ename": ename, "evalue": message,
        "traceback": [format!("{ename}: {message}")], "user_expressions": {}, "payload": [],
    })
}
