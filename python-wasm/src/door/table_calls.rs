//! Parquet and Feather files, read and written on the host's side and off the guest's thread.

use serde_json::{Value, json};

use super::calls::Refusal;
use super::frame::Frame;
use crate::columnar::{ColumnarError, ReadCall, TableDoor, WriteCall};
use crate::session::{Host, bounded};
use crate::wasi::open_to_read;

/// Bytes of host memory that reading a table may take at most.
const TABLE_BYTES: usize = 1 << 30;

type Answer = Result<(Value, Vec<u8>), ColumnarError>;

/// Reads a table out of a file of the guest's or out of the frame's body.
pub(super) async fn read(host: &mut Host, call: ReadCall, body: Vec<u8>) -> Result<Frame, Refusal> {
    let file = match &call.path {
        Some(path) => Some(open_to_read(&host.wasi.tree, path).map_err(|error| {
            Refusal::new(
                "OSError",
                format!("{path} cannot be read (WASI error {})", error.0),
            )
        })?),
        None => None,
    };
    let limit = host.limiter.memory_bytes.min(TABLE_BYTES) as u64;
    let work =
        tokio::task::spawn_blocking(move || TableDoor::default().read(call, body, file, limit));
    answer(bounded(host, work).await)
}

/// Encodes a part of a table; the guest writes the bytes into its file itself.
pub(super) async fn write(
    host: &mut Host,
    call: WriteCall,
    body: Vec<u8>,
) -> Result<Frame, Refusal> {
    let mut tables = std::mem::take(&mut host.door.tables);
    let work = tokio::task::spawn_blocking(move || {
        let answer = tables.write(call, &body);
        (tables, answer)
    });
    let done = bounded(host, work).await.map(|joined| {
        joined.map(|(tables, answer)| {
            host.door.tables = tables;
            answer
        })
    });
    answer(done)
}

fn answer(done: Option<Result<Answer, tokio::task::JoinError>>) -> Result<Frame, Refusal> {
    match done {
        Some(Ok(Ok((header, body)))) => Ok(Frame {
            body,
            ..Frame::of(json!({"ok": header}))
        }),
        Some(Ok(Err(error))) => Err(Refusal::new(error.python_type(), error.to_string())),
        Some(Err(_)) => Err(Refusal::new("RuntimeError", "the table's codec failed")),
        None => Err(Refusal::new(
            "InterruptedError",
            "the table's transfer was interrupted",
        )),
    }
}
