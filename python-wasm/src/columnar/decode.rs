//! The wire form to Arrow arrays. The frame comes from the guest, so every count and offset is checked.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, DictionaryArray, ListArray,
    MapArray, NullArray, PrimitiveArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, FieldRef, Fields};

use super::ColumnarError;
use super::frame::{Column, FrameView, Kind, TimeUnit, malformed};

/// Returns the fields and arrays of a frame.
pub(crate) fn decode(
    frame: &FrameView<'_>,
) -> Result<(Vec<FieldRef>, Vec<ArrayRef>), ColumnarError> {
    frame.check()?;
    let mut body = frame.body;
    let mut fields = Vec::with_capacity(frame.header.columns.len());
    let mut arrays = Vec::with_capacity(frame.header.columns.len());
    for column in &frame.header.columns {
        let array = decode_column(column, &mut body)?;
        fields.push(field_of(column, &array));
        arrays.push(array);
    }
    Ok((fields, arrays))
}

fn field_of(column: &Column, array: &ArrayRef) -> FieldRef {
    let extension = column
        .extension
        .iter()
        .filter(|(key, _)| key.starts_with("ARROW:extension:"));
    let field = Field::new(&column.name, array.data_type().clone(), true).with_metadata(
        extension
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<HashMap<_, _>>(),
    );
    Arc::new(match array.data_type() {
        DataType::Dictionary(..) => field.with_dict_is_ordered(column.ordered),
        _ => field,
    })
}

fn decode_column(column: &Column, body: &mut &[u8]) -> Result<ArrayRef, ColumnarError> {
    let rows = column.rows as usize;
    let mut buffers = column.buffers.iter();
    let mut next = || -> Result<&[u8], ColumnarError> {
        let length = buffers
            .next()
            .and_then(|length| usize::try_from(*length).ok());
        let taken = length.and_then(|length| body.split_at_checked(length));
        let (taken, rest) = taken.ok_or_else(|| wrong(column, "too few buffers"))?;
        *body = rest;
        Ok(taken)
    };
    let validity = next()?;
    let nulls = (!validity.is_empty())
        .then(|| NullBuffer::from_iter(validity.iter().map(|byte| *byte != 0)));
    let offsets = if column.kind.has_offsets() {
        Some(offsets_of(column, next()?)?)
    } else {
        None
    };
    let offsets = || offsets.clone().ok_or_else(|| wrong(column, "no offsets"));
    let unit = || column.unit.ok_or_else(|| wrong(column, "no unit"));

    match column.kind {
        Kind::Null => Ok(Arc::new(NullArray::new(rows))),
        Kind::Bool => {
            let values = BooleanBuffer::from_iter(next()?.iter().map(|byte| *byte != 0));
            Ok(Arc::new(BooleanArray::new(values, nulls)))
        }
        Kind::Int8 => primitive::<Int8Type>(column, next()?, nulls),
        Kind::Int16 => primitive::<Int16Type>(column, next()?, nulls),
        Kind::Int32 => primitive::<Int32Type>(column, next()?, nulls),
        Kind::Int64 => primitive::<Int64Type>(column, next()?, nulls),
        Kind::UInt8 => primitive::<UInt8Type>(column, next()?, nulls),
        Kind::UInt16 => primitive::<UInt16Type>(column, next()?, nulls),
        Kind::UInt32 => primitive::<UInt32Type>(column, next()?, nulls),
        Kind::UInt64 => primitive::<UInt64Type>(column, next()?, nulls),
        Kind::Float16 => primitive::<Float16Type>(column, next()?, nulls),
        Kind::Float32 => primitive::<Float32Type>(column, next()?, nulls),
        Kind::Float64 => primitive::<Float64Type>(column, next()?, nulls),
        Kind::Date => primitive::<Date32Type>(column, next()?, nulls),
        Kind::DateTime => match unit()? {
            TimeUnit::Second => timestamp::<TimestampSecondType>(column, next()?, nulls),
            TimeUnit::Millisecond => timestamp::<TimestampMillisecondType>(column, next()?, nulls),
            TimeUnit::Microsecond => timestamp::<TimestampMicrosecondType>(column, next()?, nulls),
            TimeUnit::Nanosecond => timestamp::<TimestampNanosecondType>(column, next()?, nulls),
        },
        Kind::TimeDelta => match unit()? {
            TimeUnit::Second => primitive::<DurationSecondType>(column, next()?, nulls),
            TimeUnit::Millisecond => primitive::<DurationMillisecondType>(column, next()?, nulls),
            TimeUnit::Microsecond => primitive::<DurationMicrosecondType>(column, next()?, nulls),
            TimeUnit::Nanosecond => primitive::<DurationNanosecondType>(column, next()?, nulls),
        },
        Kind::Time => match unit()? {
            TimeUnit::Microsecond => primitive::<Time64MicrosecondType>(column, next()?, nulls),
            TimeUnit::Nanosecond => primitive::<Time64NanosecondType>(column, next()?, nulls),
            TimeUnit::Second | TimeUnit::Millisecond => {
                Err(wrong(column, "a time that is not in us or ns"))
            }
        },
        Kind::String => {
            let text = Buffer::from(next()?);
            Ok(Arc::new(StringArray::try_new(offsets()?, text, nulls)?))
        }
        Kind::Binary => {
            let bytes = Buffer::from(next()?);
            Ok(Arc::new(BinaryArray::try_new(offsets()?, bytes, nulls)?))
        }
        Kind::Decimal => {
            let text = StringArray::try_new(offsets()?, Buffer::from(next()?), nulls)?;
            decimal(column, &text)
        }
        Kind::Categorical => {
            let codes = next()?;
            let nulls = nulls.or_else(|| {
                let codes = codes.as_chunks::<4>().0;
                let missing = codes.iter().any(|code| i32::from_le_bytes(*code) < 0);
                missing.then(|| {
                    NullBuffer::from_iter(codes.iter().map(|code| i32::from_le_bytes(*code) >= 0))
                })
            });
            let keys = PrimitiveArray::<Int32Type>::try_new(scalars(column, codes)?, nulls)?;
            let categories = decode_column(child(column, 0)?, body)?;
            Ok(Arc::new(DictionaryArray::try_new(keys, categories)?))
        }
        Kind::List => {
            let offsets = offsets()?;
            let item = child(column, 0)?;
            let values = decode_column(item, body)?;
            check_end(column, &offsets, values.len())?;
            let field = Field::new("element", values.data_type().clone(), true);
            Ok(Arc::new(ListArray::try_new(
                Arc::new(field),
                offsets,
                values,
                nulls,
            )?))
        }
        Kind::Map => {
            let offsets = offsets()?;
            let keys = decode_column(child(column, 0)?, body)?;
            let values = decode_column(child(column, 1)?, body)?;
            check_end(column, &offsets, keys.len())?;
            let fields = Fields::from(vec![
                Field::new("key", keys.data_type().clone(), false),
                Field::new("value", values.data_type().clone(), true),
            ]);
            let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
            let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
            Ok(Arc::new(MapArray::try_new(
                field, offsets, entries, nulls, false,
            )?))
        }
        Kind::Struct => {
            let mut fields = Vec::with_capacity(column.children.len());
            let mut arrays = Vec::with_capacity(column.children.len());
            for child in &column.children {
                let array = decode_column(child, body)?;
                fields.push(field_of(child, &array));
                arrays.push(array);
            }
            if arrays.is_empty() {
                return Err(wrong(column, "no fields"));
            }
            Ok(Arc::new(StructArray::try_new(
                Fields::from(fields),
                arrays,
                nulls,
            )?))
        }
    }
}

fn wrong(column: &Column, what: &str) -> ColumnarError {
    malformed(format!("column {:?} has {what}", column.name))
}

fn child(column: &Column, position: usize) -> Result<&Column, ColumnarError> {
    column
        .children
        .get(position)
        .ok_or_else(|| wrong(column, "too few children"))
}

fn check_end(
    column: &Column,
    offsets: &OffsetBuffer<i32>,
    values: usize,
) -> Result<(), ColumnarError> {
    match usize::try_from(offsets.last()) {
        Ok(end) if end == values => Ok(()),
        Ok(_) | Err(_) => Err(wrong(column, "offsets that do not end with its items")),
    }
}

fn offsets_of(column: &Column, bytes: &[u8]) -> Result<OffsetBuffer<i32>, ColumnarError> {
    let offsets: Vec<i32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| i32::from_le_bytes(*bytes))
        .collect();
    if offsets.first() != Some(&0) || !offsets.is_sorted() {
        return Err(wrong(column, "offsets that do not rise from zero"));
    }
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}

/// Copies bytes of the frame, which may lie anywhere, into aligned memory.
fn scalars<T: arrow_buffer::ArrowNativeType>(
    column: &Column,
    bytes: &[u8],
) -> Result<ScalarBuffer<T>, ColumnarError> {
    let rows = column.rows as usize;
    if bytes.len() != rows * size_of::<T>() {
        return Err(wrong(column, "data of another length"));
    }
    Ok(ScalarBuffer::new(Buffer::from(bytes), 0, rows))
}

fn primitive<T: ArrowPrimitiveType>(
    column: &Column,
    bytes: &[u8],
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ColumnarError> {
    Ok(Arc::new(PrimitiveArray::<T>::try_new(
        scalars(column, bytes)?,
        nulls,
    )?))
}

fn timestamp<T: ArrowTimestampType>(
    column: &Column,
    bytes: &[u8],
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ColumnarError> {
    let array = PrimitiveArray::<T>::try_new(scalars(column, bytes)?, nulls)?;
    match &column.timezone {
        Some(timezone) if timezone.len() > 64 || timezone.chars().any(char::is_control) => {
            Err(wrong(column, "an impossible time zone"))
        }
        timezone => Ok(Arc::new(array.with_timezone_opt(timezone.clone()))),
    }
}

fn decimal(column: &Column, text: &StringArray) -> Result<ArrayRef, ColumnarError> {
    let (Some(precision), Some(scale)) = (column.precision, column.scale) else {
        return Err(wrong(column, "no precision and scale"));
    };
    let parse = |text: &str| {
        unscaled(text, scale).ok_or_else(|| wrong(column, "a value that is no such decimal"))
    };
    if precision <= 38 {
        let values = text
            .iter()
            .map(|text| {
                text.map(|text| {
                    parse(text)?
                        .parse::<i128>()
                        .map_err(|_| wrong(column, "a value that is no such decimal"))
                })
                .transpose()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let array = PrimitiveArray::<Decimal128Type>::from_iter(values)
            .with_precision_and_scale(precision, scale)?;
        array.validate_decimal_precision(precision)?;
        return Ok(Arc::new(array));
    }
    let values = text
        .iter()
        .map(|text| {
            text.map(|text| {
                i256::from_string(&parse(text)?)
                    .ok_or_else(|| wrong(column, "a value that is no such decimal"))
            })
            .transpose()
        })
        .collect::<Result<Vec<_>, _>>()?;
    let array = PrimitiveArray::<Decimal256Type>::from_iter(values)
        .with_precision_and_scale(precision, scale)?;
    array.validate_decimal_precision(precision)?;
    Ok(Arc::new(array))
}

/// Returns the digits of a plain decimal number as a whole number of its last place.
fn unscaled(text: &str, scale: i8) -> Option<String> {
    let scale = usize::try_from(scale).ok()?;
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.len() > scale
        || digits.len() > 100
        || digits.is_empty()
        || !only_digits(whole)
        || !only_digits(fraction)
    {
        return None;
    }
    Some(format!("{sign}{whole}{fraction:0<scale$}"))
}
