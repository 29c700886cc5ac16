//! What an archive would unpack to, and whether that is wanted: everything that its directory tells
//! is checked before a byte of it is written.

use std::collections::HashMap;
use std::collections::hash_map;
use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipArchive};

use super::path::{FilePath, fold};
use super::refusal;
use crate::error_code::{ErrorCode, Fault};
use crate::text;

/// Entries of an archive, and bytes of its directory.
const ENTRIES: usize = 10_000;
const DIRECTORY: u64 = 8 << 20;

/// How often larger than the archive its content may be, and the content for which nobody asks.
/// Text rarely shrinks to a fiftieth; only what is made for it shrinks to a thousandth.
const RATIO: u64 = 200;
const SMALL: u64 = 64 << 20;

/// The bits of a mode that tell what it is, and the two kinds that are taken.
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// The extra field in which Unix links and devices name what they stand for, and what it has
/// besides that.
const UNIX_FIELD: u16 = 0x000d;
const UNIX_FIELD_TIMES_AND_OWNERS: usize = 12;

/// An archive that may be unpacked.
pub(super) struct Plan {
    pub(super) archive: ZipArchive<BufReader<File>>,
    pub(super) entries: Vec<Planned>,
    /// Files and folders that there will be, and the bytes of the files.
    pub(super) places: u64,
    pub(super) bytes: u64,
}

/// An entry of the archive that will be a file or folder.
pub(super) struct Planned {
    pub(super) index: usize,
    pub(super) path: FilePath,
    pub(super) folder: bool,
    pub(super) size: u64,
}

/// The names in a folder of the archive, by what some file systems take for the same name.
#[derive(Default)]
struct Names(HashMap<String, Name>);

struct Name {
    exact: String,
    /// What is in it; nothing for a file.
    inside: Option<Names>,
}

impl Plan {
    /// Reads the directory of an archive, of which no file may have more than `largest` bytes.
    pub(super) fn read(file: File, largest: u64) -> Result<Self, Fault> {
        let mut reader = BufReader::new(file);
        // A directory is taken where the archive says it is, and not searched for.
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        bound_directory(&mut reader, config)?;
        reader.seek(SeekFrom::Start(0)).map_err(refusal::own)?;
        let mut archive = ZipArchive::with_config(config, reader).map_err(unreadable)?;
        if archive.has_duplicate_names() {
            return Err(refused("it has two entries of one name"));
        }
        let (mut entries, mut bytes, mut packed) = (Vec::new(), 0u64, 0u64);
        let (mut names, mut places) = (Names::default(), 0);
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(unreadable)?;
            let name = entry.name().map_err(unreadable)?.into_owned();
            let shown = text::line(&name, 120);
            let folder = name.ends_with('/');
            let path =
                FilePath::parse(name.strip_suffix('/').unwrap_or(&name)).map_err(|fault| {
                    refused(format!("an entry's name is refused. {}", fault.message))
                })?;
            if entry.encrypted() {
                return Err(refused(format!("{shown:?} is encrypted")));
            }
            if !matches!(
                entry.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                return Err(refused(format!(
                    "{shown:?} is packed by a method that is not read here; use deflate"
                )));
            }
            let kind = entry.unix_mode().unwrap_or(0) & KIND;
            if kind != 0 && kind != if folder { FOLDER } else { REGULAR }
                || names_a_target(&entry.extra_data())
            {
                return Err(refused(format!("{shown:?} is a link or a device")));
            }
            if fold(&name).ends_with(".zip") {
                return Err(refused(format!(
                    "{shown:?} is an archive itself; unpack one at a time"
                )));
            }
            if entry.size() > largest {
                let (size, most) = (text::size(entry.size()), text::size(largest));
                return Err(refused(format!(
                    "{shown:?} has {size}, and a file may have {most}"
                )));
            }
            places += names.add(&path, folder)?;
            bytes = bytes.saturating_add(entry.size());
            packed = packed.saturating_add(entry.compressed_size());
            entries.push(Planned {
                index,
                path,
                folder,
                size: entry.size(),
            });
        }
        if bytes > SMALL && bytes / RATIO > packed {
            let (size, packed) = (text::size(bytes), text::size(packed));
            return Err(refused(format!(
                "{packed} in it would become {size}, more than {RATIO} times as much"
            )));
        }
        if archive.has_overlapping_entries().map_err(unreadable)? {
            return Err(refused("its entries share bytes"));
        }
        Ok(Self {
            archive,
            entries,
            places,
            bytes,
        })
    }
}

/// Refuses a directory of too many entries or bytes, holding one entry at a time.
fn bound_directory(reader: &mut BufReader<File>, config: Config) -> Result<(), Fault> {
    let mut directory = ZipIterable::try_new(reader, config).map_err(unreadable)?;
    if directory.len() > ENTRIES {
        return Err(refused(format!(
            "it has {} entries, and {ENTRIES} are allowed",
            directory.len()
        )));
    }
    let mut first = None;
    let entries = directory.files().map_err(unreadable)?;
    for entry in entries {
        let start = entry.map_err(unreadable)?.central_header_start();
        if start - *first.get_or_insert(start) > DIRECTORY {
            return Err(refused(format!(
                "its directory has more than {}",
                text::size(DIRECTORY)
            )));
        }
    }
    Ok(())
}

impl Names {
    /// Adds a path and returns how many names of it are new.
    fn add(&mut self, path: &FilePath, folder: bool) -> Result<u64, Fault> {
        let mut names = self;
        let mut new = 0;
        let mut rest = path.names().peekable();
        while let Some(exact) = rest.next() {
            let folder = folder || rest.peek().is_some();
            let (name, is_new) = match names.0.entry(fold(exact)) {
                hash_map::Entry::Vacant(place) => {
                    let inside = folder.then(Names::default);
                    (
                        place.insert(Name {
                            exact: exact.to_owned(),
                            inside,
                        }),
                        true,
                    )
                }
                hash_map::Entry::Occupied(there) => (there.into_mut(), false),
            };
            if name.exact != exact {
                let other = &name.exact;
                return Err(refused(format!(
                    "{exact:?} and {other:?} differ only in case or in how they are encoded"
                )));
            }
            new += u64::from(is_new);
            match &mut name.inside {
                Some(inside) if folder => names = inside,
                None if is_new => break,
                Some(_) | None => {
                    return Err(refused(format!(
                        "{exact:?} is there as a file and as a folder"
                    )));
                }
            }
        }
        Ok(new)
    }
}

/// Tells whether an entry's extra fields name what a link or a device stands for.
fn names_a_target(extra: &Option<Vec<u8>>) -> bool {
    let mut rest = extra.as_deref().unwrap_or_default();
    while let Some((header, after)) = rest.split_first_chunk::<4>() {
        let kind = u16::from_le_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
        if kind == UNIX_FIELD && length > UNIX_FIELD_TIMES_AND_OWNERS {
            return true;
        }
        rest = after.get(length..).unwrap_or_default();
    }
    false
}

/// The refusal of an archive.
pub(super) fn refused(why: impl std::fmt::Display) -> Fault {
    Fault::new(
        ErrorCode::ArchiveRefused,
        format!("The archive is not unpacked: {why}."),
    )
}

/// The refusal of an archive that cannot be read.
pub(super) fn unreadable(error: ZipError) -> Fault {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => refusal::own(error),
        error => refused(format!("it cannot be read ({error})")),
    }
}
