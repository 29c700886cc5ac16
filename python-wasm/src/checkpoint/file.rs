//! A checkpoint on disk: one file, written whole or not at all.
//!
//! `CBCK`, a version, the header's length, a keyed MAC of the header, the header, and the pages
//! that no older file holds. The header is what the checkpoint is about (JSON, with its length
//! before it) and one entry a page: number, address, file, offset, length.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::page::{Page, Place};
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

#[derive(Serialize, Deserialize)]
struct Description {
    id: CheckpointId,
    about: About,
    /// The other files that hold pages of this checkpoint.
    files: Vec<CheckpointId>,
}

fn path_of(folder: &Path, id: &CheckpointId) -> PathBuf {
    folder.join(format!("{id}.checkpoint"))
}

/// Writes a checkpoint and moves its new pages out of memory.
pub(super) fn write(
    store: &PageStore,
    folder: &Path,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    let State { id, about, table } = &*checkpoint.0;
    let fail = |source| StoreError::Write {
        checkpoint: id.clone(),
        source,
    };
    let mut files: Vec<CheckpointId> = Vec::new();
    let mut entries: Vec<u8> = Vec::new();
    let mut fresh: Vec<(&Arc<Page>, u64, u32)> = Vec::new();
    let mut blob: Vec<u8> = Vec::new();
    for (index, page) in table.iter() {
        let (file, offset, bytes) = match page.place() {
            Place::File {
                checkpoint,
                offset,
                bytes,
                ..
            } => {
                let at = files
                    .iter()
                    .position(|file| *file == checkpoint)
                    .unwrap_or_else(|| {
                        files.push(checkpoint);
                        files.len() - 1
                    });
                (at as u32, offset, bytes)
            }
            Place::Memory(compressed) => {
                let offset = blob.len() as u64;
                blob.extend_from_slice(&compressed);
                fresh.push((page, offset, compressed.len() as u32));
                (THIS_FILE, offset, compressed.len() as u32)
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
        files,
    };
    let description = serde_json::to_vec(&description).expect("a description is writable");
    let mut header = (description.len() as u32).to_le_bytes().to_vec();
    header.extend_from_slice(&description);
    header.extend_from_slice(&entries);

    let mut out = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
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
    out.as_file().sync_data().map_err(fail)?;
    let path = path_of(folder, id);
    out.persist(&path).map_err(|error| fail(error.error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(fail)?;
    let file = Arc::new(File::open(&path).map_err(fail)?);
    for (page, offset, bytes) in fresh {
        page.moved(Place::File {
            checkpoint: id.clone(),
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
        let (file, _, body_at) = read_header(store, folder, other)?;
        others.push((other, file, body_at));
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
        let page = match number(20) {
            THIS_FILE => store.page_in_file(page_id, id, &file, body_at + offset, bytes),
            other => {
                let (other, file, _) = others
                    .get(other as usize)
                    .ok_or_else(|| tampered("a file number"))?;
                store.page_in_file(page_id, other, file, offset, bytes)
            }
        };
        table.set(index, page);
    }
    let state = State {
        id: id.clone(),
        about: description.about,
        table,
    };
    Ok(Checkpoint(Arc::new(state)))
}

/// Returns the file, its checked header, and where its pages begin.
fn read_header(
    store: &PageStore,
    folder: &Path,
    id: &CheckpointId,
) -> Result<(Arc<File>, Vec<u8>, u64), StoreError> {
    let fail = |source| StoreError::Read {
        checkpoint: id.clone(),
        source,
    };
    let tampered = |what| StoreError::Tampered {
        what,
        checkpoint: Some(id.clone()),
    };
    let mut file = File::open(path_of(folder, id)).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
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
    Ok((Arc::new(file), header, PREFIX_BYTES as u64 + bytes))
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::memory::PAGE;

    fn checkpoint(store: &PageStore, pages: &[(u32, [u8; PAGE])]) -> Checkpoint {
        let about = About {
            image: "image".into(),
            memory_bytes: 1 << 20,
            open: Vec::new(),
            clock: Duration::from_secs(5),
            fuel_used: 7,
            execution_count: 3,
        };
        Checkpoint::new(about, store.table_of(pages))
    }

    fn bytes_of(store: &PageStore, checkpoint: &Checkpoint, index: u32) -> [u8; PAGE] {
        checkpoint
            .0
            .table
            .get(index)
            .unwrap()
            .contents(store.key())
            .unwrap()
    }

    #[test]
    fn another_process_reads_what_was_written_and_pages_are_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = PageStore::open(folder.path()).unwrap();
        let first = checkpoint(&store, &[(1, [1; PAGE]), (2, [2; PAGE])]);
        write(&store, folder.path(), &first).unwrap();
        let second = checkpoint(&store, &[(1, [1; PAGE]), (2, [9; PAGE])]);
        write(&store, folder.path(), &second).unwrap();

        let other = PageStore::open(folder.path()).unwrap();
        let read = other.load(second.id()).unwrap();
        assert_eq!(bytes_of(&other, &read, 1), [1; PAGE]);
        assert_eq!(bytes_of(&other, &read, 2), [9; PAGE]);
        assert_eq!(read.execution_count(), 3);
        assert_eq!(read.0.about.clock, Duration::from_secs(5));
    }

    #[test]
    fn an_altered_or_cut_file_never_becomes_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let store = PageStore::open(folder.path()).unwrap();
        let kept = checkpoint(&store, &[(1, [1; PAGE]), (2, [2; PAGE])]);
        write(&store, folder.path(), &kept).unwrap();
        let id = kept.id().clone();
        drop(kept);
        let path = path_of(folder.path(), &id);
        let good = std::fs::read(&path).unwrap();
        let load = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let store = PageStore::open(folder.path()).unwrap();
            store.load(&id).and_then(|checkpoint| {
                let table = &checkpoint.0.table;
                table
                    .iter()
                    .map(|(_, page)| page.contents(store.key()))
                    .collect::<Result<Vec<_>, _>>()
            })
        };
        let pages = load(&good).unwrap();
        assert_eq!(pages, [[1; PAGE], [2; PAGE]]);
        let header = u64::from_le_bytes(good[MAGIC.len()..MAGIC.len() + 8].try_into().unwrap());
        let body_at = PREFIX_BYTES + header as usize;
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            match load(&bad) {
                Err(StoreError::Tampered { .. }) => {}
                // Compressed bytes can say the same in two ways; the page is what is checked.
                Ok(read) if at >= body_at => assert_eq!(read, pages, "byte {at}"),
                other => panic!("byte {at}: {:?}", other.map(|_| ())),
            }
        }
        for len in 0..good.len() {
            assert!(
                matches!(
                    load(&good[..len]),
                    Err(StoreError::Tampered { .. } | StoreError::Read { .. })
                ),
                "cut at {len}"
            );
        }
        let mut huge = good.clone();
        huge[MAGIC.len()..MAGIC.len() + 8].copy_from_slice(&(1u64 << 63).to_le_bytes());
        assert!(matches!(
            load(&huge),
            Err(StoreError::Tampered {
                what: "the header's length",
                ..
            })
        ));
    }

    #[test]
    fn a_checkpoint_under_another_name_or_of_another_store_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = PageStore::open(folder.path()).unwrap();
        let kept = checkpoint(&store, &[(1, [1; PAGE])]);
        write(&store, folder.path(), &kept).unwrap();
        let other = CheckpointId::random();
        std::fs::copy(
            path_of(folder.path(), kept.id()),
            path_of(folder.path(), &other),
        )
        .unwrap();
        assert!(matches!(
            store.load(&other),
            Err(StoreError::Tampered {
                what: "the name",
                ..
            })
        ));

        let elsewhere = tempfile::tempdir().unwrap();
        let foreign = PageStore::open(elsewhere.path()).unwrap();
        std::fs::copy(
            path_of(folder.path(), kept.id()),
            path_of(elsewhere.path(), kept.id()),
        )
        .unwrap();
        assert!(matches!(
            foreign.load(kept.id()),
            Err(StoreError::Tampered {
                what: "the header",
                ..
            })
        ));
    }
}
