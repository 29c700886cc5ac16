//! The store of pages: each content once, in memory or in a folder.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use super::file::HeldFile;
use super::page::{Compressor, Page, PageId, Place, address};
use super::{Captured, Checkpoint, CheckpointId, Recorded, compaction, file};
#[cfg(test)]
use crate::memory::PAGE;

/// Why a store refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("the checkpoint folder {} cannot be used: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A checkpoint cannot be read.
    #[error("the checkpoint {checkpoint} cannot be read: {source}")]
    Read {
        /// Its name.
        checkpoint: CheckpointId,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A checkpoint cannot be written.
    #[error("the checkpoint {checkpoint} cannot be written: {source}")]
    Write {
        /// Its name.
        checkpoint: CheckpointId,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Bytes are not what the store wrote: cut, altered, or written with another key. They were
    /// not loaded.
    #[error("{what} of the checkpoint {} is not what was stored; it was not loaded", checkpoint.as_ref().map_or("in memory", |id| id.as_str()))]
    Tampered {
        /// The part that does not match.
        what: &'static str,
        /// The checkpoint's name.
        checkpoint: Option<CheckpointId>,
    },
    /// The store lives in memory alone, so it finds nothing by name.
    #[error("this store lives in memory; open it with a folder to find checkpoints by name")]
    InMemory,
}

/// Where checkpoints keep their pages. Cheap to clone.
#[derive(Clone)]
pub struct PageStore(Arc<Shared>);

/// What the pages and clones of a store share.
pub(crate) struct Shared {
    key: [u8; 32],
    folder: Option<PathBuf>,
    known: Mutex<HashMap<PageId, Weak<Page>>>,
}

impl Shared {
    /// Takes a page out that nobody holds any more.
    pub(super) fn forget(&self, id: &PageId) {
        let mut known = self.known.lock().expect("no holder panics");
        if known.get(id).is_some_and(|page| page.strong_count() == 0) {
            known.remove(id);
        }
    }
}

impl PageStore {
    /// Returns a store in memory: its checkpoints are gone with the process.
    pub fn in_memory() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the operating system has random bytes");
        Self::with(key, None)
    }

    /// Opens or creates a store in a folder, which only this user can read. Several processes
    /// may use one folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreError> {
        let folder = folder.as_ref().to_owned();
        let fail = |source| StoreError::Folder {
            folder: folder.clone(),
            source,
        };
        crate::cache::private_folder(&folder).map_err(fail)?;
        let key = crate::cache::secret_key(&folder.join("store.key")).map_err(fail)?;
        Ok(Self::with(key, Some(folder)))
    }

    fn with(key: [u8; 32], folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            key,
            folder,
            known: Mutex::default(),
        }))
    }

    pub(crate) fn key(&self) -> &[u8; 32] {
        &self.0.key
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        self.0.folder.as_deref()
    }

    /// Returns the checkpoint of this name.
    pub fn load(&self, id: &CheckpointId) -> Result<Checkpoint, StoreError> {
        let folder = self.folder().ok_or(StoreError::InMemory)?;
        file::read(self, folder, id)
    }

    /// Returns the checkpoint that `captured` makes of the one before it.
    /// Hashes and compresses: not for a thread that has to be quick. With a folder, it is on
    /// disk when this returns, or the answer says why not.
    pub(crate) fn record(&self, before: &Checkpoint, captured: &Captured) -> Recorded {
        let mut table = before.0.table.clone();
        let mut compressor = Compressor::default();
        for (index, page) in captured.pages() {
            let id = address(self.key(), page);
            if table.get(index).is_none_or(|known| known.id != id) {
                table.set(index, self.page(id, page, &mut compressor));
            }
        }
        let about = captured.about.clone();
        let Some(folder) = self.folder() else {
            return Recorded::known(Checkpoint::new(about, table));
        };
        let compacted = compaction::compacted(self, &table);
        let checkpoint = Checkpoint::new(about.clone(), compacted);
        match file::write(self, folder, &checkpoint) {
            Ok(()) => Recorded::known(checkpoint),
            // What older files hold is left to them until something can be written again.
            Err(error) => Recorded {
                checkpoint: Checkpoint::new(about, table),
                stored: Err(Arc::new(error)),
            },
        }
    }

    /// Returns the page of this content, which is kept once.
    fn page(&self, id: PageId, contents: &[u8], compressor: &mut Compressor) -> Arc<Page> {
        if let Some(page) = self.known(&id) {
            return page;
        }
        self.page_in_memory(id, compressor.compress(contents))
    }

    /// Returns a page of these compressed bytes, which is found by its content from now on. Who has
    /// another page of that content keeps it.
    pub(super) fn page_in_memory(&self, id: PageId, compressed: Arc<[u8]>) -> Arc<Page> {
        self.keep(Page::new(id, Place::Memory(compressed), &self.0))
    }

    /// Returns the page that a file holds.
    pub(super) fn page_in_file(
        &self,
        id: PageId,
        file: &Arc<HeldFile>,
        offset: u64,
        bytes: u32,
    ) -> Arc<Page> {
        self.known(&id).unwrap_or_else(|| {
            let place = Place::File {
                file: Arc::clone(file),
                offset,
                bytes,
            };
            self.keep(Page::new(id, place, &self.0))
        })
    }

    fn known(&self, id: &PageId) -> Option<Arc<Page>> {
        self.0
            .known
            .lock()
            .expect("no holder panics")
            .get(id)?
            .upgrade()
    }

    fn keep(&self, page: Page) -> Arc<Page> {
        let page = Arc::new(page);
        self.0
            .known
            .lock()
            .expect("no holder panics")
            .insert(page.id, Arc::downgrade(&page));
        page
    }

    /// Returns an empty table of the store; for tests of its parts.
    #[cfg(test)]
    pub(crate) fn table_of(&self, pages: &[(u32, [u8; PAGE])]) -> super::PageTable {
        let mut table = super::PageTable::default();
        for (index, page) in pages {
            let id = address(self.key(), page);
            table.set(*index, self.page(id, page, &mut Compressor::default()));
        }
        table
    }
}

impl std::fmt::Debug for PageStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PageStore")
            .field("folder", &self.0.folder)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_content_is_kept_once_and_freed_with_its_last_holder() {
        let store = PageStore::in_memory();
        let table = store.table_of(&[(0, [1; PAGE]), (900, [1; PAGE]), (5, [2; PAGE])]);
        assert_eq!(store.0.known.lock().unwrap().len(), 2);
        assert_eq!(
            table.get(900).unwrap().contents(store.key()).unwrap(),
            [1; PAGE]
        );
        let other = store.table_of(&[(0, [1; PAGE]), (5, [3; PAGE])]);
        assert_eq!(table.differing(&other), vec![5, 900]);
        drop((table, other));
        assert!(store.0.known.lock().unwrap().is_empty());
    }

    #[test]
    fn a_page_under_another_key_is_refused() {
        let store = PageStore::in_memory();
        let table = store.table_of(&[(0, [1; PAGE])]);
        let refusal = table
            .get(0)
            .unwrap()
            .contents(PageStore::in_memory().key())
            .unwrap_err();
        assert!(
            matches!(refusal, StoreError::Tampered { what: "a page", .. }),
            "{refusal}"
        );
    }
}
