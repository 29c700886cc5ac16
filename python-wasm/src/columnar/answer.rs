//! The answer to a request: which columns it has, and how many rows fit.

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::ColumnarError;
use super::encode::ColumnEncoder;
use super::frame::{Frame, FrameHeader};
use super::measure::measure;
use super::page_check::too_large;

/// The answer as it grows.
pub(crate) struct Answer {
    encoders: Vec<ColumnEncoder>,
    rows: u64,
    bytes: usize,
    most: usize,
    full: bool,
}

impl Answer {
    pub(crate) fn new(
        schema: &Schema,
        chosen: &[usize],
        most: usize,
    ) -> Result<Self, ColumnarError> {
        let encoders = chosen
            .iter()
            .map(|index| {
                let field = schema.field(*index);
                let mut encoder = ColumnEncoder::new(field)?;
                encoder.set_ordered(field.dict_is_ordered().unwrap_or(false));
                Ok(encoder)
            })
            .collect::<Result<_, ColumnarError>>()?;
        Ok(Self {
            encoders,
            rows: 0,
            bytes: 0,
            most,
            full: false,
        })
    }

    /// Counts rows where no column is read.
    pub(crate) fn only_rows(&mut self, rows: u64) {
        self.rows = rows;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Appends as many of the batch's rows as fit, and returns whether more may come.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<bool, ColumnarError> {
        let mut rows = batch.num_rows();
        let mut slice = batch.clone();
        let size = |slice: &RecordBatch| {
            slice
                .columns()
                .iter()
                .map(|column| measure(column))
                .sum::<usize>()
        };
        let mut bytes = size(&slice);
        while rows > 0 && self.bytes + bytes > self.most {
            self.full = true;
            rows /= 2;
            slice = batch.slice(0, rows);
            bytes = size(&slice);
        }
        if rows == 0 {
            if self.rows == 0 && batch.num_rows() > 0 {
                return Err(too_large(
                    "one row".to_owned(),
                    size(&batch.slice(0, 1)) as u64,
                    self.most as u64,
                ));
            }
            return Ok(!self.full);
        }
        for (encoder, column) in self.encoders.iter_mut().zip(slice.columns()) {
            encoder.append(column.as_ref())?;
        }
        self.rows += rows as u64;
        self.bytes = self.encoders.iter().map(ColumnEncoder::size).sum();
        // Categories come whole, however few rows refer to them.
        if self.bytes > self.most + self.most / 8 {
            return Err(too_large(
                "the categories".to_owned(),
                self.bytes as u64,
                self.most as u64,
            ));
        }
        Ok(!self.full)
    }

    pub(crate) fn finish(
        self,
        first_row: u64,
        total_rows: u64,
        pandas: Option<serde_json::Value>,
    ) -> Frame {
        let mut body = Vec::with_capacity(self.bytes);
        let columns = self
            .encoders
            .into_iter()
            .map(|encoder| encoder.finish(&mut body))
            .collect();
        Frame {
            header: FrameHeader {
                rows: self.rows,
                first_row,
                total_rows,
                columns,
                pandas,
            },
            body,
        }
    }
}

/// Returns the places of the chosen columns, and of those that pandas has stored as the index.
pub(crate) fn choose(
    schema: &Schema,
    names: Option<&[String]>,
    pandas: Option<&serde_json::Value>,
) -> Result<Vec<usize>, ColumnarError> {
    let Some(names) = names else {
        return Ok((0..schema.fields().len()).collect());
    };
    let mut chosen = Vec::new();
    for name in names {
        let Some((index, _)) = schema.column_with_name(name) else {
            let known: Vec<String> = schema
                .fields()
                .iter()
                .take(20)
                .map(|field| format!("{:?}", field.name()))
                .collect();
            return Err(ColumnarError::UnknownColumn {
                name: name.clone(),
                known: known.join(", "),
            });
        };
        chosen.push(index);
    }
    let index_columns = pandas.and_then(|pandas| pandas.get("index_columns")?.as_array());
    for name in index_columns
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
    {
        if let Some((index, _)) = schema.column_with_name(name) {
            chosen.push(index);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}
