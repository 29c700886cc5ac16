//! One page of a checkpoint.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, Weak};

use super::CheckpointId;
use super::page_store::{Shared, StoreError};
use crate::memory::PAGE;

/// The content address of a page: the first half of a keyed BLAKE3 hash, so that nobody without
/// the store's key can make a page to order.
pub(crate) type PageId = [u8; 16];

/// A page in a store, compressed. It is found by its content as long as anybody holds it.
pub(crate) struct Page {
    pub(crate) id: PageId,
    place: Mutex<Place>,
    store: Weak<Shared>,
}

/// Where a page's compressed bytes are.
#[derive(Clone)]
pub(crate) enum Place {
    Memory(Arc<[u8]>),
    File {
        checkpoint: CheckpointId,
        file: Arc<File>,
        offset: u64,
        bytes: u32,
    },
}

impl Page {
    pub(crate) fn new(id: PageId, place: Place, store: &Arc<Shared>) -> Self {
        Self {
            id,
            place: Mutex::new(place),
            store: Arc::downgrade(store),
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.place.lock().expect("no holder panics").clone()
    }

    /// Moves the page's bytes to a file; the copy in memory is freed.
    pub(crate) fn moved(&self, place: Place) {
        *self.place.lock().expect("no holder panics") = place;
    }

    /// Returns the compressed bytes.
    pub(crate) fn compressed(&self) -> Result<Arc<[u8]>, StoreError> {
        match self.place() {
            Place::Memory(bytes) => Ok(bytes),
            Place::File {
                checkpoint,
                file,
                offset,
                bytes,
            } => {
                let mut compressed = vec![0; bytes as usize];
                file.read_exact_at(&mut compressed, offset)
                    .map_err(|source| StoreError::Read {
                        checkpoint: checkpoint.clone(),
                        source,
                    })?;
                Ok(compressed.into())
            }
        }
    }

    /// Returns the page, checked against its address.
    pub(crate) fn contents(&self, key: &[u8; 32]) -> Result<[u8; PAGE], StoreError> {
        let mut page = [0; PAGE];
        let read = lz4_flex::block::decompress_into(&self.compressed()?, &mut page);
        if !matches!(read, Ok(PAGE)) || address(key, &page) != self.id {
            return Err(StoreError::Tampered {
                what: "a page",
                checkpoint: self.checkpoint(),
            });
        }
        Ok(page)
    }

    fn checkpoint(&self) -> Option<CheckpointId> {
        match self.place() {
            Place::Memory(_) => None,
            Place::File { checkpoint, .. } => Some(checkpoint),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(store) = self.store.upgrade() {
            store.forget(&self.id);
        }
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Page({:02x?})", &self.id[..4])
    }
}

/// Returns the content address of a page.
pub(crate) fn address(key: &[u8; 32], page: &[u8]) -> PageId {
    let hash = blake3::keyed_hash(key, page);
    hash.as_bytes()[..16].try_into().expect("half of 32 bytes")
}
