//! An image's bytes in a sealed memory file.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags};

use super::{MemoryError, PAGE};

/// The contents of a fresh guest memory, in an anonymous file that nobody can write, shrink or
/// grow any more: sessions map it copy-on-write, and a file cut short while mapped would
/// otherwise kill the process.
pub(crate) struct ImageFile {
    file: File,
    bytes: usize,
}

impl ImageFile {
    /// Returns a sealed image holding `parts` (offset, bytes) in a file of `bytes` bytes.
    /// Everything else reads as zero and takes no memory.
    pub(crate) fn sealed<'a>(
        bytes: usize,
        parts: impl IntoIterator<Item = (usize, &'a [u8])>,
    ) -> Result<Self, MemoryError> {
        assert_eq!(bytes % PAGE, 0, "an image is whole pages");
        let fail = |action| move |source: io::Error| MemoryError::System { action, source };
        let descriptor = rustix::fs::memfd_create(
            "cellblock-image",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )
        .map_err(|error| MemoryError::System {
            action: "create",
            source: error.into(),
        })?;
        let file = File::from(descriptor);
        file.set_len(bytes as u64).map_err(fail("size"))?;
        for (offset, part) in parts {
            file.write_all_at(part, offset as u64)
                .map_err(fail("fill"))?;
        }
        rustix::fs::fcntl_add_seals(
            &file,
            SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
        )
        .map_err(|error| MemoryError::System {
            action: "seal",
            source: error.into(),
        })?;
        Ok(Self { file, bytes })
    }

    /// Returns the page of this number; behind the end of the image all are zero.
    pub(super) fn page(&self, index: u32) -> Result<[u8; PAGE], MemoryError> {
        let mut page = [0; PAGE];
        let offset = index as usize * PAGE;
        if offset < self.bytes {
            let read = self.file.read_exact_at(&mut page, offset as u64);
            read.map_err(|source| MemoryError::System {
                action: "read",
                source,
            })?;
        }
        Ok(page)
    }

    /// Returns the image's size in bytes, a multiple of the page size.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl AsFd for ImageFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
