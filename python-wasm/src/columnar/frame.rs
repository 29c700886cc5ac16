//! The wire form of a table between host and guest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ColumnarError;

/// Deepest nesting of columns: lists of structs of lists and so on.
pub(crate) const MAXIMUM_DEPTH: usize = 16;

/// Most columns of a frame, nested ones included.
const MAXIMUM_COLUMNS: usize = 20_000;

/// A table: its description and the buffers of all columns, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What the buffers mean.
    pub header: FrameHeader,
    /// The buffers, in the order of the columns, little-endian.
    pub body: Vec<u8>,
}

/// A borrowed [`Frame`].
#[derive(Debug, Clone, Copy)]
pub struct FrameView<'a> {
    /// What the buffers mean.
    pub header: &'a FrameHeader,
    /// The buffers, in the order of the columns, little-endian.
    pub body: &'a [u8],
}

/// The description of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameHeader {
    /// Rows in this frame.
    pub rows: u64,
    /// The first of them, counted from the file's start.
    #[serde(default)]
    pub first_row: u64,
    /// Rows of the whole file.
    #[serde(default)]
    pub total_rows: u64,
    /// The columns, in the file's order.
    pub columns: Vec<Column>,
    /// What pandas has stored about index and data types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pandas: Option<serde_json::Value>,
}

/// One column. Its buffers come in the order validity, then offsets, then data, then the buffers of its
/// children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The column's name; children of a struct have their field's name.
    pub name: String,
    /// What the values are.
    pub kind: Kind,
    /// Values in this column: the frame's rows, or for a child the values that its parent refers to.
    pub rows: u64,
    /// How many of them are missing.
    #[serde(default)]
    pub nulls: u64,
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
    /// Resolution of `datetime`, `timedelta` and `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<TimeUnit>,
    /// Time zone of `datetime` values, which are then UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Decimal digits of `decimal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u8>,
    /// Decimal digits after the point of `decimal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<i8>,
    /// Whether the categories of `categorical` have an order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
    /// What Arrow calls an extension: the keys `ARROW:extension:name` and `ARROW:extension:metadata`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extension: BTreeMap<String, String>,
    /// `list`: the items; `map`: keys and values; `struct`: the fields; `categorical`: the categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Column>,
}

/// What a column's values are, and so what its buffers hold beside the validity (one byte a value, 1 for
/// present; no bytes when all are).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only missing values; no more buffers.
    Null,
    /// One byte a value, 0 or 1.
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
    /// 64-bit signed ticks since 1970.
    DateTime,
    /// 64-bit signed ticks.
    TimeDelta,
    /// 32-bit signed days since 1970.
    Date,
    /// 64-bit signed ticks since midnight.
    Time,
    /// 32-bit signed offsets, one more than values, and UTF-8.
    String,
    /// 32-bit signed offsets, one more than values, and bytes.
    Binary,
    /// As `String`, with the decimal's digits as text.
    Decimal,
    /// 32-bit signed codes, which count in the only child.
    Categorical,
    /// 32-bit signed offsets, one more than values, into the only child.
    List,
    /// As `List`, into two children of the same length.
    Map,
    /// No more buffers; the children have as many values.
    Struct,
}

/// The resolution of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Second,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millisecond,
    /// Microseconds.
    #[serde(rename = "us")]
    Microsecond,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanosecond,
}

impl Kind {
    /// Returns the bytes of one value in the data buffer, or none when there is no such buffer of fixed
    /// width.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int8 | Self::UInt8 => Some(1),
            Self::Int16 | Self::UInt16 | Self::Float16 => Some(2),
            Self::Int32 | Self::UInt32 | Self::Float32 | Self::Date | Self::Categorical => Some(4),
            Self::Int64
            | Self::UInt64
            | Self::Float64
            | Self::DateTime
            | Self::TimeDelta
            | Self::Time => Some(8),
            Self::Null
            | Self::String
            | Self::Binary
            | Self::Decimal
            | Self::List
            | Self::Map
            | Self::Struct => None,
        }
    }

    /// Returns whether there is a buffer of offsets.
    pub fn has_offsets(self) -> bool {
        match self {
            Self::String | Self::Binary | Self::Decimal | Self::List | Self::Map => true,
            Self::Null
            | Self::Bool
            | Self::Int8
            | Self::Int16
            | Self::Int32
            | Self::Int64
            | Self::UInt8
            | Self::UInt16
            | Self::UInt32
            | Self::UInt64
            | Self::Float16
            | Self::Float32
            | Self::Float64
            | Self::DateTime
            | Self::TimeDelta
            | Self::Date
            | Self::Time
            | Self::Categorical
            | Self::Struct => false,
        }
    }

    /// Returns whether there is a buffer of text or bytes behind the offsets.
    pub fn has_bytes(self) -> bool {
        self.has_offsets() && self != Self::List && self != Self::Map
    }
}

impl FrameView<'_> {
    /// Checks that every column's counts fit its kind and the frame, and that the buffers together are
    /// the body. What is inside the buffers is checked where they are decoded.
    pub(crate) fn check(&self) -> Result<(), ColumnarError> {
        let mut walk = Walk {
            columns: 0,
            bytes: 0,
        };
        for column in &self.header.columns {
            walk.column(column, self.header.rows, 0)?;
        }
        if walk.bytes == self.body.len() as u64 {
            Ok(())
        } else {
            Err(malformed(format!(
                "the buffers have {} bytes, the body {}",
                walk.bytes,
                self.body.len()
            )))
        }
    }
}

struct Walk {
    columns: usize,
    bytes: u64,
}

impl Walk {
    fn column(&mut self, column: &Column, rows: u64, depth: usize) -> Result<(), ColumnarError> {
        let name = &column.name;
        self.columns += 1;
        if self.columns > MAXIMUM_COLUMNS || depth > MAXIMUM_DEPTH {
            return Err(malformed(format!(
                "more than {MAXIMUM_COLUMNS} columns, or nested deeper than {MAXIMUM_DEPTH}"
            )));
        }
        if column.rows != rows || rows > i32::MAX as u64 {
            return Err(malformed(format!(
                "column {name:?} has {} values instead of {rows}",
                column.rows
            )));
        }
        let mut expected = vec![None];
        if column.kind.has_offsets() {
            expected.push(Some((rows + 1) * 4));
        }
        if column.kind.has_bytes() {
            expected.push(None);
        }
        if let Some(width) = column.kind.width() {
            expected.push(Some(rows * width as u64));
        }
        let validity = column.buffers.first().copied().unwrap_or(0);
        let lengths_fit = column.buffers.len() == expected.len()
            && expected
                .iter()
                .zip(&column.buffers)
                .all(|(want, have)| want.is_none_or(|want| want == *have));
        if !lengths_fit || (validity != 0 && validity != rows) {
            return Err(malformed(format!(
                "column {name:?} has buffers of {:?} bytes",
                column.buffers
            )));
        }
        for length in &column.buffers {
            self.bytes = self
                .bytes
                .checked_add(*length)
                .ok_or_else(|| malformed("too many bytes".to_owned()))?;
        }
        let children = match column.kind {
            Kind::List | Kind::Categorical => 1..=1,
            Kind::Map => 2..=2,
            Kind::Struct => 0..=MAXIMUM_COLUMNS,
            Kind::Null
            | Kind::Bool
            | Kind::Int8
            | Kind::Int16
            | Kind::Int32
            | Kind::Int64
            | Kind::UInt8
            | Kind::UInt16
            | Kind::UInt32
            | Kind::UInt64
            | Kind::Float16
            | Kind::Float32
            | Kind::Float64
            | Kind::DateTime
            | Kind::TimeDelta
            | Kind::Date
            | Kind::Time
            | Kind::String
            | Kind::Binary
            | Kind::Decimal => 0..=0,
        };
        if !children.contains(&column.children.len()) {
            return Err(malformed(format!(
                "column {name:?} has {} children",
                column.children.len()
            )));
        }
        for child in &column.children {
            let child_rows = if column.kind == Kind::Struct {
                rows
            } else {
                child.rows
            };
            self.column(child, child_rows, depth + 1)?;
        }
        Ok(())
    }
}

pub(crate) fn malformed(reason: String) -> ColumnarError {
    ColumnarError::Frame { reason }
}
