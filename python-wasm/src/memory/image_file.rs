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
        // No writable mapping exists, so forbidding future writes forbids all; `WRITE` would first
        // wait, up to 150 ms, until no other processor holds a page for a moment.
        rustix::fs::fcntl_add_seals(
            &file,
            SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::FUTURE_WRITE,
        )
        .map_err(|error| MemoryError::System {
            action: "seal",
            source: error.into(),
        })?;
        Ok(Self { file, bytes })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_cannot_be_written_cut_or_mapped_for_writing() {
        let image = ImageFile::sealed(PAGE, [(0, &[7; PAGE][..])]).unwrap();
        assert!(image.file.write_all_at(&[1], 0).is_err());
        assert!(image.file.set_len(0).is_err());
        assert!(image.file.set_len(2 * PAGE as u64).is_err());
        // SAFETY: a new mapping at an address of the kernel's choice.
        let mapped = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                PAGE,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::SHARED,
                &image.file,
                0,
            )
        };
        assert!(mapped.is_err());
        let mut page = [0; PAGE];
        image.file.read_exact_at(&mut page, 0).unwrap();
        assert_eq!(page, [7; PAGE]);
    }
}
