//! Writing Parquet and Feather, in one part or in several.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMillisecondType, TimestampSecondType};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, RecordBatchOptions};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit as ArrowUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as ParquetCompression, GzipLevel, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::decode::decode;
use super::frame::FrameView;
use super::{ColumnarError, Format, guarded};

/// How a file's values are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// What pandas takes by default: Snappy for Parquet, LZ4 for Feather.
    #[default]
    Default,
    /// Not at all.
    None,
    /// Snappy; Parquet only.
    Snappy,
    /// gzip; Parquet only.
    Gzip,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// Writes one file from frames that follow each other.
pub struct TableWriter {
    format: Format,
    schema: SchemaRef,
    sink: Sink,
}

enum Sink {
    /// The lock is never taken: it makes the writer `Sync`, and with it a session, whose futures
    /// would otherwise have to stay on one thread.
    Parquet(Box<Mutex<ArrowWriter<Vec<u8>>>>),
    Feather(Box<FileWriter<Vec<u8>>>),
}

impl TableWriter {
    /// Returns a writer for a file with the columns of `frame`, of which no row is written yet.
    ///
    /// # Errors
    /// [`ColumnarError`] for a frame that does not fit together, or a compression that the format has
    /// not.
    pub fn new(
        format: Format,
        compression: Compression,
        frame: &FrameView<'_>,
    ) -> Result<Self, ColumnarError> {
        guarded(format, || {
            let (fields, _) = decoded(format, frame)?;
            let pandas = frame.header.pandas.as_ref().map(ToString::to_string);
            // Readers look for pandas' part in Arrow's schema, others in the Parquet file's own entries.
            let metadata = pandas.clone().map(|pandas| ("pandas".to_owned(), pandas));
            let schema = Arc::new(
                Schema::new(fields).with_metadata(metadata.into_iter().collect::<HashMap<_, _>>()),
            );
            match format {
                Format::Parquet => {
                    let entries =
                        pandas.map(|pandas| vec![KeyValue::new("pandas".to_owned(), pandas)]);
                    let properties = WriterProperties::builder()
                        .set_compression(parquet_compression(compression)?)
                        .set_statistics_enabled(EnabledStatistics::Chunk)
                        .set_key_value_metadata(entries)
                        .set_created_by("cellblock".to_owned())
                        .build();
                    let writer =
                        ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
                    Ok(Self {
                        format,
                        schema,
                        sink: Sink::Parquet(Box::new(Mutex::new(writer))),
                    })
                }
                Format::Feather => {
                    let options = IpcWriteOptions::default()
                        .try_with_compression(feather_compression(compression)?)?;
                    let writer = FileWriter::try_new_with_options(Vec::new(), &schema, options)?;
                    Ok(Self {
                        format,
                        schema,
                        sink: Sink::Feather(Box::new(writer)),
                    })
                }
            }
        })
    }

    /// Writes the rows of a frame, and returns the file's bytes that are ready, which follow those that
    /// were returned before.
    ///
    /// # Errors
    /// [`ColumnarError`] for a frame that does not fit together, or has other columns than the first.
    pub fn append(&mut self, frame: &FrameView<'_>) -> Result<Vec<u8>, ColumnarError> {
        guarded(self.format, || {
            let (_, arrays) = decoded(self.format, frame)?;
            let rows = usize::try_from(frame.header.rows).unwrap_or(usize::MAX);
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
                .map_err(|error| ColumnarError::Frame {
                    reason: error.to_string(),
                })?;
            match &mut self.sink {
                Sink::Parquet(writer) => {
                    let writer = writer.get_mut().unwrap_or_else(PoisonError::into_inner);
                    writer.write(&batch)?;
                    // A part is a row group, so that its memory is free before the next one comes.
                    writer.flush()?;
                    writer.sync()?;
                    Ok(std::mem::take(writer.inner_mut()))
                }
                Sink::Feather(writer) => {
                    writer.write(&batch)?;
                    writer.flush()?;
                    Ok(std::mem::take(writer.get_mut()))
                }
            }
        })
    }

    /// Ends the file, and returns its last bytes.
    ///
    /// # Errors
    /// [`ColumnarError`] when the writer fails.
    pub fn finish(self) -> Result<Vec<u8>, ColumnarError> {
        guarded(self.format, || match self.sink {
            Sink::Parquet(writer) => {
                let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(writer.into_inner()?)
            }
            Sink::Feather(mut writer) => {
                writer.finish()?;
                Ok(writer.into_inner()?)
            }
        })
    }
}

impl std::fmt::Debug for TableWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TableWriter")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

fn decoded(
    format: Format,
    frame: &FrameView<'_>,
) -> Result<(Vec<FieldRef>, Vec<ArrayRef>), ColumnarError> {
    let (fields, arrays) = decode(frame)?;
    match format {
        Format::Feather => Ok((fields, arrays)),
        Format::Parquet => {
            let pairs = fields
                .into_iter()
                .zip(arrays)
                .map(|(field, array)| without_seconds(field, array));
            Ok(pairs.collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
        }
    }
}

/// Parquet has no timestamps in seconds; they are stored in milliseconds, as pyarrow does.
fn without_seconds(
    field: FieldRef,
    array: ArrayRef,
) -> Result<(FieldRef, ArrayRef), ColumnarError> {
    let DataType::Timestamp(ArrowUnit::Second, timezone) = array.data_type() else {
        return Ok((field, array));
    };
    let overflow = || ColumnarError::Frame {
        reason: format!(
            "column {:?} has a time that does not fit into milliseconds",
            field.name()
        ),
    };
    let seconds = array.as_primitive::<TimestampSecondType>();
    let values: Vec<Option<i64>> = seconds
        .iter()
        .map(|value| {
            value
                .map(|value| value.checked_mul(1000).ok_or_else(overflow))
                .transpose()
        })
        .collect::<Result<_, _>>()?;
    let values = PrimitiveArray::<TimestampMillisecondType>::from_iter(values)
        .with_timezone_opt(timezone.clone());
    let data_type = values.data_type().clone();
    Ok((
        Arc::new(Field::new(field.name(), data_type, true)),
        Arc::new(values),
    ))
}

fn parquet_compression(compression: Compression) -> Result<ParquetCompression, ColumnarError> {
    Ok(match compression {
        Compression::Default | Compression::Snappy => ParquetCompression::SNAPPY,
        Compression::None => ParquetCompression::UNCOMPRESSED,
        Compression::Gzip => ParquetCompression::GZIP(GzipLevel::default()),
        Compression::Lz4 => ParquetCompression::LZ4_RAW,
        Compression::Zstd => ParquetCompression::ZSTD(ZstdLevel::default()),
    })
}

fn feather_compression(compression: Compression) -> Result<Option<CompressionType>, ColumnarError> {
    match compression {
        Compression::Default | Compression::Lz4 => Ok(Some(CompressionType::LZ4_FRAME)),
        Compression::None => Ok(None),
        Compression::Zstd => Ok(Some(CompressionType::ZSTD)),
        Compression::Snappy | Compression::Gzip => Err(ColumnarError::Unsupported {
            what: "this compression of Feather files".to_owned(),
            solution: "use lz4, zstd or uncompressed",
        }),
    }
}
