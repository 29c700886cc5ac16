//! Guest memory: one reserved address range a session, an image mapped copy-on-write at its
//! start, and the record of which pages were written since they were last looked at.
//!
//! Most of the crate's `unsafe` code is here; the rest copies pages (`session::history`,
//! `image::builder`) and loads the compiled module (`runtime::code`).

mod creator;
mod dirty;
mod hot;
mod image_file;
mod mapping;

pub(crate) use creator::{EXCEPTION_HEAP_BYTES, GuestMemoryCreator, hand_over};
pub(crate) use dirty::{DirtyTracking, PageRun};
pub(crate) use image_file::ImageFile;
pub(crate) use mapping::{GUARD_BYTES, GuestMemory, MAXIMUM_BYTES, RESERVED_BYTES};

/// Bytes in one page of a checkpoint: the host's page size, which the loader checks at start.
pub(crate) const PAGE: usize = 4096;

/// Why guest memory could not be prepared or changed.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The operating system refused to map or protect memory.
    #[error("the operating system refused to {action} guest memory: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A size lies outside of what a 32-bit guest can have.
    #[error("a guest memory of {bytes} bytes is outside of what is allowed (at most {limit})")]
    Size {
        /// The size asked for.
        bytes: u64,
        /// The largest allowed.
        limit: u64,
    },
}

impl MemoryError {
    fn last(action: &'static str) -> Self {
        Self::System {
            action,
            source: std::io::Error::last_os_error(),
        }
    }
}
