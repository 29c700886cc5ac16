//! A checkpoint on disk: one file. Nobody is told its name before it is whole; what a crash leaves of
//! one is never loaded, for its lengths and its MAC do not match.
//!
//! `CBCK`, a version, the header's length, a keyed MAC of the header, the header, and the pages
//! that no older file holds or that it takes over from one. The header is what the checkpoint is
//! about (JSON, with its length before it) and one entry a page: number, address, file, offset, length.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::page::{Page, PageId, Place};
use super::page_store::{PageStore, StoreError};
use super::{About, Checkpoint, CheckpointId, PageTable, State};
use crate::memory::MAXIMUM_BYTES;

const MAGIC: &[u8; 8] = b"CBCK\x01\0\0\0";
const MAC_BYTES: usize = 32;
const PREFIX_BYTES: usize = MAGIC.len() + 8 + MAC_BYTES;
const ENTRY_BYTES: usize = 4 + 16 + 4 + 8 + 4;
/// Longest header: every page of the largest memory, and what it is about.
const HEADER_BYTES: u64 = (MAXIMUM_BYTES / crate::memory::PAGE * ENTRY_BYTES + (16 << 20)) as u64;
/// Number that stands for the file itself.
const THIS_FILE: u32 = u32::MAX;

/// Longest compressed page.
const PAGE_BYTES: usize = lz4_flex::block::get_maximum_output_size(crate::memory::PAGE);

#[derive(Serialize, Deserialize)]
struct Description {
    id: CheckpointId,
    about: About,
    /// The other files that hold pages of this checkpoint.
    files: Vec<CheckpointId>,
}

/// How the names of checkpoints' files end.
pub(super) const ENDING: &str = ".checkpoint";

fn path_of(folder: &Path, id: &CheckpointId) -> PathBuf {
    folder.join(format!("{id}{ENDING}"))
}

/// A checkpoint's file, open and held: no sweep takes it while this lives.
#[derive(Debug)]
pub(crate) struct HeldFile {
    id: CheckpointId,
    file: File,
    bytes: u64,
}

impl HeldFile {
    /// Returns the name of the checkpoint whose file it is.
    pub(super) fn id(&self) -> &CheckpointId {
        &self.id
    }

    /// Returns how long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads what is at a place of it.
    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> Result<(), StoreError> {
        let read = self.file.read_exact_at(into, offset);
        read.map_err(|source| StoreError::Read {
            checkpoint: self.id.clone(),
            source,
        })
    }
}

/// Gives numbers to files, in the order in which they are met.
#[derive(Default)]
pub(super) struct FileNumbers {
    files: Vec<Arc<HeldFile>>,
    numbers: HashMap<*const HeldFile, usize>,
}

impl FileNumbers {
    /// Returns the number of a file.
    pub(super) fn of(&mut self, file: &Arc<HeldFile>) -> usize {
        let number = self.numbers.entry(Arc::as_ptr(file));
        *number.or_insert_with(|| {
            self.files.push(Arc::clone(file));
            self.files.len() - 1
        })
    }

    /// Returns the files by their numbers.
    pub(super) fn files(&self) -> &[Arc<HeldFile>] {
        &self.files
    }
}

/// Writes a checkpoint and moves its new pages out of memory.
pub(super) fn write(
    store: &PageStore,
    folder: &Path,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    let State {
        id,
        about,
        table,
        file: held,
    } = &*checkpoint.0;
    let fail = |source| StoreError::Write {
        checkpoint: id.clone(),
        source,
    };
    let mut files = FileNumbers::default();
    let mut entries: Vec<u8> = Vec::new();
    let mut fresh: HashMap<PageId, (&Arc<Page>, u64, u32)> = HashMap::new();
    let mut blob: Vec<u8> = Vec::new();
    for (index, page) in table.iter() {
        let (file, offset, bytes) = match page.place() {
            Place::File {
                file,
                offset,
                bytes,
            } => (files.of(&file) as u32, offset, bytes),
            Place::Memory(compressed) => {
                let (_, offset, bytes) = *fresh.entry(page.id).or_insert_with(|| {
                    let offset = blob.len() as u64;
                    blob.extend_from_slice(&compressed);
                    (page, offset, compressed.len() as u32)
                });
                (THIS_FILE, offset, bytes)
            }
        };
        entries.extend_from_slice(&index.to_le_bytes());
        entries.extend_from_slice(&page.id);
        entries.extend_from_slice(&file.to_le_bytes());
        entries.extend_from_slice(&offset.to_le_bytes());
        entries.extend_from_slice(&bytes.to_le_bytes());
    }
    let description = Description {
        id: id.clone(),
        about: about.clone(),
        files: files.files().iter().map(|file| file.id.clone()).collect(),
    };
    let description = serde_json::to_vec(&description).expect("a description is writable");
    let mut header = (description.len() as u32).to_le_bytes().to_vec();
    header.extend_from_slice(&description);
    header.extend_from_slice(&entries);

    let path = path_of(folder, id);
    let mut out = new_held(&path).map_err(fail)?;
    // Removed again unless all of it is there.
    let path = tempfile::TempPath::try_from_path(path).map_err(fail)?;
    let body_at = (PREFIX_BYTES + header.len()) as u64;
    let mac = blake3::keyed_hash(store.key(), &header);
    let parts: [&[u8]; 5] = [
        MAGIC,
        &(header.len() as u64).to_le_bytes(),
        mac.as_bytes(),
        &header,
        &blob,
    ];
    for part in parts {
        out.write_all(part).map_err(fail)?;
    }
    out.sync_data().map_err(fail)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(fail)?;
    path.keep().map_err(|error| fail(error.error))?;
    let new = HeldFile {
        id: id.clone(),
        file: out,
        bytes: body_at + blob.len() as u64,
    };
    let file = Arc::clone(held.get_or_init(|| Arc::new(new)));
    for (page, offset, bytes) in fresh.into_values() {
        page.moved(Place::File {
            file: Arc::clone(&file),
            offset: body_at + offset,
            bytes,
        });
    }
    Ok(())
}

/// Reads a checkpoint; its pages are read and checked when they are needed.
pub(super) fn read(
    store: &PageStore,
    folder: &Path,
    id: &CheckpointId,
) -> Result<Checkpoint, StoreError> {
    let (file, header, body_at) = read_header(store, folder, id)?;
    let tampered = |what| StoreError::Tampered {
        what,
        checkpoint: Some(id.clone()),
    };
    let (description, entries) = split(&header).ok_or_else(|| tampered("the header"))?;
    if description.id != *id {
        return Err(tampered("the name"));
    }
    let mut others = Vec::with_capacity(description.files.len());
    for other in &description.files {
        // What its header says is not asked for; each page is checked when it is read.
        others.push(Arc::new(open_held(folder, other).map_err(|source| {
            StoreError::Read {
                checkpoint: other.clone(),
                source,
            }
        })?));
    }
    let mut table = PageTable::default();
    for entry in entries.chunks_exact(ENTRY_BYTES) {
        let number =
            |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().expect("four bytes"));
        let index = number(0);
        if u64::from(index) * crate::memory::PAGE as u64 >= description.about.memory_bytes {
            return Err(tampered("a page number"));
        }
        let page_id = entry[4..20].try_into().expect("sixteen bytes");
        let offset = u64::from_le_bytes(entry[24..32].try_into().expect("eight bytes"));
        let bytes = number(32);
        if bytes as usize > PAGE_BYTES {
            return Err(tampered("a page's length"));
        }
        let page = match number(20) {
            THIS_FILE => store.page_in_file(page_id, &file, body_at + offset, bytes),
            other => {
                let file = others
                    .get(other as usize)
                    .ok_or_else(|| tampered("a file number"))?;
                store.page_in_file(page_id, file, offset, bytes)
            }
        };
        table.set(index, page);
    }
    let state = State {
        id: id.clone(),
        about: description.about,
        table,
        file: OnceLock::from(file),
    };
    Ok(Checkpoint(Arc::new(state)))
}

/// Makes the file that becomes a checkpoint's, held before it is one: a sweep leaves it alone.
/// It has its own name at once: no other checkpoint has it, and a new name later would have to be
/// waited for a second time.
fn new_held(path: &Path) -> io::Result<File> {
    loop {
        let new = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        new.lock_shared()?;
        // A sweep that took it for a forgotten one was faster.
        if new.metadata()?.nlink() > 0 {
            return Ok(new);
        }
    }
}

/// Opens a checkpoint's file and holds it, so that no sweep takes it from now on.
fn open_held(folder: &Path, id: &CheckpointId) -> io::Result<HeldFile> {
    let file = File::open(path_of(folder, id))?;
    // Waits for a sweep that is about to decide on this file.
    file.lock_shared()?;
    let metadata = file.metadata()?;
    if metadata.nlink() == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(HeldFile {
        id: id.clone(),
        file,
        bytes: metadata.len(),
    })
}

/// Returns which other files a file needs. Its MAC is not checked: whoever reads the checkpoint
/// checks it, so one whose list was altered cannot be read anyway. A file that is no checkpoint
/// needs none.
pub(super) fn needed(path: &Path) -> io::Result<Vec<CheckpointId>> {
    match read_needed(path) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Vec::new()),
        read => read,
    }
}

fn read_needed(path: &Path) -> io::Result<Vec<CheckpointId>> {
    let mut file = File::open(path)?;
    let mut prefix = [0; PREFIX_BYTES + 4];
    file.read_exact(&mut prefix)?;
    let (prefix, length) = prefix.split_at(PREFIX_BYTES);
    let length = u32::from_le_bytes(length.try_into().expect("four bytes"));
    if !prefix.starts_with(MAGIC) || u64::from(length) > file.metadata()?.len() {
        return Ok(Vec::new());
    }
    let mut description = vec![0; length as usize];
    file.read_exact(&mut description)?;
    let read = serde_json::from_slice::<Needs>(&description);
    Ok(read.map(|needs| needs.files).unwrap_or_default())
}

/// The part of a [`Description`] that a sweep reads.
#[derive(Deserialize)]
struct Needs {
    files: Vec<CheckpointId>,
}

/// Returns the file, its checked header, and where its pages begin.
fn read_header(
    store: &PageStore,
    folder: &Path,
    id: &CheckpointId,
) -> Result<(Arc<HeldFile>, Vec<u8>, u64), StoreError> {
    let fail = |source| StoreError::Read {
        checkpoint: id.clone(),
        source,
    };
    let tampered = |what| StoreError::Tampered {
        what,
        checkpoint: Some(id.clone()),
    };
    let held = open_held(folder, id).map_err(fail)?;
    let (mut file, length) = (&held.file, held.bytes);
    let mut prefix = [0; PREFIX_BYTES];
    match file.read_exact(&mut prefix) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(tampered("the length"));
        }
        Err(error) => return Err(fail(error)),
    }
    let (magic, rest) = prefix.split_at(MAGIC.len());
    let (bytes, mac) = rest.split_at(8);
    let bytes = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    if magic != MAGIC {
        return Err(tampered("the format"));
    }
    if bytes > HEADER_BYTES || bytes > length - PREFIX_BYTES as u64 {
        return Err(tampered("the header's length"));
    }
    let mut header = vec![0; bytes as usize];
    file.read_exact(&mut header).map_err(fail)?;
    let mac = blake3::Hash::from_bytes(mac.try_into().expect("32 bytes"));
    // The comparison takes the same time wherever the two differ.
    if blake3::keyed_hash(store.key(), &header) != mac {
        return Err(tampered("the header"));
    }
    Ok((Arc::new(held), header, PREFIX_BYTES as u64 + bytes))
}

fn split(header: &[u8]) -> Option<(Description, &[u8])> {
    let (bytes, rest) = header.split_first_chunk::<4>()?;
    let (description, entries) = rest.split_at_checked(u32::from_le_bytes(*bytes) as usize)?;
    if entries.len() % ENTRY_BYTES != 0 {
        return None;
    }
    Some((serde_json::from_slice(description).ok()?, entries))
}

#[cfg(test)]
mod tests;
