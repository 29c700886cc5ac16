//! What a Jupyter client asks for.

use python_wasm::{Buffer, Comm, CommMessage};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::kernel;
use super::message::Message;
use crate::worker::protocol::{Answer, Look};

/// A request of a client.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Run this.
    Execute(Execute),
    /// Give this to an object of the session.
    Comm(CommMessage),
    /// The answer to a question.
    Input(String),
    Interrupt,
    Shutdown {
        restart: bool,
    },
    /// Something that the session is asked and that changes nothing; the answer is of this type.
    Look(Look, &'static str),
    /// Something to which the answer, of this type, is always the same.
    Direct(&'static str, Value),
    /// Nothing that a kernel answers; clients of later versions send such.
    Unknown,
}

/// The content of an `execute_request`.
#[derive(Debug, Deserialize)]
pub(crate) struct Execute {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) silent: bool,
    #[serde(default = "yes")]
    pub(crate) store_history: bool,
    #[serde(default)]
    pub(crate) user_expressions: Map<String, Value>,
    #[serde(default = "yes")]
    pub(crate) allow_stdin: bool,
    #[serde(default = "yes")]
    pub(crate) stop_on_error: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct AtCursor {
    code: String,
    #[serde(default)]
    cursor_pos: Option<usize>,
    #[serde(default)]
    detail_level: u8,
}

impl AtCursor {
    fn cursor(&self) -> usize {
        let end = || self.code.chars().count();
        self.cursor_pos.unwrap_or_else(end)
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct InputReply {
    value: String,
}

#[derive(Deserialize)]
struct Shutdown {
    #[serde(default)]
    restart: bool,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    target_name: Option<String>,
}

impl Asked {
    /// Returns what a message asks for.
    ///
    /// # Errors
    /// What is wrong with its content, in a sentence.
    pub(crate) fn of(message: &Message) -> Result<Self, String> {
        Ok(match message.header.kind() {
            "execute_request" => Self::Execute(content(message)?),
            "comm_open" => Self::Comm(CommMessage::CommOpen(comm(message)?)),
            "comm_msg" => Self::Comm(CommMessage::CommMsg(comm(message)?)),
            "comm_close" => Self::Comm(CommMessage::CommClose(comm(message)?)),
            "input_reply" => Self::Input(content::<InputReply>(message)?.value),
            "interrupt_request" => Self::Interrupt,
            "shutdown_request" => Self::Shutdown {
                restart: content::<Shutdown>(message)?.restart,
            },
            "complete_request" => {
                let asked: AtCursor = content(message)?;
                let cursor = asked.cursor();
                let code = asked.code;
                Self::Look(Look::Complete { code, cursor }, "complete_reply")
            }
            "inspect_request" => {
                let asked: AtCursor = content(message)?;
                let (cursor, detail) = (asked.cursor(), asked.detail_level.min(1));
                let look = Look::Inspect {
                    code: asked.code,
                    cursor,
                    detail,
                };
                Self::Look(look, "inspect_reply")
            }
            "is_complete_request" => {
                let code = content::<Code>(message)?.code;
                Self::Look(Look::IsComplete { code }, "is_complete_reply")
            }
            "history_request" => {
                let asked = message.content.clone();
                Self::Look(Look::History { asked }, "history_reply")
            }
            "comm_info_request" => {
                let target = content::<Target>(message)?.target_name;
                Self::Look(Look::Comms { target }, "comm_info_reply")
            }
            "kernel_info_request" => Self::Direct("kernel_info_reply", kernel::info()),
            // The ports are nobody's: all goes through this connection.
            "connect_request" => Self::Direct("connect_reply", json!({"status": "ok"})),
            "debug_request" => Self::Direct(
                "debug_reply",
                json!({
                    "type": "response", "success": false, "request_seq": message.content.get("seq"),
                    "command": message.content.get("command"), "seq": 0,
                    "message": "this kernel has no debugger: the sandbox has neither threads nor sockets",
                }),
            ),
            _other => Self::Unknown,
        })
    }
}

fn content<T: DeserializeOwned>(message: &Message) -> Result<T, String> {
    serde_json::from_value(Value::Object(message.content.clone()))
        .map_err(|error| format!("the content of the {}: {error}", message.header.kind()))
}

fn comm<T: DeserializeOwned>(message: &Message) -> Result<Comm<T>, String> {
    Ok(Comm {
        content: content(message)?,
        metadata: message.metadata.clone(),
        buffers: message.buffers.iter().cloned().map(Buffer).collect(),
    })
}

/// Returns the content of a reply to what changes nothing.
///
/// # Errors
/// The answer is to something else.
pub(crate) fn looked(answer: Answer) -> Result<Value, String> {
    match answer {
        Answer::Completed(reply) => Ok(json!(reply)),
        Answer::Inspected(reply) => Ok(json!(reply)),
        Answer::Complete(reply) => Ok(json!(reply)),
        Answer::History { history } => Ok(json!({"status": "ok", "history": history})),
        Answer::Comms { comms } => Ok(json!({"status": "ok", "comms": comms})),
        other => Err(format!("a worker answered {other:?}")),
    }
}

/// Returns the content of a reply that is a refusal.
pub(crate) fn refused(name: &str, message: &str) -> Value {
    json!({"status": "error", "ename": name, "evalue": message, "traceback": [format!("{name}: {message}")]})
}
