//! Messages between objects of the guest and their views in a front end (widgets), with the binary parts
//! that they may have.

use bytes::Bytes;
use data_encoding::BASE64;
use jupyter_protocol::{CommClose, CommMsg, CommOpen};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// A message on a comm: its content, and what Jupyter sends beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Comm<T> {
    /// The content.
    #[serde(flatten)]
    pub content: T,
    /// The message's metadata; widgets tell the version of their protocol here.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// Binary parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers: Vec<Buffer>,
}

impl<T> From<T> for Comm<T> {
    fn from(content: T) -> Self {
        Self {
            content,
            metadata: Map::new(),
            buffers: Vec::new(),
        }
    }
}

/// A binary part of a message; Base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer(pub Bytes);

impl Serialize for Buffer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&BASE64.encode_display(&self.0))
    }
}

impl<'de> Deserialize<'de> for Buffer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

/// A message of the front end to an object of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// The message.
    pub message: CommMessage,
    /// Its id, as a cell has one.
    pub message_id: Option<String>,
    /// Fuel that is left of a day's, as a cell has it.
    pub fuel_of_day: Option<u64>,
}

/// A message on a comm from the front end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", content = "content", rename_all = "snake_case")]
pub enum CommMessage {
    /// A comm opens.
    CommOpen(Comm<CommOpen>),
    /// Something is said on it.
    CommMsg(Comm<CommMsg>),
    /// It closes.
    CommClose(Comm<CommClose>),
}
