//! One page of a checkpoint.

use std::sync::{Arc, Mutex, Weak};

use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};

use super::CheckpointId;
use super::file::HeldFile;
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
        file: Arc<HeldFile>,
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

    /// Returns the page, checked against its address.
    pub(crate) fn contents(&self, key: &[u8; 32]) -> Result<[u8; PAGE], StoreError> {
        let mut page = [0; PAGE];
        self.read_into(key, &mut page, &mut Vec::new())?;
        Ok(page)
    }

    /// Writes the page, checked against its address, to where it shall be; what is there after a
    /// failure is not the page. `room` is for its compressed bytes, and used again for the next one.
    pub(crate) fn read_into(
        &self,
        key: &[u8; 32],
        page: &mut [u8; PAGE],
        room: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let read = match self.place() {
            Place::Memory(compressed) => decompress_into(&compressed, page),
            Place::File {
                file,
                offset,
                bytes,
            } => {
                room.resize(bytes as usize, 0);
                file.read_at(room, offset)?;
                decompress_into(room, page)
            }
        };
        if !matches!(read, Ok(PAGE)) || address(key, page) != self.id {
            return Err(StoreError::Tampered {
                what: "a page",
                checkpoint: self.checkpoint(),
            });
        }
        Ok(())
    }

    fn checkpoint(&self) -> Option<CheckpointId> {
        match self.place() {
            Place::Memory(_) => None,
            Place::File { file, .. } => Some(file.id().clone()),
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

/// Compresses pages one after the other, without asking for memory for each.
pub(super) struct Compressor {
    table: CompressTable,
    out: [u8; get_maximum_output_size(PAGE)],
}

impl Default for Compressor {
    fn default() -> Self {
        Self {
            table: CompressTable::small(),
            out: [0; get_maximum_output_size(PAGE)],
        }
    }
}

impl Compressor {
    /// Returns the compressed bytes of a page.
    pub(super) fn compress(&mut self, page: &[u8]) -> Arc<[u8]> {
        let bytes = compress_into_with_table(page, &mut self.out, &mut self.table)
            .expect("the room is the most that a page can take");
        self.out[..bytes].into()
    }
}

/// Returns the content address of a page.
pub(crate) fn address(key: &[u8; 32], page: &[u8]) -> PageId {
    let hash = blake3::keyed_hash(key, page);
    hash.as_bytes()[..16].try_into().expect("half of 32 bytes")
}
