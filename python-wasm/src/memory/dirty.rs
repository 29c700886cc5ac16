//! Which pages of a guest memory were written.
//!
//! Linux 6.7 and newer answer this exactly: `userfaultfd` in its asynchronous write-protect mode
//! marks pages, `PAGEMAP_SCAN` reads and re-arms the marks in one call. Where either is missing
//! or forbidden, `/proc/self/pagemap` still tells which pages a session holds for itself; all of
//! them then count as written, and the content address finds those that did not change.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, OnceLock};

use super::{MemoryError, PAGE};

/// Neighbouring pages, by page number within the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageRun {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl PageRun {
    pub(crate) fn byte_range(self) -> (usize, usize) {
        (self.first as usize * PAGE, self.count as usize * PAGE)
    }

    pub(crate) fn indices(self) -> std::ops::Range<u32> {
        self.first..self.first + self.count
    }

    /// Adds a run behind others; one that follows its neighbour directly makes it longer.
    pub(super) fn append(self, runs: &mut Vec<Self>) {
        match runs.last_mut() {
            Some(last) if last.indices().end == self.first => last.count += self.count,
            _ => runs.push(self),
        }
    }
}

/// How written pages are found on this machine.
#[derive(Clone)]
pub(crate) struct DirtyTracking {
    pagemap: Arc<File>,
    /// The `userfaultfd` of this process; `None` where the kernel has none for us.
    watcher: Option<Arc<OwnedFd>>,
}

impl DirtyTracking {
    /// Returns the exact tracking where the kernel offers it, otherwise the coarse one.
    pub(crate) fn detect() -> Result<Self, MemoryError> {
        static DETECTED: OnceLock<DirtyTracking> = OnceLock::new();
        if let Some(found) = DETECTED.get() {
            return Ok(found.clone());
        }
        let coarse = Self::coarse()?;
        let found = Self {
            watcher: open_watcher().map(Arc::new),
            ..coarse
        };
        Ok(DETECTED.get_or_init(|| found).clone())
    }

    /// Returns the tracking that every Linux has.
    pub(crate) fn coarse() -> Result<Self, MemoryError> {
        let pagemap = File::open("/proc/self/pagemap").map_err(|source| MemoryError::System {
            action: "read the page map of",
            source,
        })?;
        Ok(Self {
            pagemap: Arc::new(pagemap),
            watcher: None,
        })
    }

    /// Tells whether only pages really written are named.
    pub(crate) fn is_exact(&self) -> bool {
        self.watcher.is_some()
    }

    pub(super) fn register(&self, base: usize, bytes: usize) -> Result<(), MemoryError> {
        let Some(watcher) = &self.watcher else {
            return Ok(());
        };
        let mut request = UffdioRegister {
            start: base as u64,
            len: bytes as u64,
            mode: UFFDIO_REGISTER_MODE_WP,
            ioctls: 0,
        };
        // SAFETY: the structure is the kernel's, and the range belongs to the caller.
        let done = unsafe { libc::ioctl(watcher.as_raw_fd(), UFFDIO_REGISTER, &mut request) };
        if done == 0 {
            Ok(())
        } else {
            Err(MemoryError::last("watch"))
        }
    }

    /// Puts copies of pages where the watched range has none yet, watched from the start; no
    /// fault is taken and nothing is copied twice. Returns the bytes done, which may be less.
    ///
    /// # Safety
    /// Both ranges are mapped, and nothing reads or writes the target meanwhile.
    pub(super) unsafe fn copy(&self, target: usize, source: usize, bytes: usize) -> usize {
        let Some(watcher) = &self.watcher else {
            return 0;
        };
        let mut request = UffdioCopy {
            target: target as u64,
            source: source as u64,
            len: bytes as u64,
            mode: UFFDIO_COPY_MODE_WP,
            copied: 0,
        };
        // SAFETY: the structure is the kernel's; the caller answers for the ranges.
        unsafe { libc::ioctl(watcher.as_raw_fd(), UFFDIO_COPY, &mut request) };
        usize::try_from(request.copied).unwrap_or(0)
    }

    /// Returns the pages that may have been written since they were last armed.
    pub(super) fn written(&self, base: usize, bytes: usize) -> Result<Vec<PageRun>, MemoryError> {
        match &self.watcher {
            Some(_) => self.scan(base, bytes, 0, PAGE_IS_WRITTEN),
            None => self.private(base, bytes),
        }
    }

    /// Watches the pages of a range from here on, in one call.
    pub(super) fn arm(&self, base: usize, bytes: usize) -> Result<(), MemoryError> {
        if self.watcher.is_some() {
            self.scan(base, bytes, PM_SCAN_WP_MATCHING, PAGE_IS_WRITTEN)?;
        }
        Ok(())
    }

    pub(super) fn private(&self, base: usize, bytes: usize) -> Result<Vec<PageRun>, MemoryError> {
        match &self.watcher {
            Some(_) => self.scan(base, bytes, 0, 0),
            None => self.read_pagemap(base, bytes),
        }
    }

    /// Pages that are the session's own (neither a page of the image nor the shared zero page)
    /// and in all of `categories`.
    fn scan(
        &self,
        base: usize,
        bytes: usize,
        flags: u64,
        categories: u64,
    ) -> Result<Vec<PageRun>, MemoryError> {
        const REGIONS: usize = 512;
        let end = (base + bytes) as u64;
        let mut regions = [PageRegion::default(); REGIONS];
        let mut request = PmScanArg {
            size: size_of::<PmScanArg>() as u64,
            flags,
            start: base as u64,
            end,
            walk_end: 0,
            vec: regions.as_mut_ptr() as u64,
            vec_len: REGIONS as u64,
            max_pages: 0,
            category_inverted: PAGE_IS_FILE | PAGE_IS_PFNZERO,
            category_mask: categories | PAGE_IS_FILE | PAGE_IS_PFNZERO,
            category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
            return_mask: PAGE_IS_WRITTEN,
        };
        let mut runs: Vec<PageRun> = Vec::new();
        while request.start < end {
            request.vec = regions.as_mut_ptr() as u64;
            // SAFETY: the kernel writes at most `vec_len` regions into the array above.
            let found =
                unsafe { libc::ioctl(self.pagemap.as_raw_fd(), PAGEMAP_SCAN, &mut request) };
            if found < 0 {
                return Err(MemoryError::last("scan"));
            }
            for region in &regions[..found as usize] {
                let first = ((region.start as usize - base) / PAGE) as u32;
                let count = ((region.end - region.start) as usize / PAGE) as u32;
                PageRun { first, count }.append(&mut runs);
            }
            request.start = request.walk_end;
        }
        Ok(runs)
    }

    fn read_pagemap(&self, base: usize, bytes: usize) -> Result<Vec<PageRun>, MemoryError> {
        const ENTRIES: usize = 8192;
        let fail = |source| MemoryError::System {
            action: "read the page map of",
            source,
        };
        let mut buffer = vec![0u8; ENTRIES * 8];
        let mut runs: Vec<PageRun> = Vec::new();
        let pages = bytes / PAGE;
        let mut page = 0;
        while page < pages {
            let count = ENTRIES.min(pages - page);
            let chunk = &mut buffer[..count * 8];
            self.pagemap
                .read_exact_at(chunk, ((base / PAGE + page) * 8) as u64)
                .map_err(fail)?;
            for (offset, entry) in chunk.chunks_exact(8).enumerate() {
                let entry = u64::from_le_bytes(entry.try_into().expect("eight bytes"));
                let held = entry & (PRESENT | SWAPPED) != 0 && entry & FILE_OR_SHARED == 0;
                if !held {
                    continue;
                }
                let index = (page + offset) as u32;
                let run = PageRun {
                    first: index,
                    count: 1,
                };
                run.append(&mut runs);
            }
            page += count;
        }
        Ok(runs)
    }
}

/// Returns a `userfaultfd` with asynchronous write protection, if this kernel has that and
/// `PAGEMAP_SCAN`, and we may use them.
fn open_watcher() -> Option<OwnedFd> {
    // SAFETY: a plain system call that returns a descriptor or -1.
    let raw =
        unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | UFFD_USER_MODE_ONLY) };
    if raw < 0 {
        return None;
    }
    // SAFETY: the descriptor is new and ours.
    let watcher = unsafe { OwnedFd::from_raw_fd(raw as i32) };
    let mut api = UffdioApi {
        api: UFFD_API,
        features: UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
        ioctls: 0,
    };
    // SAFETY: the structure is the kernel's.
    let done = unsafe { libc::ioctl(watcher.as_raw_fd(), UFFDIO_API_IOCTL, &mut api) };
    (done == 0).then_some(watcher)
}

// From linux/userfaultfd.h and linux/fs.h.
const UFFD_API: u64 = 0xAA;
const UFFD_USER_MODE_ONLY: i32 = 1;
const UFFD_FEATURE_WP_HUGETLBFS_SHMEM: u64 = 1 << 12;
const UFFD_FEATURE_WP_ASYNC: u64 = 1 << 15;
const UFFDIO_REGISTER_MODE_WP: u64 = 1 << 1;
const UFFDIO_API_IOCTL: libc::Ioctl = 0xC018_AA3F_u32 as libc::Ioctl;
const UFFDIO_REGISTER: libc::Ioctl = 0xC020_AA00_u32 as libc::Ioctl;
const UFFDIO_COPY: libc::Ioctl = 0xC028_AA03_u32 as libc::Ioctl;
const UFFDIO_COPY_MODE_WP: u64 = 1 << 1;
const PAGEMAP_SCAN: libc::Ioctl = 0xC060_6610_u32 as libc::Ioctl;
const PM_SCAN_WP_MATCHING: u64 = 1;
const PAGE_IS_WRITTEN: u64 = 1 << 1;
const PAGE_IS_FILE: u64 = 1 << 2;
const PAGE_IS_PRESENT: u64 = 1 << 3;
const PAGE_IS_SWAPPED: u64 = 1 << 4;
const PAGE_IS_PFNZERO: u64 = 1 << 5;
// Bits of an entry of /proc/self/pagemap.
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const FILE_OR_SHARED: u64 = 1 << 61;

#[repr(C)]
struct UffdioApi {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
struct UffdioRegister {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

#[repr(C)]
struct UffdioCopy {
    target: u64,
    source: u64,
    len: u64,
    mode: u64,
    copied: i64,
}

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct PageRegion {
    start: u64,
    end: u64,
    categories: u64,
}

#[repr(C)]
struct PmScanArg {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{GuestMemory, ImageFile};

    fn written_pages(tracking: DirtyTracking) -> (Vec<u32>, Vec<u32>) {
        let contents = vec![7u8; 8 * PAGE];
        let image = Arc::new(ImageFile::sealed(16 * PAGE, [(0, &contents[..])]).unwrap());
        let memory = GuestMemory::of(image, tracking).unwrap();
        memory.set_len(32 * PAGE).unwrap();
        let pages = |runs: Vec<PageRun>| runs.into_iter().flat_map(PageRun::indices).collect();
        // SAFETY: nothing else uses this memory.
        unsafe {
            assert_eq!(memory.pages(PageRun { first: 2, count: 1 })[0], 7);
            assert_eq!(
                memory.pages(PageRun {
                    first: 20,
                    count: 1
                })[0],
                0
            );
            memory.write_page(3, &[1; PAGE]);
            memory.write_page(20, &[1; PAGE]);
        }
        let first = pages(memory.take_written().unwrap());
        // SAFETY: as above.
        unsafe { memory.write_page(3, &[2; PAGE]) };
        (first, pages(memory.take_written().unwrap()))
    }

    #[test]
    fn the_coarse_tracking_names_every_page_the_session_holds() {
        assert_eq!(
            written_pages(DirtyTracking::coarse().unwrap()),
            (vec![3, 20], vec![3, 20])
        );
    }

    #[test]
    fn the_exact_tracking_names_each_write_once() {
        let tracking = DirtyTracking::detect().unwrap();
        if tracking.is_exact() {
            assert_eq!(written_pages(tracking), (vec![3, 20], vec![3]));
        }
    }

    #[test]
    fn reverted_pages_read_as_the_image_and_shrunk_memory_is_zero_again() {
        let contents = vec![7u8; PAGE];
        let image = Arc::new(ImageFile::sealed(PAGE, [(0, &contents[..])]).unwrap());
        let memory = GuestMemory::of(image, DirtyTracking::detect().unwrap()).unwrap();
        memory.set_len(2 * PAGE).unwrap();
        // SAFETY: nothing else uses this memory.
        unsafe {
            memory.write_page(0, &[1; PAGE]);
            memory.write_page(1, &[1; PAGE]);
            memory.revert(PageRun { first: 0, count: 1 }).unwrap();
            assert_eq!(memory.pages(PageRun { first: 0, count: 1 })[0], 7);
            memory.set_len(PAGE).unwrap();
            memory.set_len(2 * PAGE).unwrap();
            assert_eq!(memory.pages(PageRun { first: 1, count: 1 })[0], 0);
        }
    }
}
