//! What a session tells while it runs: messages of the Jupyter messaging specification 5.4.

use jupyter_protocol::{
    ClearOutput, CommClose, CommMsg, CommOpen, DisplayData, ErrorOutput, ExecuteResult,
    InputRequest, StreamContent, UpdateDisplayData,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    CommOpen(CommOpen),
    /// A message on a widget's channel.
    CommMsg(CommMsg),
    /// A widget's channel closes.
    CommClose(CommClose),
}

impl Event {
    /// Returns the event of a Jupyter message type and its content.
    pub(crate) fn parse(kind: &str, content: Value) -> Result<Self, String> {
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
            "comm_open" => Self::CommOpen(read(content)?),
            "comm_msg" => Self::CommMsg(read(content)?),
            "comm_close" => Self::CommClose(read(content)?),
            other => return Err(format!("a cell cannot send a message of type {other:?}")),
        })
    }
}
