//! One row group of a Parquet file in memory, checked before it is decoded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bytes::{Buf, Bytes};
use parquet::basic::Type as PhysicalType;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::page_check::{check_chunk, too_large};
use super::parquet::damaged;
use super::{ColumnarError, ReadRequest, Source};

/// Most rows that are decoded at once.
const BATCH_ROWS: u64 = 8192;

/// Host bytes that one value of a nested column takes while it is decoded: levels, offset, view.
const NESTED_VALUE_BYTES: u64 = 48;

/// Reads the chosen columns of a row group into memory, checks their pages, and returns them with the
/// number of rows that may be decoded at once. What was checked is what is decoded: a file that changes
/// meanwhile changes nothing.
pub(crate) fn load_row_group(
    source: &mut Source,
    length: u64,
    columns: &[ColumnChunkMetaData],
    leaves: &[usize],
    rows: u64,
    request: &ReadRequest,
) -> Result<(RowGroup, usize), ColumnarError> {
    let limit = request.limit_bytes;
    let mut chunks = Vec::with_capacity(leaves.len());
    let (mut stored, mut decoded, mut row_bytes, mut batch_rows) =
        (0_u64, 0_u64, 1_u64, BATCH_ROWS);
    for leaf in leaves {
        let column = columns
            .get(*leaf)
            .ok_or_else(|| damaged("a row group lacks a column"))?;
        let start = column
            .dictionary_page_offset()
            .map_or(column.data_page_offset(), |dictionary| {
                dictionary.min(column.data_page_offset())
            });
        let (Ok(start), Ok(size)) = (
            u64::try_from(start),
            u64::try_from(column.compressed_size()),
        ) else {
            return Err(damaged("a column has a negative size"));
        };
        if start.checked_add(size).is_none_or(|end| end > length) {
            return Err(damaged("a column ends beyond the file"));
        }
        stored += size;
        if stored > limit {
            return Err(too_large("one row group".to_owned(), stored, limit));
        }
        let data = read_range(source, start, size)?;
        let sizes = check_chunk(column, &data, limit)?;
        decoded = decoded.saturating_add(sizes.decoded);
        if column.column_descr().max_rep_level() > 0 {
            decoded = decoded.saturating_add(sizes.values.saturating_mul(NESTED_VALUE_BYTES));
        } else if sizes.values != rows {
            let name = column.column_path().string();
            return Err(damaged(format!(
                "column {name:?} has {} values in {rows} rows",
                sizes.values
            )));
        }
        if decoded > limit {
            return Err(too_large("one row group".to_owned(), decoded, limit));
        }
        let width = match column.column_type() {
            PhysicalType::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(column.column_descr().type_length()).unwrap_or(0)
            }
            PhysicalType::BOOLEAN
            | PhysicalType::INT32
            | PhysicalType::INT64
            | PhysicalType::INT96
            | PhysicalType::FLOAT
            | PhysicalType::DOUBLE
            | PhysicalType::BYTE_ARRAY => 32,
        };
        row_bytes = row_bytes.saturating_add(width);
        if sizes.mixed {
            // Categories are copied out for every row where a dictionary ends within a batch.
            batch_rows = batch_rows.min(limit / sizes.dictionary.max(1));
        }
        chunks.push((start, data));
    }
    if row_bytes > limit {
        return Err(too_large("one row".to_owned(), row_bytes, limit));
    }
    let batch_rows = batch_rows.min(limit / row_bytes).max(1);
    Ok((
        RowGroup { length, chunks },
        usize::try_from(batch_rows).unwrap_or(1),
    ))
}

/// The loaded column chunks of one row group, at their places in the file.
pub(crate) struct RowGroup {
    length: u64,
    chunks: Vec<(u64, Bytes)>,
}

impl RowGroup {
    fn from(&self, start: u64) -> ParquetResult<Bytes> {
        self.chunks
            .iter()
            .find_map(|(at, bytes)| {
                let skip = usize::try_from(start.checked_sub(*at)?).ok()?;
                (skip < bytes.len()).then(|| bytes.slice(skip..))
            })
            .ok_or_else(|| ParquetError::EOF("a read outside the loaded columns".to_owned()))
    }
}

impl Length for RowGroup {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for RowGroup {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if length == 0 {
            return Ok(Bytes::new());
        }
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF("a read beyond a column".to_owned()));
        }
        Ok(bytes.slice(..length))
    }
}

/// Returns a range of the file's bytes.
pub(crate) fn read_range(
    source: &mut Source,
    start: u64,
    length: u64,
) -> Result<Bytes, ColumnarError> {
    let short = || damaged("it ends too early");
    let length = usize::try_from(length).map_err(|_| short())?;
    match source {
        Source::Memory(bytes) => {
            let start = usize::try_from(start).map_err(|_| short())?;
            let end = start
                .checked_add(length)
                .filter(|end| *end <= bytes.len())
                .ok_or_else(short)?;
            Ok(bytes.slice(start..end))
        }
        Source::File(file) => read_file_range(file, start, length),
    }
}

fn read_file_range(file: &mut File, start: u64, length: usize) -> Result<Bytes, ColumnarError> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length {
        Ok(bytes.into())
    } else {
        Err(damaged("it ends too early"))
    }
}
