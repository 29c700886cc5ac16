//! The door's operations on tables.

use std::fs::File;

use bytes::Bytes;
use serde_json::{Value, json};

use super::frame::{FrameHeader, FrameView};
use super::write::{Compression, TableWriter};
use super::{ColumnarError, Format, ReadRequest, Source, read};

/// The table operations of the door, with the table that a guest is writing in parts.
///
/// Decoding takes processor time; call it where blocking is allowed.
#[derive(Debug, Default)]
pub struct TableDoor {
    writer: Option<TableWriter>,
}

#[derive(serde::Deserialize)]
struct ReadHeader {
    format: Format,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    first_row: u64,
}

#[derive(serde::Deserialize)]
struct WriteHeader {
    format: Format,
    #[serde(default)]
    compression: Compression,
    #[serde(default)]
    continued: bool,
    #[serde(default)]
    more: bool,
    #[serde(flatten)]
    frame: FrameHeader,
}

impl TableDoor {
    /// Answers `table_read`: the frame's header and its buffers.
    ///
    /// `file` is the opened file when the header has a `path`, else the file's bytes are in `body`.
    ///
    /// # Errors
    /// [`ColumnarError`], as [`read`].
    pub fn read(
        &self,
        header: &Value,
        body: &[u8],
        file: Option<File>,
        limit_bytes: u64,
    ) -> Result<(Value, Vec<u8>), ColumnarError> {
        let header: ReadHeader = parse(header)?;
        let source = match file {
            Some(file) => Source::File(file),
            None => Source::Memory(Bytes::copy_from_slice(body)),
        };
        let request = ReadRequest {
            columns: header.columns,
            first_row: header.first_row,
            ..ReadRequest::new(limit_bytes)
        };
        let frame = read(header.format, source, &request)?;
        let value = serde_json::to_value(&frame.header).map_err(|error| ColumnarError::Frame {
            reason: error.to_string(),
        })?;
        Ok((value, frame.body))
    }

    /// Answers `table_write`: an empty object and the file's bytes so far, which the guest appends to
    /// its file. With `"more": true` the table stays open for a call with `"continued": true`.
    ///
    /// # Errors
    /// [`ColumnarError`] for a frame that does not fit together, or does not fit to the table's first.
    /// The table is then closed.
    pub fn write(
        &mut self,
        header: &Value,
        body: &[u8],
    ) -> Result<(Value, Vec<u8>), ColumnarError> {
        let open = self.writer.take();
        let header: WriteHeader = parse(header)?;
        let view = FrameView {
            header: &header.frame,
            body,
        };
        let mut writer = if header.continued {
            open.ok_or(ColumnarError::NotStarted)?
        } else {
            TableWriter::new(header.format, header.compression, &view)?
        };
        let mut bytes = writer.append(&view)?;
        if header.more {
            self.writer = Some(writer);
        } else {
            bytes.append(&mut writer.finish()?);
        }
        Ok((json!({}), bytes))
    }
}

fn parse<T: serde::de::DeserializeOwned>(header: &Value) -> Result<T, ColumnarError> {
    T::deserialize(header).map_err(|error| ColumnarError::Frame {
        reason: error.to_string(),
    })
}
