//! What the control process and a worker say to each other: typed frames of limited length over
//! a Unix socket.

use std::path::PathBuf;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use python_wasm::jupyter_protocol::{CompleteReply, InspectReply, IsCompleteReply};
use python_wasm::{
    Cell, CheckpointId, Delivery, Diagnostic, Event, Execution, SoFar, TablePage, TableQuery,
    Usage, Variable,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_util::codec::{Decoder, Encoder};

use crate::id::SessionId;
use crate::secret::Granted;

/// The longest header and the longest body. A guest's answer is limited far below this.
const HEADER_BYTES: usize = 128 << 20;
const BODY_BYTES: usize = 512 << 20;

/// A frame: a typed header and bytes that belong to it.
#[derive(Debug)]
pub(crate) struct Frame<T> {
    pub(crate) header: T,
    pub(crate) body: Bytes,
}

impl<T> From<T> for Frame<T> {
    fn from(header: T) -> Self {
        Self {
            header,
            body: Bytes::new(),
        }
    }
}

/// From the control process to a worker. Every request gets one reply.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) session: SessionId,
    pub(crate) command: Command,
}

/// What a worker is asked to do with a session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Start it, or bring it back.
    Open(Box<Opening>),
    /// Run a cell. Its events come before the reply; then its state is stored.
    Run { turn: Turn },
    /// Raise `KeyboardInterrupt` in the running cell.
    Interrupt,
    /// Answer the running cell's question; nothing means that nobody will.
    Input { line: Option<String> },
    /// Look at the variables; while a cell runs, at those of the last checkpoint.
    Look { look: Look },
    /// Set variables from JSON values.
    Inject { variables: Map<String, Value> },
    /// Store the state as it is.
    Checkpoint,
    /// Go to a stored state.
    Restore { checkpoint: CheckpointId },
    /// Store the state and free the memory.
    Hibernate,
    /// Forget it.
    Close,
}

/// What a session is to run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub(crate) enum Turn {
    /// Code.
    Cell(Cell),
    /// A message for one of its objects.
    Comm(Delivery),
}

/// How a session begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) image: String,
    /// The policy as TOML.
    pub(crate) policy: String,
    /// The folder that is the guest's home.
    pub(crate) home: PathBuf,
    /// The folder of the tenant's checkpoints.
    pub(crate) checkpoints: PathBuf,
    /// What its code may ask for, and what it must not show.
    pub(crate) secrets: Vec<Granted>,
    pub(crate) start: Start,
}

/// What a session begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "from", content = "id", rename_all = "snake_case")]
pub(crate) enum Start {
    /// The image.
    Image,
    /// A stored state.
    Checkpoint(CheckpointId),
    /// The present state of a session of the same worker.
    Fork(SessionId),
}

/// A question that changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "look", rename_all = "snake_case")]
pub(crate) enum Look {
    Complete {
        code: String,
        cursor: usize,
    },
    Inspect {
        code: String,
        cursor: usize,
        detail: u8,
    },
    IsComplete {
        code: String,
    },
    /// What was run, for the content of a Jupyter `history_request`.
    History {
        asked: Map<String, Value>,
    },
    /// The open comms, of a target or all.
    Comms {
        target: Option<String>,
    },
    Variables,
    Table {
        name: String,
        query: TableQuery,
    },
    Export {
        variables: Vec<String>,
        format: String,
        /// Text in CSV that a spreadsheet would run stays as it is.
        formulas: bool,
    },
    Figures {
        format: String,
    },
    Format {
        code: String,
    },
    Lint {
        code: String,
    },
}

/// From a worker to the control process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub(crate) enum Message {
    /// It is confined and takes requests.
    Ready { images: Vec<ImageInfo> },
    /// The running cell of a session did something.
    Event { session: SessionId, event: Event },
    /// The running cell of a session computes no more. The reply comes when its state is stored.
    Rested { session: SessionId },
    /// A request is done.
    Reply {
        id: u64,
        result: Result<Answer, Failed>,
    },
    /// How the worker is; once a second.
    Pulse {
        private_bytes: Vec<(SessionId, u64)>,
        /// What those sessions have used that run something now.
        running: Vec<(SessionId, SoFar)>,
        /// How often guests were not looked at for too long.
        stalls: u64,
    },
}

/// An image that a worker can start sessions from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImageInfo {
    pub(crate) name: String,
    pub(crate) digest: String,
    pub(crate) memory_bytes: u64,
}

/// What a request brought.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Answer {
    Done,
    Opened {
        standing: Standing,
        /// The last state of it that is on disk.
        stored: Option<Stored>,
    },
    Ran {
        execution: Execution,
        standing: Standing,
        /// The state after the cell, or why it could not be stored.
        stored: Result<Stored, Failed>,
    },
    Stored(Stored),
    Completed(CompleteReply),
    Inspected(InspectReply),
    Complete(IsCompleteReply),
    History {
        history: Vec<Value>,
    },
    Comms {
        comms: Map<String, Value>,
    },
    Variables {
        variables: Vec<Variable>,
    },
    Table(TablePage),
    /// Names and lengths of the files in the frame's body.
    Files {
        files: Vec<(String, usize)>,
    },
    Formatted {
        code: String,
    },
    Linted {
        diagnostics: Vec<Diagnostic>,
    },
}

/// A session after something was done to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) usage: Usage,
    pub(crate) execution_count: u64,
}

/// A state that is on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) checkpoint: CheckpointId,
    pub(crate) pages: u64,
    pub(crate) execution_count: u64,
}

impl Stored {
    /// Returns the bytes that differ from the image, which a session in this state holds for itself.
    pub(crate) fn bytes(&self) -> u64 {
        self.pages * 4096
    }
}

/// Why a request failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) kind: FailedKind,
    pub(crate) message: String,
}

/// Kinds of failure that are answered differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FailedKind {
    /// The worker holds no such session.
    Unknown,
    /// A cell is running.
    Busy,
    /// There is no such image.
    Image,
    /// The policy, or a limit in it, does not allow it.
    Policy,
    /// The guest refused the request.
    Refused,
    /// A variable does not exist.
    NoVariable,
    /// A stored state cannot be read.
    Checkpoint,
    /// A stored state belongs to another image.
    OtherImage,
    /// The disk is full.
    DiskFull,
    /// The disk fails.
    Disk,
    /// There are no more files or memory to be had.
    NoRoom,
    /// The sandbox failed.
    Sandbox,
}

/// Cuts a stream into frames, and refuses longer ones before reading them.
pub(crate) struct FrameCodec;

impl FrameCodec {
    const PREFIX: usize = 8;
}

impl<T: Serialize> Encoder<Frame<T>> for FrameCodec {
    type Error = std::io::Error;

    fn encode(&mut self, frame: Frame<T>, out: &mut BytesMut) -> Result<(), Self::Error> {
        let start = out.len();
        out.put_bytes(0, Self::PREFIX);
        serde_json::to_writer((&mut *out).writer(), &frame.header)?;
        let header = out.len() - start - Self::PREFIX;
        if header > HEADER_BYTES || frame.body.len() > BODY_BYTES {
            out.truncate(start);
            return Err(too_long(header, frame.body.len()));
        }
        let mut prefix = &mut out[start..start + Self::PREFIX];
        prefix.put_u32(header as u32);
        prefix.put_u32(frame.body.len() as u32);
        out.extend_from_slice(&frame.body);
        Ok(())
    }
}

/// The reading side, for frames with headers of one type.
pub(crate) struct FrameReader<T>(std::marker::PhantomData<T>);

impl<T> FrameReader<T> {
    pub(crate) fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: DeserializeOwned> Decoder for FrameReader<T> {
    type Item = Frame<T>;
    type Error = std::io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame<T>>, Self::Error> {
        let Some(mut prefix) = input.get(..FrameCodec::PREFIX) else {
            return Ok(None);
        };
        let (header, body) = (prefix.get_u32() as usize, prefix.get_u32() as usize);
        if header > HEADER_BYTES || body > BODY_BYTES {
            return Err(too_long(header, body));
        }
        let whole = FrameCodec::PREFIX + header + body;
        if input.len() < whole {
            // Grows as bytes come: a length alone takes no memory.
            input.reserve((whole - input.len()).min(1 << 20));
            return Ok(None);
        }
        input.advance(FrameCodec::PREFIX);
        let header = input.split_to(header);
        let body = input.split_to(body).freeze();
        let header = serde_json::from_slice(&header)?;
        Ok(Some(Frame { header, body }))
    }
}

fn too_long(header: usize, body: usize) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        format!(
            "a frame of {header} and {body} bytes is longer than {HEADER_BYTES} and {BODY_BYTES}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut stream = BytesMut::new();
        for id in 0..3 {
            let header = Request {
                id,
                session: SessionId::new(),
                command: Command::Interrupt,
            };
            let frame = Frame {
                header,
                body: Bytes::from(vec![7; id as usize]),
            };
            FrameCodec.encode(frame, &mut stream).expect("it is short");
        }
        let mut reader = FrameReader::<Request>::new();
        let (mut input, mut seen) = (BytesMut::new(), Vec::new());
        for byte in stream {
            input.put_u8(byte);
            if let Some(frame) = reader.decode(&mut input).expect("it is whole") {
                seen.push((frame.header.id, frame.body.len()));
            }
        }
        assert_eq!(seen, [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn lengths_beyond_the_limit_and_headers_of_another_type_are_refused() {
        let mut reader = FrameReader::<Request>::new();
        let mut long = BytesMut::from(&[0xff; 8][..]);
        assert!(reader.decode(&mut long).is_err());
        let mut other = BytesMut::from(&b"\0\0\0\x02\0\0\0\0{}"[..]);
        assert!(reader.decode(&mut other).is_err());
        let mut part = BytesMut::from(&[0, 0, 0, 2, 0, 0][..]);
        assert!(matches!(reader.decode(&mut part), Ok(None)));
    }
}
