//! States of a session that can be gone back to, kept as the pages that differ from its image.

mod captured;
mod compaction;
mod file;
mod held;
mod page;
mod page_store;
mod page_table;
mod sweep;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use captured::Captured;
pub use held::Held;
pub(crate) use page::Page;
pub use page_store::{PageStore, StoreError};
pub(crate) use page_table::PageTable;
pub use sweep::{Doomed, Sweeper, Swept};

use file::HeldFile;

use crate::wasi::OpenState;

/// The name of a checkpoint in its store: 32 hexadecimal digits, not to be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CheckpointId(String);

impl CheckpointId {
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system has random bytes");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CheckpointId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if text.len() == 32 && digits {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} names no checkpoint"))
        }
    }
}

impl std::str::FromStr for CheckpointId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl std::fmt::Display for CheckpointId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A session's whole state between two cells. Cheap to clone; its pages are freed with the last
/// clone, unless a folder of the store holds them.
#[derive(Debug, Clone)]
pub struct Checkpoint(pub(crate) Arc<State>);

/// What a checkpoint holds.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) id: CheckpointId,
    pub(crate) about: About,
    pub(crate) table: PageTable,
    /// Its file, once a folder has it; held, so that no sweep takes it.
    file: OnceLock<Arc<HeldFile>>,
}

/// Everything of a checkpoint but its pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct About {
    /// The digest of the image the pages differ from.
    pub(crate) image: String,
    pub(crate) memory_bytes: u64,
    pub(crate) open: Vec<OpenState>,
    /// Reading of the monotonic clock.
    pub(crate) clock: Duration,
    pub(crate) fuel_used: u64,
    pub(crate) execution_count: u64,
}

impl Checkpoint {
    pub(crate) fn new(about: About, table: PageTable) -> Self {
        Self(Arc::new(State {
            id: CheckpointId::random(),
            about,
            table,
            file: OnceLock::new(),
        }))
    }

    /// Returns its name, under which a store with a folder finds it again.
    pub fn id(&self) -> &CheckpointId {
        &self.0.id
    }

    /// Returns the digest of the image that it belongs to.
    pub fn image(&self) -> &str {
        &self.0.about.image
    }

    /// Returns how many pages (4 KiB) differ from the image.
    pub fn pages(&self) -> usize {
        self.0.table.iter().count()
    }

    /// Returns how many cells had been executed.
    pub fn execution_count(&self) -> u64 {
        self.0.about.execution_count
    }
}

/// A checkpoint and what became of it on disk. Its pages are in memory until a folder has them, so
/// a session can go back to it even when its store failed.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) stored: Result<(), Arc<StoreError>>,
}

impl Recorded {
    /// Returns a checkpoint that nothing is to be done for any more.
    pub(crate) fn known(checkpoint: Checkpoint) -> Self {
        Self {
            checkpoint,
            stored: Ok(()),
        }
    }
}
