//! Jupyter's messages, and the three forms that they have on a WebSocket.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The version of the messaging specification that is spoken.
pub(crate) const PROTOCOL: &str = "5.4";

/// The WebSocket subprotocol in which a message is binary.
pub(crate) const V1: &str = "v1.kernel.websocket.jupyter.org";

/// Most binary parts of one message.
const BUFFERS: usize = 4096;

/// Where a message goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    /// Also when a client names none.
    #[default]
    Shell,
    Control,
    Stdin,
    Iopub,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Control => "control",
            Self::Stdin => "stdin",
            Self::Iopub => "iopub",
        }
    }

    fn named(name: &[u8]) -> Option<Self> {
        [Self::Shell, Self::Control, Self::Stdin, Self::Iopub]
            .into_iter()
            .find(|channel| channel.name().as_bytes() == name)
    }
}

/// A message's header as its sender made it: it comes back whole in the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Header(Map<String, Value>);

impl Header {
    /// Returns a new one.
    pub(crate) fn new(kind: &str, session: &str) -> Self {
        Self::with_id(&Uuid::now_v7().to_string(), kind, session)
    }

    /// Returns one of a message that nobody sent, with an id of its own.
    pub(crate) fn with_id(id: &str, kind: &str, session: &str) -> Self {
        let header = json!({
            "msg_id": id, "msg_type": kind, "session": session, "username": "cellblock",
            "date": crate::store::now(), "version": PROTOCOL,
        });
        let Value::Object(header) = header else {
            unreachable!("it is an object")
        };
        Self(header)
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("msg_id")
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("msg_type")
    }

    pub(crate) fn session(&self) -> &str {
        self.text("session")
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) header: Header,
    #[serde(default)]
    pub(crate) parent_header: Header,
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    #[serde(default)]
    pub(crate) content: Map<String, Value>,
    #[serde(default)]
    pub(crate) channel: Channel,
    #[serde(skip)]
    pub(crate) buffers: Vec<Bytes>,
}

/// Why bytes are no message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the message is not JSON of the form that Jupyter has")]
    Json,
    #[error("the parts of the message lie outside of it")]
    Parts,
    #[error("the message has no channel that exists")]
    Channel,
    #[error("the message has no msg_id and msg_type in its header")]
    Header,
}

impl Message {
    /// Returns a message that answers another, or tells of what it does.
    pub(crate) fn new(
        channel: Channel,
        kind: &str,
        parent: &Header,
        session: &str,
        content: Value,
    ) -> Self {
        let content = match content {
            Value::Object(content) => content,
            _other => Map::new(),
        };
        Self {
            header: Header::new(kind, session),
            parent_header: parent.clone(),
            metadata: Map::new(),
            content,
            channel,
            buffers: Vec::new(),
        }
    }

    fn checked(self) -> Result<Self, Malformed> {
        if self.header.id().is_empty() || self.header.kind().is_empty() {
            return Err(Malformed::Header);
        }
        Ok(self)
    }

    /// Reads a text of the form that has no name.
    pub(crate) fn from_text(text: &str) -> Result<Self, Malformed> {
        let message: Self = serde_json::from_str(text).map_err(|_| Malformed::Json)?;
        message.checked()
    }

    /// Reads a message with binary parts, of the form that has no name: the number of parts and where each
    /// begins, 32 bits each; the first is the JSON.
    pub(crate) fn from_binary(bytes: &Bytes) -> Result<Self, Malformed> {
        let mut head = bytes.clone();
        let count = head.try_get_u32().map_err(|_| Malformed::Parts)? as usize;
        if !(1..=BUFFERS).contains(&count) {
            return Err(Malformed::Parts);
        }
        let mut offsets = Vec::with_capacity(count + 1);
        for _ in 0..count {
            offsets.push(u64::from(head.try_get_u32().map_err(|_| Malformed::Parts)?));
        }
        offsets.push(bytes.len() as u64);
        let mut parts = cut(bytes, &offsets)?;
        let text = parts.remove(0);
        let mut message: Self = serde_json::from_slice(&text).map_err(|_| Malformed::Json)?;
        message.buffers = parts;
        message.checked()
    }

    /// Reads a message of the subprotocol [`V1`]: channel, header, parent, metadata, content and binary
    /// parts, in front of them their number and where each begins and the last ends, 64 bits each.
    pub(crate) fn from_v1(bytes: &Bytes) -> Result<Self, Malformed> {
        let mut head = bytes.clone();
        let count = head.try_get_u64_le().map_err(|_| Malformed::Parts)?;
        if !(6..=BUFFERS as u64).contains(&count) {
            return Err(Malformed::Parts);
        }
        let mut offsets = Vec::new();
        for _ in 0..count {
            offsets.push(head.try_get_u64_le().map_err(|_| Malformed::Parts)?);
        }
        let parts = cut(bytes, &offsets)?;
        let [channel, header, parent, metadata, content, buffers @ ..] = &parts[..] else {
            return Err(Malformed::Parts);
        };
        let channel = Channel::named(channel).ok_or(Malformed::Channel)?;
        let parts = [header, parent, metadata, content].map(Bytes::clone);
        Self::from_parts(channel, &parts, buffers.to_vec())
    }

    /// Reads the four parts that are JSON: header, parent, metadata and content.
    pub(crate) fn from_parts(
        channel: Channel,
        parts: &[Bytes; 4],
        buffers: Vec<Bytes>,
    ) -> Result<Self, Malformed> {
        let read = |bytes: &Bytes| serde_json::from_slice::<Map<String, Value>>(bytes);
        let read = |bytes: &Bytes| read(bytes).map_err(|_| Malformed::Json);
        let [header, parent, metadata, content] = parts;
        Self {
            header: Header(read(header)?),
            parent_header: Header(read(parent)?),
            metadata: read(metadata)?,
            content: read(content)?,
            channel,
            buffers,
        }
        .checked()
    }

    /// Returns the four parts that are JSON.
    pub(crate) fn parts(&self) -> [Bytes; 4] {
        [
            json!(self.header),
            json!(self.parent_header),
            json!(self.metadata),
            json!(self.content),
        ]
        .map(|part| Bytes::from(part.to_string()))
    }

    /// Returns the text of the form that has no name.
    pub(crate) fn to_text(&self) -> Bytes {
        let text = json!({
            "header": self.header, "parent_header": self.parent_header, "metadata": self.metadata,
            "content": self.content, "channel": self.channel, "buffers": [],
            // Older clients look here.
            "msg_id": self.header.id(), "msg_type": self.header.kind(),
        });
        text.to_string().into()
    }

    /// Returns it with its binary parts, of the form that has no name.
    pub(crate) fn to_binary(&self) -> Bytes {
        let parts: Vec<Bytes> = std::iter::once(self.to_text())
            .chain(self.buffers.iter().cloned())
            .collect();
        let mut out = BytesMut::new();
        out.put_u32(parts.len() as u32);
        let mut offset = 4 * (parts.len() + 1);
        for part in &parts {
            out.put_u32(offset as u32);
            offset += part.len();
        }
        parts.iter().for_each(|part| out.put_slice(part));
        out.freeze()
    }

    /// Returns it in the subprotocol [`V1`].
    pub(crate) fn to_v1(&self) -> Bytes {
        let channel = Bytes::from_static(self.channel.name().as_bytes());
        let parts: Vec<Bytes> = std::iter::once(channel)
            .chain(self.parts())
            .chain(self.buffers.iter().cloned())
            .collect();
        let mut out = BytesMut::new();
        out.put_u64_le(parts.len() as u64 + 1);
        let mut offset = 8 * (parts.len() as u64 + 2);
        out.put_u64_le(offset);
        for part in &parts {
            offset += part.len() as u64;
            out.put_u64_le(offset);
        }
        parts.iter().for_each(|part| out.put_slice(part));
        out.freeze()
    }
}

/// Cuts bytes at offsets, which have to rise and to lie within.
fn cut(bytes: &Bytes, offsets: &[u64]) -> Result<Vec<Bytes>, Malformed> {
    offsets
        .windows(2)
        .map(|pair| {
            let (start, end) = (pair[0] as usize, pair[1] as usize);
            if start > end || end > bytes.len() {
                return Err(Malformed::Parts);
            }
            Ok(bytes.slice(start..end))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let parent = Header::new("execute_request", "client");
        let mut message = Message::new(
            Channel::Iopub,
            "comm_msg",
            &parent,
            "kernel",
            json!({"comm_id": "1", "data": {}}),
        );
        message.metadata.insert("version".into(), json!("2.1.0"));
        message.buffers = vec![
            Bytes::from_static(b"\0\xff"),
            Bytes::new(),
            Bytes::from_static(b"z"),
        ];
        message
    }

    #[test]
    fn every_form_is_read_as_it_was_written() {
        let sent = message();
        assert_eq!(Message::from_v1(&sent.to_v1()), Ok(sent.clone()));
        assert_eq!(Message::from_binary(&sent.to_binary()), Ok(sent.clone()));
        let text = String::from_utf8(sent.to_text().to_vec()).expect("text");
        let plain = Message {
            buffers: Vec::new(),
            ..sent
        };
        assert_eq!(Message::from_text(&text), Ok(plain));
    }

    #[test]
    fn the_subprotocol_has_the_layout_that_jupyter_server_reads() {
        let bytes = message().to_v1();
        // Eight parts, so nine offsets behind their number.
        assert_eq!(bytes[..8], 9u64.to_le_bytes());
        assert_eq!(bytes[8..16], 80u64.to_le_bytes());
        assert_eq!(&bytes[80..85], b"iopub");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let good = message().to_v1();
        for cut in 0..good.len() {
            assert!(
                Message::from_v1(&good.slice(..cut)).is_err(),
                "{cut} bytes were taken for a message"
            );
        }
        let good = message().to_binary();
        for cut in 0..good.len() - 1 {
            assert!(Message::from_binary(&good.slice(..cut)).is_err(), "{cut}");
        }
        let parts = |numbers: &[u64]| {
            let mut bytes = BytesMut::new();
            numbers.iter().for_each(|number| bytes.put_u64_le(*number));
            Message::from_v1(&bytes.freeze())
        };
        assert_eq!(parts(&[u64::MAX, 0]), Err(Malformed::Parts));
        assert_eq!(parts(&[6, u64::MAX, 0, 1, 2, 3, 4]), Err(Malformed::Parts));
        let text = |text: &str| Message::from_text(text);
        assert_eq!(text("{"), Err(Malformed::Json));
        assert_eq!(
            text(r#"{"header": {"msg_id": "1"}, "channel": "shell"}"#),
            Err(Malformed::Header)
        );
        assert_eq!(
            text(r#"{"header": {"msg_id": "1", "msg_type": "x"}, "channel": "elsewhere"}"#),
            Err(Malformed::Json)
        );
    }
}
