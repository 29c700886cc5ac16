//! Messages to objects of a session, such as widgets, as callers write them.

use data_encoding::BASE64;
use python_wasm::jupyter_protocol::{CommClose, CommId, CommMsg, CommOpen};
use python_wasm::{Buffer, Comm, CommMessage};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error_code::Fault;

/// The longest id of a comm, and the longest name of what it is for, in characters.
const LONGEST: usize = 200;

/// Binary parts that a message may have.
const MOST_BUFFERS: usize = 1000;

/// A message to an object of a session, as Jupyter's comms have them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", content = "content")]
pub(crate) enum CommRequest {
    /// A comm opens.
    #[serde(rename = "comm_open")]
    Open(Opening),
    /// Something is said on it.
    #[serde(rename = "comm_msg")]
    Say(Saying),
    /// It closes.
    #[serde(rename = "comm_close")]
    Close(Saying),
}

/// The beginning of a comm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Opening {
    #[schema(min_length = 1, max_length = 200)]
    comm_id: String,
    /// What in the session it is for.
    #[schema(min_length = 1, max_length = 200)]
    target_name: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// Binary parts, in Base64.
    #[serde(default)]
    #[schema(max_items = 1000)]
    buffers: Vec<String>,
}

/// What is said on a comm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saying {
    #[schema(min_length = 1, max_length = 200)]
    comm_id: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// Binary parts, in Base64.
    #[serde(default)]
    #[schema(max_items = 1000)]
    buffers: Vec<String>,
}

impl CommRequest {
    /// Reads what was written.
    pub(super) fn message(self) -> Result<CommMessage, Fault> {
        Ok(match self {
            Self::Open(open) => CommMessage::CommOpen(Comm {
                content: CommOpen {
                    comm_id: named("comm_id", open.comm_id).map(CommId)?,
                    target_name: named("target_name", open.target_name)?,
                    data: open.data,
                    target_module: None,
                },
                metadata: open.metadata,
                buffers: binary(&open.buffers)?,
            }),
            Self::Say(said) => CommMessage::CommMsg(Comm {
                content: CommMsg {
                    comm_id: named("comm_id", said.comm_id).map(CommId)?,
                    data: said.data,
                },
                metadata: said.metadata,
                buffers: binary(&said.buffers)?,
            }),
            Self::Close(said) => CommMessage::CommClose(Comm {
                content: CommClose {
                    comm_id: named("comm_id", said.comm_id).map(CommId)?,
                    data: said.data,
                },
                metadata: said.metadata,
                buffers: binary(&said.buffers)?,
            }),
        })
    }
}

fn named(field: &'static str, text: String) -> Result<String, Fault> {
    match text.chars().count() {
        1..=LONGEST => Ok(text),
        length => Err(Fault::field(
            field,
            format!("it has {length} characters; 1 to {LONGEST} are allowed"),
        )),
    }
}

fn binary(buffers: &[String]) -> Result<Vec<Buffer>, Fault> {
    if buffers.len() > MOST_BUFFERS {
        return Err(Fault::field(
            "buffers",
            format!(
                "there are {}; at most {MOST_BUFFERS} are allowed",
                buffers.len()
            ),
        ));
    }
    buffers
        .iter()
        .map(|text| {
            let bytes = BASE64.decode(text.as_bytes());
            bytes
                .map(|bytes| Buffer(bytes.into()))
                .map_err(|error| Fault::field("buffers", format!("one is no Base64: {error}")))
        })
        .collect()
}
