//! What a session tells while it runs: messages of the Jupyter messaging specification 5.4.

use jupyter_protocol::{
    ClearOutput, CommClose, CommMsg, CommOpen, DisplayData, ErrorOutput, ExecuteResult,
    InputRequest, StreamContent, UpdateDisplayData,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::comm::{Buffer, Comm};

/// A message of a running cell, with its type and content as Jupyter has them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "content", rename_all = "snake_case")]
pub enum Event {
    /// Text on stdout or stderr.
    Stream(StreamContent),
    /// Something shown, in one or more media types.
    DisplayData(DisplayData),
    /// A new state of something shown before under a display id.
    UpdateDisplayData(UpdateDisplayData),
    /// The value of the cell's last expression.
    ExecuteResult(ExecuteResult),
    /// The exception that ended the cell.
    Error(ErrorOutput),
    /// The outputs so far are to be removed.
    ClearOutput(ClearOutput),
    /// The cell asks for a line of text; answer through [`crate::InputSender`].
    InputRequest(InputRequest),
    /// A widget's channel opens.
    CommOpen(Comm<CommOpen>),
    /// A message on a widget's channel.
    CommMsg(Comm<CommMsg>),
    /// A widget's channel closes.
    CommClose(Comm<CommClose>),
}

impl Event {
    /// Returns the event of a Jupyter message's type and parts. Metadata and buffers are those of comms;
    /// other messages have theirs in the content.
    pub(crate) fn parse(
        kind: &str,
        content: Value,
        metadata: Map<String, Value>,
        buffers: Vec<Buffer>,
    ) -> Result<Self, String> {
        fn read<T: serde::de::DeserializeOwned>(content: Value) -> Result<T, String> {
            serde_json::from_value(content).map_err(|error| error.to_string())
        }
        Ok(match kind {
            "stream" => Self::Stream(read(content)?),
            "display_data" => Self::DisplayData(read(content)?),
            "update_display_data" => Self::UpdateDisplayData(read(content)?),
            "execute_result" => Self::ExecuteResult(read(content)?),
            "error" => Self::Error(read(content)?),
            "clear_output" => Self::ClearOutput(read(content)?),
            "comm_open" => Self::CommOpen(Comm {
                content: read(content)?,
                metadata,
                buffers,
            }),
            "comm_msg" => Self::CommMsg(Comm {
                content: read(content)?,
                metadata,
                buffers,
            }),
            "comm_close" => Self::CommClose(Comm {
                content: read(content)?,
                metadata,
                buffers,
            }),
            other => return Err(format!("a cell cannot send a message of type {other:?}")),
        })
    }
}
