//! The one shape of message between guest and host.
//!
//! A frame is a 32-bit little-endian length, that many bytes of JSON (an object), and a body of
//! raw bytes. It goes through `host.call` in both directions.

use serde_json::{Map, Value};

use super::json;

/// Bytes of the longest frame.
pub(crate) const FRAME_BYTES: usize = 64 << 20;
/// Bytes of the longest header: what is larger belongs into the body.
const HEADER_BYTES: usize = 32 << 20;

/// A message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) header: Map<String, Value>,
    pub(crate) body: Vec<u8>,
}

/// Why bytes are not a frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {bytes} bytes; at most {FRAME_BYTES} are allowed")]
    TooLong { bytes: usize },
    #[error(
        "a header of {bytes} bytes; at most {HEADER_BYTES} are allowed, longer data belongs into the body"
    )]
    HeaderTooLong { bytes: usize },
    #[error("the frame ends in the middle of its header")]
    Truncated,
    #[error("the header is not a JSON object: {reason}")]
    NotAnObject { reason: String },
}

impl Frame {
    /// Returns a frame of a header alone. Anything but an object becomes an empty header.
    pub(crate) fn of(header: Value) -> Self {
        let header = if let Value::Object(header) = header {
            header
        } else {
            Map::new()
        };
        Self {
            header,
            body: Vec::new(),
        }
    }

    /// Returns a text of the header; one that is missing, or no text, is empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.header
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Reads a frame. Nesting is limited by the JSON reader (128 levels), size in memory by [`json`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_BYTES {
            return Err(FrameError::TooLong { bytes: bytes.len() });
        }
        let (len, rest) = bytes
            .split_first_chunk::<4>()
            .ok_or(FrameError::Truncated)?;
        let len = u32::from_le_bytes(*len) as usize;
        if len > HEADER_BYTES {
            return Err(FrameError::HeaderTooLong { bytes: len });
        }
        if len > rest.len() {
            return Err(FrameError::Truncated);
        }
        let (header, body) = rest.split_at(len);
        let header = json::object(header).map_err(|error| FrameError::NotAnObject {
            reason: error.to_string(),
        })?;
        Ok(Self {
            header,
            body: body.to_vec(),
        })
    }

    /// Returns the bytes of this frame.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        // Writing a JSON value into memory cannot fail.
        serde_json::to_writer(&mut bytes, &self.header).expect("a JSON value is writable");
        let len = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_frame_survives_the_way_there_and_back() {
        let frame = Frame {
            body: vec![1, 2, 3],
            ..Frame::of(json!({"op": "next"}))
        };
        let read = Frame::parse(&frame.to_bytes()).unwrap();
        assert_eq!((read.header, read.body), (frame.header, frame.body));
    }

    #[test]
    fn refuses_what_is_cut_too_deep_or_no_object() {
        assert_eq!(Frame::parse(&[1, 0]).unwrap_err(), FrameError::Truncated);
        assert_eq!(
            Frame::parse(&[9, 0, 0, 0, b'{']).unwrap_err(),
            FrameError::Truncated
        );
        let refusal = Frame::parse(&u32::MAX.to_le_bytes()).unwrap_err();
        assert!(matches!(refusal, FrameError::HeaderTooLong { .. }));
        for header in ["[]", "{\"a\":NaN}", "{\"a\":1e400}", "\"\u{1}\""] {
            assert!(
                matches!(parse_header(header), Err(FrameError::NotAnObject { .. })),
                "{header}"
            );
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(
            parse_header(&deep),
            Err(FrameError::NotAnObject { .. })
        ));
    }

    fn parse_header(header: &str) -> Result<Frame, FrameError> {
        let mut bytes = (header.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        Frame::parse(&bytes)
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::parse(&bytes);
        }
    }
}
