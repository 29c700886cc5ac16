//! How large arrays become in the wire form.

use arrow_array::cast::AsArray;
use arrow_array::{Array, OffsetSizeTrait};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType;

/// Returns about how many bytes an array takes in the wire form, without encoding it and without the
/// categories of a dictionary.
pub(crate) fn measure(array: &dyn Array) -> usize {
    let rows = array.len();
    let own = match array.data_type() {
        DataType::Utf8View => {
            array
                .as_string_view()
                .iter()
                .flatten()
                .map(str::len)
                .sum::<usize>()
                + 4 * rows
        }
        DataType::BinaryView => {
            array
                .as_binary_view()
                .iter()
                .flatten()
                .map(<[u8]>::len)
                .sum::<usize>()
                + 4 * rows
        }
        DataType::Utf8 => spread(array.as_string::<i32>().value_offsets()) + 4 * rows,
        DataType::LargeUtf8 => spread(array.as_string::<i64>().value_offsets()) + 4 * rows,
        DataType::Binary => spread(array.as_binary::<i32>().value_offsets()) + 4 * rows,
        DataType::LargeBinary => spread(array.as_binary::<i64>().value_offsets()) + 4 * rows,
        DataType::FixedSizeBinary(width) => rows * (*width as usize + 4),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            measure(&list.values().slice(offsets[0].as_usize(), spread(offsets))) + 4 * rows
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            measure(&list.values().slice(offsets[0].as_usize(), spread(offsets))) + 4 * rows
        }
        DataType::FixedSizeList(_, width) => {
            let values = array.as_fixed_size_list().values();
            measure(&values.slice(0, values.len().min(rows * *width as usize))) + 4 * rows
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let offsets = map.value_offsets();
            let length = spread(offsets);
            let entries = map.entries().columns().iter();
            entries
                .map(|entry| measure(&entry.slice(offsets[0].as_usize(), length)))
                .sum::<usize>()
                + 4 * rows
        }
        DataType::Struct(_) => array
            .as_struct()
            .columns()
            .iter()
            .map(|column| measure(column))
            .sum(),
        DataType::Dictionary(..) => 4 * rows,
        DataType::Decimal128(..) | DataType::Decimal256(..) => 48 * rows,
        _ => 8 * rows,
    };
    own + rows
}

fn spread<O: OffsetSizeTrait>(offsets: &[O]) -> usize {
    match (offsets.first(), offsets.last()) {
        (Some(first), Some(last)) => last.as_usize() - first.as_usize(),
        _ => 0,
    }
}
