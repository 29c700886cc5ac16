//! The values of Arrow arrays, appended to a column in its wire form.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, OffsetSizeTrait};
use arrow_buffer::ToByteSlice;
use arrow_schema::{DataType, TimeUnit as ArrowUnit};

use super::ColumnEncoder;
use crate::columnar::ColumnarError;
use crate::columnar::frame::Kind;

impl ColumnEncoder {
    /// Appends all values of an array, whose type is the one that this encoder was made for.
    pub(crate) fn append(&mut self, array: &dyn Array) -> Result<(), ColumnarError> {
        self.append_validity(array);
        let start = self.data.len();
        match array.data_type() {
            DataType::Null => {}
            DataType::Boolean => {
                let values = array.as_boolean();
                self.data
                    .extend((0..values.len()).map(|row| u8::from(values.value(row))));
            }
            DataType::Int8 => self.plain::<Int8Type>(array),
            DataType::Int16 => self.plain::<Int16Type>(array),
            DataType::Int32 => self.plain::<Int32Type>(array),
            DataType::Int64 => self.plain::<Int64Type>(array),
            DataType::UInt8 => self.plain::<UInt8Type>(array),
            DataType::UInt16 => self.plain::<UInt16Type>(array),
            DataType::UInt32 => self.plain::<UInt32Type>(array),
            DataType::UInt64 => self.plain::<UInt64Type>(array),
            DataType::Float16 => self.plain::<Float16Type>(array),
            DataType::Float32 => self.plain::<Float32Type>(array),
            DataType::Float64 => self.plain::<Float64Type>(array),
            DataType::Date32 => self.plain::<Date32Type>(array),
            DataType::Date64 => {
                let days = array.as_primitive::<Date64Type>().values().iter();
                self.data.extend(days.flat_map(|milliseconds| {
                    i32::try_from(milliseconds.div_euclid(86_400_000))
                        .unwrap_or(0)
                        .to_le_bytes()
                }));
            }
            DataType::Timestamp(ArrowUnit::Second, _) => self.plain::<TimestampSecondType>(array),
            DataType::Timestamp(ArrowUnit::Millisecond, _) => {
                self.plain::<TimestampMillisecondType>(array)
            }
            DataType::Timestamp(ArrowUnit::Microsecond, _) => {
                self.plain::<TimestampMicrosecondType>(array)
            }
            DataType::Timestamp(ArrowUnit::Nanosecond, _) => {
                self.plain::<TimestampNanosecondType>(array)
            }
            DataType::Duration(ArrowUnit::Second) => self.plain::<DurationSecondType>(array),
            DataType::Duration(ArrowUnit::Millisecond) => {
                self.plain::<DurationMillisecondType>(array)
            }
            DataType::Duration(ArrowUnit::Microsecond) => {
                self.plain::<DurationMicrosecondType>(array)
            }
            DataType::Duration(ArrowUnit::Nanosecond) => {
                self.plain::<DurationNanosecondType>(array)
            }
            DataType::Time32(ArrowUnit::Second) => self.widened::<Time32SecondType>(array),
            DataType::Time32(_) => self.widened::<Time32MillisecondType>(array),
            DataType::Time64(ArrowUnit::Microsecond) => self.plain::<Time64MicrosecondType>(array),
            DataType::Time64(_) => self.plain::<Time64NanosecondType>(array),
            DataType::Decimal32(..) => {
                let values = array.as_primitive::<Decimal32Type>();
                self.bytes(array, |row, out| {
                    out.extend(values.value_as_string(row).bytes())
                })?;
            }
            DataType::Decimal64(..) => {
                let values = array.as_primitive::<Decimal64Type>();
                self.bytes(array, |row, out| {
                    out.extend(values.value_as_string(row).bytes())
                })?;
            }
            DataType::Decimal128(..) => {
                let values = array.as_primitive::<Decimal128Type>();
                self.bytes(array, |row, out| {
                    out.extend(values.value_as_string(row).bytes())
                })?;
            }
            DataType::Decimal256(..) => {
                let values = array.as_primitive::<Decimal256Type>();
                self.bytes(array, |row, out| {
                    out.extend(values.value_as_string(row).bytes())
                })?;
            }
            DataType::Utf8 => {
                let values = array.as_string::<i32>();
                self.bytes(array, |row, out| {
                    out.extend_from_slice(values.value(row).as_bytes())
                })?;
            }
            DataType::LargeUtf8 => {
                let values = array.as_string::<i64>();
                self.bytes(array, |row, out| {
                    out.extend_from_slice(values.value(row).as_bytes())
                })?;
            }
            DataType::Utf8View => {
                let values = array.as_string_view();
                self.bytes(array, |row, out| {
                    out.extend_from_slice(values.value(row).as_bytes())
                })?;
            }
            DataType::Binary => {
                let values = array.as_binary::<i32>();
                self.bytes(array, |row, out| out.extend_from_slice(values.value(row)))?;
            }
            DataType::LargeBinary => {
                let values = array.as_binary::<i64>();
                self.bytes(array, |row, out| out.extend_from_slice(values.value(row)))?;
            }
            DataType::BinaryView => {
                let values = array.as_binary_view();
                self.bytes(array, |row, out| out.extend_from_slice(values.value(row)))?;
            }
            DataType::FixedSizeBinary(_) => {
                let values = array.as_fixed_size_binary();
                self.bytes(array, |row, out| out.extend_from_slice(values.value(row)))?;
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                self.lists(array, list.value_offsets(), &[list.values().clone()])?;
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                self.lists(array, list.value_offsets(), &[list.values().clone()])?;
            }
            DataType::FixedSizeList(_, width) => {
                let list = array.as_fixed_size_list();
                let start = list.value_offset_at(0);
                let offsets: Vec<i64> = (0..=list.len())
                    .map(|row| (start + row * *width as usize) as i64)
                    .collect();
                self.lists(array, &offsets, &[list.values().clone()])?;
            }
            DataType::Map(..) => {
                let map = array.as_map();
                self.lists(array, map.value_offsets(), map.entries().columns())?;
            }
            DataType::Struct(_) => {
                for (child, values) in self.children.iter_mut().zip(array.as_struct().columns()) {
                    child.append(values)?;
                }
            }
            DataType::Dictionary(..) => self.codes(array)?,
            other => {
                return Err(ColumnarError::Unsupported {
                    what: format!(
                        "the Arrow type {other} of the column {:?}",
                        self.column.name
                    ),
                    solution: "read the other columns with columns=[...]",
                });
            }
        }
        self.clear_missing(array, start);
        self.column.rows += array.len() as u64;
        Ok(())
    }

    fn append_validity(&mut self, array: &dyn Array) {
        let nulls = array.logical_nulls();
        match nulls {
            Some(nulls) => self.validity.extend(nulls.iter().map(u8::from)),
            None => self.validity.resize(self.validity.len() + array.len(), 1),
        }
        self.column.nulls += array.logical_null_count() as u64;
    }

    /// Writes zeros where a value is missing: decoders leave there what they last had.
    fn clear_missing(&mut self, array: &dyn Array, start: usize) {
        let Some(width) = self
            .column
            .kind
            .width()
            .filter(|_| self.column.kind != Kind::Categorical)
        else {
            return;
        };
        let Some(nulls) = array.nulls() else { return };
        for (present, value) in nulls.iter().zip(self.data[start..].chunks_exact_mut(width)) {
            if !present {
                value.fill(0);
            }
        }
    }

    fn plain<T: ArrowPrimitiveType>(&mut self, array: &dyn Array) {
        self.data
            .extend_from_slice(array.as_primitive::<T>().values().to_byte_slice());
    }

    fn widened<T: ArrowPrimitiveType<Native = i32>>(&mut self, array: &dyn Array) {
        let values = array.as_primitive::<T>().values().iter();
        self.data
            .extend(values.flat_map(|value| i64::from(*value).to_le_bytes()));
    }

    fn bytes(
        &mut self,
        array: &dyn Array,
        mut value: impl FnMut(usize, &mut Vec<u8>),
    ) -> Result<(), ColumnarError> {
        for row in 0..array.len() {
            if array.is_valid(row) {
                value(row, &mut self.data);
            }
            let end = self.offset(Some(self.data.len()))?;
            self.offsets.extend(end.to_le_bytes());
        }
        Ok(())
    }

    /// Returns an offset, which has 31 bits on the wire.
    fn offset(&self, end: Option<usize>) -> Result<i32, ColumnarError> {
        end.and_then(|end| i32::try_from(end).ok())
            .ok_or_else(|| ColumnarError::TooLarge {
                what: format!("the column {:?}", self.column.name),
                needed: end.map_or(u64::MAX, |end| end as u64),
                limit: i32::MAX as u64,
                solution: "read fewer rows at a time",
            })
    }

    fn lists<O: OffsetSizeTrait>(
        &mut self,
        array: &dyn Array,
        offsets: &[O],
        values: &[ArrayRef],
    ) -> Result<(), ColumnarError> {
        for row in 0..array.len() {
            let (start, end) = (offsets[row].as_usize(), offsets[row + 1].as_usize());
            // What a missing list refers to is not sent.
            let length = if array.is_valid(row) {
                end.saturating_sub(start)
            } else {
                0
            };
            self.end = self.offset((self.end as usize).checked_add(length))?;
            self.offsets.extend(self.end.to_le_bytes());
        }
        // Runs of present lists lie behind each other, so each run is one slice of the values.
        let mut row = 0;
        while row < array.len() {
            if array.is_null(row) {
                row += 1;
                continue;
            }
            let first = row;
            while row < array.len() && array.is_valid(row) {
                row += 1;
            }
            let (start, end) = (offsets[first].as_usize(), offsets[row].as_usize());
            for (child, values) in self.children.iter_mut().zip(values) {
                child.append(&values.slice(start, end - start))?;
            }
        }
        Ok(())
    }

    fn codes(&mut self, array: &dyn Array) -> Result<(), ColumnarError> {
        let dictionary = array.as_any_dictionary();
        let values = dictionary.values();
        let base = match &self.dictionary {
            Some((last, base))
                if last.len() == values.len() && last.to_data() == values.to_data() =>
            {
                *base
            }
            Some(_) | None => {
                let base = self.children[0].column.rows as usize;
                self.children[0].append(values)?;
                self.dictionary = Some((values.clone(), base));
                base
            }
        };
        let keys = if values.is_empty() {
            vec![0; array.len()]
        } else {
            dictionary.normalized_keys()
        };
        for (row, key) in keys.into_iter().enumerate() {
            let code = if array.is_valid(row) {
                i32::try_from(base + key).unwrap_or(-1)
            } else {
                -1
            };
            self.data.extend(code.to_le_bytes());
        }
        Ok(())
    }
}
