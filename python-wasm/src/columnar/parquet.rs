//! Reading Parquet.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::answer::{Answer, choose};
use super::frame::Frame;
use super::page_check::{FOOTER_BYTES, check_footer, too_large};
use super::row_group::{load_row_group, read_range};
use super::{ColumnarError, Format, ReadRequest, Source};

pub(crate) fn damaged(reason: impl ToString) -> ColumnarError {
    Format::Parquet.damaged(reason)
}

impl From<ParquetError> for ColumnarError {
    fn from(error: ParquetError) -> Self {
        damaged(error)
    }
}

pub(crate) fn read(mut source: Source, request: &ReadRequest) -> Result<Frame, ColumnarError> {
    let (metadata, length) = read_metadata(&mut source)?;
    let options = ArrowReaderOptions::new();
    let stored = ArrowReaderMetadata::try_new(metadata.clone(), options.clone())?;
    let viewed = Arc::new(with_views(stored.schema()));
    let reader =
        ArrowReaderMetadata::try_new(metadata.clone(), options.with_schema(viewed.clone()))?;

    let pandas = pandas_metadata(&metadata, stored.schema());
    let chosen = choose(&viewed, request.columns.as_deref(), pandas.as_ref())?;
    let mask = ProjectionMask::roots(reader.parquet_schema(), chosen.iter().copied());
    let leaves: Vec<usize> = (0..reader.parquet_schema().num_columns())
        .filter(|leaf| mask.leaf_included(*leaf))
        .collect();

    let mut answer = Answer::new(&viewed, &chosen, request.answer_bytes)?;
    let mut skip = request.first_row;
    let total = metadata
        .row_groups()
        .iter()
        .try_fold(0_u64, |total, group| {
            u64::try_from(group.num_rows())
                .ok()
                .and_then(|rows| total.checked_add(rows))
        });
    let total = total.ok_or_else(|| damaged("a row group has an impossible number of rows"))?;

    for (position, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows() as u64;
        if skip >= rows {
            skip -= rows;
            continue;
        }
        if answer.is_full() {
            break;
        }
        let (chunks, batch_rows) =
            load_row_group(&mut source, length, group.columns(), &leaves, rows, request)?;
        let offset = usize::try_from(skip).map_err(|_| damaged("too many rows"))?;
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, reader.clone())
            .with_row_groups(vec![position])
            .with_projection(mask.clone())
            .with_batch_size(batch_rows)
            .with_offset(offset)
            .build()?;
        for batch in batches {
            let batch = batch.map_err(damaged)?;
            if !answer.append(&batch)? {
                break;
            }
        }
        skip = 0;
    }
    if leaves.is_empty() {
        answer.only_rows(total.saturating_sub(request.first_row));
    }
    Ok(answer.finish(request.first_row, total, pandas))
}

/// Reads and checks the footer. Returns it with the file's length.
fn read_metadata(source: &mut Source) -> Result<(Arc<ParquetMetaData>, u64), ColumnarError> {
    let length = match source {
        Source::Memory(bytes) => bytes.len() as u64,
        Source::File(file) => file.metadata()?.len(),
    };
    if length < 12 {
        return Err(damaged("it is too short"));
    }
    let tail = read_range(source, length - 8, 8)?;
    let (footer_length, magic) = tail.split_at(4);
    if magic == b"PARE" {
        return Err(ColumnarError::Unsupported {
            what: "an encrypted Parquet file".to_owned(),
            solution: "write it without encryption",
        });
    }
    if magic != b"PAR1" {
        return Err(damaged("it does not end with PAR1"));
    }
    let footer_length = u64::from(u32::from_le_bytes(
        footer_length.try_into().unwrap_or_default(),
    ));
    if footer_length > length - 12 {
        return Err(damaged("its footer is larger than the file"));
    }
    if footer_length > FOOTER_BYTES {
        return Err(too_large(
            "the file's footer".to_owned(),
            footer_length,
            FOOTER_BYTES,
        ));
    }
    let footer = read_range(source, length - 8 - footer_length, footer_length)?;
    check_footer(&footer)?;
    Ok((
        Arc::new(ParquetMetaDataReader::decode_metadata(&footer)?),
        length,
    ))
}

/// Returns the schema with strings and bytes as views, which share their page instead of being copied:
/// a dictionary of one long value cannot become a long value for every row.
fn with_views(schema: &Schema) -> Schema {
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| Arc::new(view_of(field)))
        .collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

fn view_of(field: &Field) -> Field {
    let nested = |inner: &FieldRef| Arc::new(view_of(inner));
    let data_type = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::List(inner) => DataType::List(nested(inner)),
        DataType::LargeList(inner) => DataType::LargeList(nested(inner)),
        DataType::FixedSizeList(inner, width) => DataType::FixedSizeList(nested(inner), *width),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nested).collect()),
        DataType::Map(entries, sorted) => DataType::Map(nested(entries), *sorted),
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

fn pandas_metadata(metadata: &ParquetMetaData, schema: &SchemaRef) -> Option<serde_json::Value> {
    let entries = metadata.file_metadata().key_value_metadata();
    let stored = entries
        .and_then(|entries| entries.iter().find(|entry| entry.key == "pandas"))
        .and_then(|entry| entry.value.as_deref())
        .or_else(|| schema.metadata().get("pandas").map(String::as_str))?;
    serde_json::from_str(stored).ok()
}
