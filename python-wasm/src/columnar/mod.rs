//! Parquet and Feather, read and written on the host for a guest that has no pyarrow.
//!
//! The guest sends a file's bytes and gets a [`Frame`] (a description of columns and their raw
//! buffers), or sends a frame and gets a file's bytes. [`TableDoor`] is the whole of it: one method for
//! each operation of the door.
//!
//! A file comes from the guest or from a stranger, so it is hostile. Before a third-party decoder sees
//! it, the sizes it declares are checked against what was really sent and against a limit: the Parquet
//! footer's schema and every page header (`page_check`), every buffer of an Arrow message (`feather`).
//! Values are decoded in small batches, strings as views into their pages, and an answer ends at
//! [`ANSWER_BYTES`], from where the guest asks on. What the decoders still get wrong is a panic, and
//! that is caught here as the last resort (so this crate must not be built with `panic = "abort"`).

mod answer;
mod decode;
mod door;
mod encode;
mod feather;
mod frame;
mod guard;
mod measure;
mod page_check;
mod parquet;
mod row_group;
#[cfg(test)]
mod tests;
mod thrift;
mod write;

use std::fs::File;

use bytes::Bytes;

pub use door::{ReadCall, TableDoor, WriteCall};
pub use frame::Frame;
#[cfg(test)]
use frame::{Column, FrameHeader, FrameView, Kind, TimeUnit};
pub(crate) use guard::guarded;
#[cfg(test)]
use write::{Compression, TableWriter};

/// Most bytes of column buffers in one answer, below the 64 MiB that a frame of the door may have.
pub const ANSWER_BYTES: usize = 48 << 20;

/// A file format for tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Feather version 2, which is the Arrow IPC file format.
    Feather,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub enum Source {
    /// In memory.
    Memory(Bytes),
    /// In an open file, of which only what is needed is read.
    File(File),
}

/// What to read of a file.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    /// Names of the columns, or all. Columns of the stored pandas index are read as well.
    pub columns: Option<Vec<String>>,
    /// The first row of the answer, counted from 0.
    pub first_row: u64,
    /// Most bytes of host memory that decoding may take: the file's part that is being read, its
    /// decompressed pages, and the decoded batch each stay below it.
    pub limit_bytes: u64,
    /// Most bytes of the answer; at least one row is given, or an error when one row is larger.
    pub answer_bytes: usize,
}

impl ReadRequest {
    /// Returns a request for everything, from the first row, in answers of [`ANSWER_BYTES`].
    pub fn new(limit_bytes: u64) -> Self {
        Self {
            columns: None,
            first_row: 0,
            limit_bytes,
            answer_bytes: ANSWER_BYTES,
        }
    }
}

/// Why a table cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarError {
    /// The file is not what it says it is, or is damaged.
    #[error("the {format} file cannot be read: {reason}")]
    Damaged {
        /// The file's format: "Parquet" or "Feather".
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A part of the format that is not supported here.
    #[error("{what} is not supported here; {solution}")]
    Unsupported {
        /// What was found.
        what: String,
        /// What to do instead.
        solution: &'static str,
    },
    /// Reading needs more memory than is allowed.
    #[error("{what} needs {needed} bytes of memory, at most {limit} are allowed; {solution}")]
    TooLarge {
        /// What was measured.
        what: String,
        /// The bytes it needs.
        needed: u64,
        /// The bytes it may have.
        limit: u64,
        /// What to do instead.
        solution: &'static str,
    },
    /// A column that the file does not have.
    #[error("there is no column {name:?} in the file; it has {known}")]
    UnknownColumn {
        /// The name as it was given.
        name: String,
        /// The first names there are.
        known: String,
    },
    /// A frame from the guest does not fit together.
    #[error("the table's frame is malformed: {reason}")]
    Frame {
        /// What does not fit.
        reason: String,
    },
    /// A table was continued that was not started.
    #[error("no table is being written; start with one that is not continued")]
    NotStarted,
    /// The file could not be opened or read.
    #[error("the file cannot be read: {source}")]
    File {
        /// What the system said.
        #[from]
        source: std::io::Error,
    },
    /// The decoder broke down on the file.
    #[error("the {format} file made the decoder fail: {reason}")]
    DecoderFailed {
        /// The file's format.
        format: &'static str,
        /// The panic's message.
        reason: String,
    },
}

impl ColumnarError {
    /// Returns the name of the Python exception that says this best.
    pub fn python_type(&self) -> &'static str {
        match self {
            Self::Damaged { .. }
            | Self::Frame { .. }
            | Self::NotStarted
            | Self::DecoderFailed { .. } => "ValueError",
            Self::UnknownColumn { .. } => "KeyError",
            Self::Unsupported { .. } => "NotImplementedError",
            Self::TooLarge { .. } => "MemoryError",
            Self::File { .. } => "OSError",
        }
    }
}

impl Format {
    /// Returns the format's name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Feather => "Feather",
        }
    }

    pub(crate) fn damaged(self, reason: impl ToString) -> ColumnarError {
        ColumnarError::Damaged {
            format: self.name(),
            reason: reason.to_string(),
        }
    }
}

/// Returns rows of the file in `source`, from `request.first_row` on, as many as fit into the answer.
///
/// # Errors
/// [`ColumnarError`] for a file that is damaged, needs too much memory or has parts that are not
/// supported, and for columns that it does not have.
pub fn read(format: Format, source: Source, request: &ReadRequest) -> Result<Frame, ColumnarError> {
    guarded(format, || match format {
        Format::Parquet => parquet::read(source, request),
        Format::Feather => feather::read(source, request),
    })
}

/// Returns the bytes of a file that holds the frame.
///
/// # Errors
/// [`ColumnarError`] for a frame that does not fit together.
#[cfg(test)]
fn write(
    format: Format,
    compression: Compression,
    frame: &FrameView<'_>,
) -> Result<Vec<u8>, ColumnarError> {
    let mut writer = TableWriter::new(format, compression, frame)?;
    let mut bytes = writer.append(frame)?;
    bytes.append(&mut writer.finish()?);
    Ok(bytes)
}
