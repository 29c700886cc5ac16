//! Looks at a Parquet file's own statements about sizes before the decoder believes them.

use std::io::Read;

use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::{BOOL_FALSE, Cursor, I32, LIST, STRUCT};
use super::{ColumnarError, Format, frame};

/// Largest footer: ten thousand columns in a hundred row groups need about this.
pub(crate) const FOOTER_BYTES: u64 = 32 << 20;

const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

const PLAIN_DICTIONARY: i64 = 2;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;
const RLE_DICTIONARY: i64 = 8;

/// What a column chunk's pages say, added up.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ChunkSizes {
    /// Bytes of all pages when decompressed.
    pub(crate) decoded: u64,
    /// Values in the data pages, missing ones and levels included.
    pub(crate) values: u64,
    /// Bytes of the dictionary when decompressed.
    pub(crate) dictionary: u64,
    /// Whether some data pages use the dictionary and others do not.
    pub(crate) mixed: bool,
}

/// Checks that the footer is well-formed Thrift and that its schema is neither deep nor larger than
/// what was sent: the decoder recurses over it and reserves memory for as many children as it states.
pub(crate) fn check_footer(footer: &[u8]) -> Result<(), ColumnarError> {
    let mut levels: Vec<u64> = Vec::new();
    let mut cursor = Cursor::new(footer);
    let walked = cursor.structure(0, &mut |cursor, id, kind| {
        if id != 2 || kind != LIST {
            return Some(false);
        }
        let (element, count) = cursor.list()?;
        if element != STRUCT {
            return None;
        }
        for position in 0..count {
            let mut children = 0;
            cursor.structure(1, &mut |cursor, id, kind| {
                if id == 5 && kind == I32 {
                    children = cursor.number()?;
                    return Some(true);
                }
                Some(false)
            })?;
            let children = u64::try_from(children).ok()?;
            while levels.last() == Some(&0) {
                levels.pop();
            }
            if let Some(left) = levels.last_mut() {
                *left -= 1;
            }
            levels.push(children);
            // Three levels of the schema make one list, and the root is one more.
            if levels.len() > 3 * frame::MAXIMUM_DEPTH + 1 || children > count - position - 1 {
                return None;
            }
        }
        Some(true)
    });
    walked.ok_or_else(|| {
        Format::Parquet.damaged("its footer is malformed, or its schema is nested too deeply")
    })
}

/// Walks over the pages of a column chunk whose bytes are `data`, and checks that each declares sizes
/// that are there, fit into `limit`, and that what a page decompresses to is what it declares.
pub(crate) fn check_chunk(
    column: &ColumnChunkMetaData,
    data: &[u8],
    limit: u64,
) -> Result<ChunkSizes, ColumnarError> {
    let name = column.column_path().string();
    let damaged = |what: &str| Format::Parquet.damaged(format!("column {name:?} has {what}"));
    let mut sizes = ChunkSizes::default();
    let mut plain_pages = false;
    let mut dictionary_pages = false;
    let mut rest = data;
    while !rest.is_empty() {
        let header = PageHeader::read(rest).ok_or_else(|| damaged("a malformed page header"))?;
        let (Ok(compressed), Ok(decoded), Ok(values)) = (
            usize::try_from(header.compressed),
            u64::try_from(header.decoded),
            u64::try_from(header.values),
        ) else {
            return Err(damaged("a page of a negative size"));
        };
        let body = rest
            .get(header.length..)
            .and_then(|rest| rest.get(..compressed));
        let body = body.ok_or_else(|| damaged("a page that ends beyond its column"))?;
        rest = &rest[header.length + compressed..];

        sizes.decoded += decoded;
        if sizes.decoded > limit {
            return Err(too_large(format!("column {name:?}"), sizes.decoded, limit));
        }
        match header.kind {
            DICTIONARY_PAGE => {
                if values > decoded {
                    return Err(damaged("a dictionary that is larger than its page"));
                }
                sizes.dictionary += decoded;
            }
            DATA_PAGE | DATA_PAGE_V2 => {
                sizes.values += values;
                match header.encoding {
                    PLAIN_DICTIONARY | RLE_DICTIONARY => dictionary_pages = true,
                    // Their decoder reserves memory for as many values as the compressed data states.
                    DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY => {
                        return Err(ColumnarError::Unsupported {
                            what: format!(
                                "the delta encoding of strings in the Parquet column {name:?}"
                            ),
                            solution: "write the file with plain or dictionary encoding",
                        });
                    }
                    _ => plain_pages = true,
                }
            }
            _ => {}
        }
        check_decompressed(column.compression(), &header, body, decoded, &name)?;
    }
    sizes.mixed = plain_pages && dictionary_pages;
    Ok(sizes)
}

/// The decoders of Snappy, LZ4 and Zstandard stop at the declared size; gzip's goes on, so it is counted
/// here first. Codecs that are not built in are refused by name.
fn check_decompressed(
    codec: Compression,
    header: &PageHeader,
    body: &[u8],
    decoded: u64,
    name: &str,
) -> Result<(), ColumnarError> {
    match codec {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::LZ4_RAW
        | Compression::ZSTD(_) => Ok(()),
        Compression::GZIP(_) => {
            let levels = u64::try_from(header.level_bytes)
                .unwrap_or(u64::MAX)
                .min(decoded);
            let packed = body
                .get(usize::try_from(levels).unwrap_or(usize::MAX)..)
                .unwrap_or_default();
            if !header.is_compressed || decoded == levels {
                return Ok(());
            }
            let most = decoded - levels;
            let mut counted = flate2::read::MultiGzDecoder::new(packed).take(most + 1);
            let count = std::io::copy(&mut counted, &mut std::io::sink())
                .map_err(|error| Format::Parquet.damaged(format!("column {name:?}: {error}")))?;
            if count > most {
                return Err(Format::Parquet
                    .damaged(format!("column {name:?} has a page larger than it says")));
            }
            Ok(())
        }
        Compression::LZ4 | Compression::BROTLI(_) | Compression::LZO => {
            Err(ColumnarError::Unsupported {
                what: format!("the compression {codec} of the Parquet column {name:?}"),
                solution: "write the file with snappy, gzip, zstd, lz4_raw or no compression",
            })
        }
    }
}

pub(crate) fn too_large(what: String, needed: u64, limit: u64) -> ColumnarError {
    ColumnarError::TooLarge {
        what,
        needed,
        limit,
        solution: "read fewer columns, or write the file with smaller row groups",
    }
}

struct PageHeader {
    kind: i64,
    decoded: i64,
    compressed: i64,
    values: i64,
    encoding: i64,
    level_bytes: i64,
    is_compressed: bool,
    length: usize,
}

impl PageHeader {
    fn read(data: &[u8]) -> Option<Self> {
        let mut header = Self {
            kind: -1,
            decoded: -1,
            compressed: -1,
            values: 0,
            encoding: -1,
            level_bytes: 0,
            is_compressed: true,
            length: 0,
        };
        let mut cursor = Cursor::new(data);
        cursor.structure(0, &mut |cursor, id, kind| {
            match (id, kind) {
                (1, I32) => header.kind = cursor.number()?,
                (2, I32) => header.decoded = cursor.number()?,
                (3, I32) => header.compressed = cursor.number()?,
                (5 | 7 | 8, STRUCT) => {
                    let version_2 = id == 8;
                    cursor.structure(1, &mut |cursor, id, kind| {
                        match (id, kind) {
                            (1, I32) => header.values = cursor.number()?,
                            (2, I32) if !version_2 => header.encoding = cursor.number()?,
                            (4, I32) if version_2 => header.encoding = cursor.number()?,
                            (5 | 6, I32) if version_2 => {
                                header.level_bytes =
                                    header.level_bytes.checked_add(cursor.number()?)?;
                            }
                            (7, BOOL_FALSE) if version_2 => {
                                header.is_compressed = false;
                                return Some(false);
                            }
                            _ => return Some(false),
                        }
                        Some(true)
                    })?;
                }
                _ => return Some(false),
            }
            Some(true)
        })?;
        header.length = cursor.position();
        Some(header)
    }
}
