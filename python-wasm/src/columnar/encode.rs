//! Arrow arrays to the wire form.

mod append;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, TimeUnit as ArrowUnit};

use super::ColumnarError;
use super::frame::{Column, Kind, MAXIMUM_DEPTH, TimeUnit};

/// Collects the values of one column over several batches.
#[derive(Debug)]
pub(crate) struct ColumnEncoder {
    column: Column,
    validity: Vec<u8>,
    offsets: Vec<u8>,
    end: i32,
    data: Vec<u8>,
    children: Vec<ColumnEncoder>,
    /// The dictionary that was appended last, and where its values begin in the child.
    dictionary: Option<(ArrayRef, usize)>,
}

impl ColumnEncoder {
    /// Returns an encoder for columns of the field's type.
    pub(crate) fn new(field: &Field) -> Result<Self, ColumnarError> {
        Self::nested(field.name(), field.data_type(), 0)
    }

    fn nested(name: &str, data_type: &DataType, depth: usize) -> Result<Self, ColumnarError> {
        let unsupported = || ColumnarError::Unsupported {
            what: format!("the Arrow type {data_type} of the column {name:?}"),
            solution: "read the other columns with columns=[...], or write this one as another type",
        };
        if depth > MAXIMUM_DEPTH {
            return Err(unsupported());
        }
        let mut column = Column {
            name: name.to_owned(),
            kind: kind_of(data_type).ok_or_else(unsupported)?,
            rows: 0,
            nulls: 0,
            buffers: Vec::new(),
            unit: None,
            timezone: None,
            precision: None,
            scale: None,
            ordered: false,
            extension: Default::default(),
            children: Vec::new(),
        };
        let children = match data_type {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                vec![Self::nested(item.name(), item.data_type(), depth + 1)?]
            }
            DataType::Dictionary(_, value) => vec![Self::nested("categories", value, depth + 1)?],
            DataType::Struct(fields) => fields
                .iter()
                .map(|field| Self::nested(field.name(), field.data_type(), depth + 1))
                .collect::<Result<_, _>>()?,
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => fields
                    .iter()
                    .map(|field| Self::nested(field.name(), field.data_type(), depth + 1))
                    .collect::<Result<_, _>>()?,
                _ => return Err(unsupported()),
            },
            _ => Vec::new(),
        };
        match data_type {
            DataType::Timestamp(unit, timezone) => {
                column.unit = Some(unit_of(*unit));
                column.timezone = timezone.as_ref().map(ToString::to_string);
            }
            DataType::Duration(unit) | DataType::Time32(unit) | DataType::Time64(unit) => {
                column.unit = Some(unit_of(*unit));
            }
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => {
                column.precision = Some(*precision);
                column.scale = Some(*scale);
            }
            _ => {}
        }
        let offsets = if column.kind.has_offsets() {
            0_i32.to_le_bytes().to_vec()
        } else {
            Vec::new()
        };
        Ok(Self {
            column,
            validity: Vec::new(),
            offsets,
            end: 0,
            data: Vec::new(),
            children,
            dictionary: None,
        })
    }

    /// Marks a categorical column as ordered.
    pub(crate) fn set_ordered(&mut self, ordered: bool) {
        self.column.ordered = ordered;
    }

    /// Returns the bytes of all buffers so far.
    pub(crate) fn size(&self) -> usize {
        let own = self.validity.len() + self.offsets.len() + self.data.len();
        own + self.children.iter().map(Self::size).sum::<usize>()
    }

    /// Returns the description of the column, and appends its buffers to `body`.
    pub(crate) fn finish(mut self, body: &mut Vec<u8>) -> Column {
        let mut push = |buffer: &[u8]| {
            self.column.buffers.push(buffer.len() as u64);
            body.extend_from_slice(buffer);
        };
        push(if self.column.nulls == 0 {
            &[]
        } else {
            &self.validity
        });
        if self.column.kind.has_offsets() {
            push(&self.offsets);
        }
        if self.column.kind.has_bytes() || self.column.kind.width().is_some() {
            push(&self.data);
        }
        self.column.children = self
            .children
            .into_iter()
            .map(|child| child.finish(body))
            .collect();
        self.column
    }
}

fn unit_of(unit: ArrowUnit) -> TimeUnit {
    match unit {
        ArrowUnit::Second => TimeUnit::Second,
        ArrowUnit::Millisecond => TimeUnit::Millisecond,
        ArrowUnit::Microsecond => TimeUnit::Microsecond,
        ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
    }
}

fn kind_of(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Null => Kind::Null,
        DataType::Boolean => Kind::Bool,
        DataType::Int8 => Kind::Int8,
        DataType::Int16 => Kind::Int16,
        DataType::Int32 => Kind::Int32,
        DataType::Int64 => Kind::Int64,
        DataType::UInt8 => Kind::UInt8,
        DataType::UInt16 => Kind::UInt16,
        DataType::UInt32 => Kind::UInt32,
        DataType::UInt64 => Kind::UInt64,
        DataType::Float16 => Kind::Float16,
        DataType::Float32 => Kind::Float32,
        DataType::Float64 => Kind::Float64,
        DataType::Timestamp(..) => Kind::DateTime,
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Time32(_) | DataType::Time64(_) => Kind::Time,
        DataType::Duration(_) => Kind::TimeDelta,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::String,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Kind::Binary,
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Kind::Decimal,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => Kind::List,
        DataType::Struct(_) => Kind::Struct,
        DataType::Map(..) => Kind::Map,
        DataType::Dictionary(..) => Kind::Categorical,
        DataType::Interval(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..) => return None,
        // Arrow may gain types.
        #[expect(
            unreachable_patterns,
            reason = "the list above is complete for the version that is pinned"
        )]
        _ => return None,
    })
}
