//! The door's operations on tables.

use std::fs::File;

use serde::Deserialize;
use serde_json::{Value, json};

use super::frame::{Column, FrameHeader, FrameView};
use super::write::{Compression, TableWriter};
use super::{ColumnarError, Format, ReadRequest, Source, read};

/// The header of `table_read`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadCall {
    /// The file's format.
    pub format: Format,
    /// The file in the guest, absolute, or none when its bytes are in the body.
    #[serde(default)]
    pub path: Option<String>,
    /// Names of the columns, or all.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// The first row wanted.
    #[serde(default)]
    pub first_row: u64,
}

/// The header of `table_write`; the buffers are in the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteCall {
    /// The file's format.
    pub format: Format,
    /// How its values are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// Whether these rows follow those of the call before.
    #[serde(default)]
    pub continued: bool,
    /// Whether more rows follow.
    #[serde(default)]
    pub more: bool,
    /// Rows in this call.
    pub rows: u64,
    /// The columns.
    pub columns: Vec<Column>,
    /// What pandas wants to be stored.
    #[serde(default)]
    pub pandas: Option<Value>,
}

/// The table operations of the door, with the table that a guest is writing in parts.
///
/// Decoding takes processor time; call it where blocking is allowed. A table that was begun lives no
/// longer than the cell that writes it: drop it with the cell.
#[derive(Debug, Default)]
pub struct TableDoor {
    writer: Option<TableWriter>,
}

impl TableDoor {
    /// Answers `table_read`: the frame's header and its buffers.
    ///
    /// `file` is the opened file when the call has a `path`, else the file's bytes are in `body`.
    ///
    /// # Errors
    /// [`ColumnarError`], as [`read`].
    pub fn read(
        &self,
        call: ReadCall,
        body: Vec<u8>,
        file: Option<File>,
        limit_bytes: u64,
    ) -> Result<(Value, Vec<u8>), ColumnarError> {
        let source = match file {
            Some(file) => Source::File(file),
            None => Source::Memory(body.into()),
        };
        let request = ReadRequest {
            columns: call.columns,
            first_row: call.first_row,
            ..ReadRequest::new(limit_bytes)
        };
        let frame = read(call.format, source, &request)?;
        let header = serde_json::to_value(&frame.header).map_err(|error| ColumnarError::Frame {
            reason: error.to_string(),
        })?;
        Ok((header, frame.body))
    }

    /// Answers `table_write`: an empty object and the file's bytes that are ready, which the guest
    /// appends to its file. With `more` the table stays open for a call that is `continued`.
    ///
    /// # Errors
    /// [`ColumnarError`] for a frame that does not fit together, or does not fit to the table's first.
    /// The table is then closed.
    pub fn write(
        &mut self,
        call: WriteCall,
        body: &[u8],
    ) -> Result<(Value, Vec<u8>), ColumnarError> {
        let open = self.writer.take();
        let header = FrameHeader {
            rows: call.rows,
            first_row: 0,
            total_rows: call.rows,
            columns: call.columns,
            pandas: call.pandas,
        };
        let view = FrameView {
            header: &header,
            body,
        };
        let mut writer = if call.continued {
            open.ok_or(ColumnarError::NotStarted)?
        } else {
            TableWriter::new(call.format, call.compression, &view)?
        };
        let mut bytes = writer.append(&view)?;
        if call.more {
            self.writer = Some(writer);
        } else {
            bytes.append(&mut writer.finish()?);
        }
        Ok((json!({}), bytes))
    }
}
