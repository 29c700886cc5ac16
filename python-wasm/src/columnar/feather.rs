//! Reading Feather version 2, the Arrow IPC file format.

use std::io::Read;

use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{
    Block, MetadataVersion, RecordBatch as BatchMessage, convert, root_as_footer, root_as_message,
};
use arrow_schema::ArrowError;

use super::answer::{Answer, choose};
use super::frame::Frame;
use super::page_check::too_large;
use super::{ColumnarError, Format, ReadRequest, Source};

const MAGIC: &[u8] = b"ARROW1";

fn damaged(reason: impl ToString) -> ColumnarError {
    Format::Feather.damaged(reason)
}

impl From<ArrowError> for ColumnarError {
    fn from(error: ArrowError) -> Self {
        damaged(error)
    }
}

pub(crate) fn read(source: Source, request: &ReadRequest) -> Result<Frame, ColumnarError> {
    let file = load(source, request.limit_bytes)?;
    if file.starts_with(b"FEA1") {
        return Err(ColumnarError::Unsupported {
            what: "Feather version 1".to_owned(),
            solution: "write the file with a current pandas or pyarrow",
        });
    }
    if !file.starts_with(MAGIC) || file.len() < 18 {
        return Err(damaged("it does not begin with ARROW1"));
    }
    let trailer = file.len() - 10;
    let footer_length = read_footer_length(file[trailer..].try_into().unwrap_or_default())?;
    let footer_start = trailer
        .checked_sub(footer_length)
        .ok_or_else(|| damaged("its footer is larger than the file"))?;
    let footer = root_as_footer(&file[footer_start..trailer]).map_err(damaged)?;
    let schema = footer.schema().ok_or_else(|| damaged("it has no schema"))?;
    if schema.endianness() != arrow_ipc::Endianness::Little {
        return Err(ColumnarError::Unsupported {
            what: "a big-endian Feather file".to_owned(),
            solution: "write it on a little-endian machine",
        });
    }
    let schema = std::sync::Arc::new(convert::try_fb_to_schema(schema)?);
    let pandas = schema
        .metadata()
        .get("pandas")
        .and_then(|text| serde_json::from_str(text).ok());
    let chosen = choose(&schema, request.columns.as_deref(), pandas.as_ref())?;
    let version = footer.version();

    let mut decoder = FileDecoder::new(schema.clone(), version).with_projection(chosen.clone());
    for block in footer.dictionaries().iter().flatten() {
        let buffer = checked_block(&file, block, version, request.limit_bytes)?.0;
        decoder.read_dictionary(block, &buffer)?;
    }
    let mut answer = Answer::new(&schema, &chosen, request.answer_bytes)?;
    let mut skip = request.first_row;
    let mut total = 0_u64;
    for block in footer.recordBatches().iter().flatten() {
        let (buffer, rows) = checked_block(&file, block, version, request.limit_bytes)?;
        total = total.saturating_add(rows);
        if skip >= rows {
            skip -= rows;
            continue;
        }
        if answer.is_full() {
            continue;
        }
        if let Some(batch) = decoder.read_record_batch(block, &buffer)? {
            let offset = usize::try_from(skip)
                .map_err(damaged)?
                .min(batch.num_rows());
            answer.append(&batch.slice(offset, batch.num_rows() - offset))?;
        }
        skip = 0;
    }
    Ok(answer.finish(request.first_row, total, pandas))
}

fn load(source: Source, limit: u64) -> Result<Buffer, ColumnarError> {
    match source {
        Source::Memory(bytes) => Ok(Buffer::from(bytes)),
        Source::File(file) => {
            let length = file.metadata()?.len();
            if length > limit {
                return Err(too_large("the file".to_owned(), length, limit));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            file.take(limit).read_to_end(&mut bytes)?;
            Ok(Buffer::from_vec(bytes))
        }
    }
}

/// Returns the bytes of a block and its rows, after checking that all sizes it states are there and that
/// its decompressed buffers stay below the limit: the decoder reserves what they state.
fn checked_block(
    file: &Buffer,
    block: &Block,
    version: MetadataVersion,
    limit: u64,
) -> Result<(Buffer, u64), ColumnarError> {
    let outside = || damaged("a block ends beyond the file");
    let start = usize::try_from(block.offset()).map_err(|_| outside())?;
    let head = usize::try_from(block.metaDataLength()).map_err(|_| outside())?;
    let body = usize::try_from(block.bodyLength()).map_err(|_| outside())?;
    let length = head.checked_add(body).ok_or_else(outside)?;
    if start.checked_add(length).is_none_or(|end| end > file.len()) || head < 8 {
        return Err(outside());
    }
    let buffer = file.slice_with_length(start, length);
    let prefix = if buffer[..4] == [0xff; 4] { 8 } else { 4 };
    let message = root_as_message(&buffer[prefix..head]).map_err(damaged)?;
    if message.version() != version {
        return Err(damaged("a message has another version than the file"));
    }
    let batch = match message.header_as_dictionary_batch() {
        Some(dictionary) => dictionary.data(),
        None => message.header_as_record_batch(),
    };
    let batch = batch.ok_or_else(|| damaged("a block is neither a batch nor a dictionary"))?;
    check_batch(&batch, &buffer[head..], limit)?;
    Ok((
        buffer.clone(),
        u64::try_from(batch.length()).map_err(|_| damaged("a negative number of rows"))?,
    ))
}

fn check_batch(batch: &BatchMessage<'_>, body: &[u8], limit: u64) -> Result<(), ColumnarError> {
    let within = |count: i64| u64::try_from(count).is_ok_and(|count| count <= limit);
    if !within(batch.length())
        || !batch
            .nodes()
            .iter()
            .flatten()
            .all(|node| within(node.length()))
    {
        return Err(damaged("a batch has an impossible number of rows"));
    }
    let mut decoded = 0_u64;
    for buffer in batch.buffers().iter().flatten() {
        let outside = || damaged("a buffer ends beyond its batch");
        let start = usize::try_from(buffer.offset()).map_err(|_| outside())?;
        let length = usize::try_from(buffer.length()).map_err(|_| outside())?;
        let end = start.checked_add(length).ok_or_else(outside)?;
        let bytes = body.get(start..end).ok_or_else(outside)?;
        let size = match (batch.compression(), bytes.first_chunk::<8>()) {
            (Some(_), Some(stated)) => match i64::from_le_bytes(*stated) {
                -1 => bytes.len() as u64 - 8,
                stated => u64::try_from(stated).map_err(|_| outside())?,
            },
            (Some(_), None) if !bytes.is_empty() => {
                return Err(damaged("a compressed buffer without a size"));
            }
            (Some(_) | None, _) => 0,
        };
        decoded = decoded.saturating_add(size);
        if decoded > limit {
            return Err(too_large("one record batch".to_owned(), decoded, limit));
        }
    }
    Ok(())
}
