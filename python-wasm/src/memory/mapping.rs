//! One session's address range.

use std::os::fd::{AsFd, AsRawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::dirty::{DirtyTracking, PageRun};
use super::hot::{HotPages, Watch};
use super::{ImageFile, MemoryError, PAGE};

/// Address space a guest memory may grow into: all a 32-bit guest can name.
pub(crate) const MAXIMUM_BYTES: usize = 4 << 30;
/// Unmapped space after it, which compiled code relies on to leave out bounds checks.
pub(crate) const GUARD_BYTES: usize = 32 << 20;
/// Address space reserved for each session.
pub(crate) const RESERVED_BYTES: usize = MAXIMUM_BYTES + GUARD_BYTES;

/// A guest's linear memory: `[0, len)` is readable and writable, the rest is reserved.
///
/// The pages of the image are mapped privately, so a page costs memory only once it is written.
/// It outlives the wasmtime store that runs on it: after a trap the store is dropped, the pages
/// are put back, and a new store takes the same range over.
pub(crate) struct GuestMemory {
    base: NonNull<u8>,
    len: AtomicUsize,
    image: Arc<ImageFile>,
    tracking: DirtyTracking,
    /// The kernel watches writes. It begins with the first look: until then all private pages
    /// are the written ones, and a range that is not watched takes fewer faults, for the kernel
    /// maps the neighbours of a page that is read.
    watched: AtomicBool,
    hot: Mutex<HotPages>,
}

// SAFETY: the range is owned by this value; it is changed either by the wasmtime store that was
// built on it, or through methods whose callers hold the session exclusively and have no store.
unsafe impl Send for GuestMemory {}
// SAFETY: as above; the length is atomic and the base never changes.
unsafe impl Sync for GuestMemory {}

impl GuestMemory {
    /// Returns a memory that reads as `image`, of the image's size.
    pub(crate) fn of(image: Arc<ImageFile>, tracking: DirtyTracking) -> Result<Self, MemoryError> {
        // SAFETY: a fresh anonymous reservation at an address the kernel chooses.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                RESERVED_BYTES,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        let base = match NonNull::new(base.cast::<u8>()) {
            Some(base) if base.as_ptr().cast() != libc::MAP_FAILED => base,
            _ => return Err(MemoryError::last("reserve")),
        };
        let memory = Self {
            base,
            len: AtomicUsize::new(image.bytes()),
            image: Arc::clone(&image),
            tracking,
            watched: AtomicBool::new(false),
            hot: Mutex::default(),
        };
        if image.bytes() > 0 {
            // SAFETY: the range lies inside of the reservation made above, and nothing points
            // into it yet. The file is sealed, so it cannot shrink under the mapping.
            let mapped = unsafe {
                libc::mmap(
                    base.as_ptr().cast(),
                    image.bytes(),
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_NORESERVE,
                    image.as_fd().as_raw_fd(),
                    0,
                )
            };
            if mapped == libc::MAP_FAILED {
                return Err(MemoryError::last("map"));
            }
        }
        Ok(memory)
    }

    /// Returns the address of the first byte.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Returns the number of accessible bytes.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Makes `[0, bytes)` accessible and everything above it reserved again. New bytes are zero.
    pub(crate) fn set_len(&self, bytes: usize) -> Result<(), MemoryError> {
        let now = self.len();
        if bytes > MAXIMUM_BYTES || bytes < self.image.bytes() {
            return Err(MemoryError::Size {
                bytes: bytes as u64,
                limit: MAXIMUM_BYTES as u64,
            });
        }
        assert_eq!(bytes % PAGE, 0, "a guest memory is whole pages");
        if bytes > now {
            self.protect(now, bytes - now, libc::PROT_READ | libc::PROT_WRITE)?;
        } else if bytes < now {
            self.discard(bytes, now - bytes)?;
            self.protect(bytes, now - bytes, libc::PROT_NONE)?;
        }
        self.len.store(bytes, Ordering::Release);
        Ok(())
    }

    /// Returns the pages written since they were last taken. It may name a page that was not
    /// written, and never leaves out one that was.
    pub(crate) fn written(&self) -> Result<Vec<PageRun>, MemoryError> {
        if self.watched.load(Ordering::Acquire) {
            self.tracking
                .written(self.base.as_ptr() as usize, self.len())
        } else {
            self.private_pages()
        }
    }

    /// Returns the pages written since the last call, and watches for the next.
    pub(crate) fn take_written(&self) -> Result<Vec<PageRun>, MemoryError> {
        let written = self.written()?;
        self.watch()?;
        match self.hot.lock().expect("no holder panics").look(&written) {
            Watch::All => self.arm(PageRun {
                first: 0,
                count: (self.len() / PAGE) as u32,
            }),
            Watch::Some(runs) => runs.into_iter().for_each(|run| self.arm(run)),
        }
        Ok(written)
    }

    /// Takes these pages as ones that every cell writes: they are not watched, until it turns out
    /// that they are not written any more.
    pub(crate) fn expect_written(&self, runs: &[PageRun]) {
        self.hot.lock().expect("no holder panics").expect(runs);
    }

    fn watch(&self) -> Result<(), MemoryError> {
        if !self.watched.load(Ordering::Acquire) {
            self.tracking
                .register(self.base.as_ptr() as usize, MAXIMUM_BYTES)?;
            self.watched.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Forgets what was written so far.
    pub(crate) fn watch_anew(&self) -> Result<(), MemoryError> {
        self.watch()?;
        *self.hot.lock().expect("no holder panics") = HotPages::default();
        self.arm(PageRun {
            first: 0,
            count: (self.len() / PAGE) as u32,
        });
        Ok(())
    }

    /// Watches a run of pages. Should the kernel refuse, they count as written, which is true
    /// enough: a page may be named that was not written.
    fn arm(&self, run: PageRun) {
        let (start, bytes) = run.byte_range();
        let _ = self
            .tracking
            .arm(self.base.as_ptr() as usize + start, bytes);
    }

    /// Returns the pages this memory holds for itself: all that may differ from the image.
    pub(crate) fn private_pages(&self) -> Result<Vec<PageRun>, MemoryError> {
        self.tracking
            .private(self.base.as_ptr() as usize, self.len())
    }

    /// Returns the bytes of a run of pages.
    ///
    /// # Safety
    /// No guest code runs on this memory, and nothing writes to it, while the slice lives.
    pub(crate) unsafe fn pages(&self, run: PageRun) -> &[u8] {
        let (start, bytes) = run.byte_range();
        assert!(
            start + bytes <= self.len(),
            "pages outside of the guest's memory"
        );
        // SAFETY: in bounds by the line above; unaliased by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(start), bytes) }
    }

    /// Writes one page.
    ///
    /// # Safety
    /// No guest code runs on this memory and no slice of it is held.
    pub(crate) unsafe fn write_page(&self, index: u32, page: &[u8; PAGE]) {
        let start = index as usize * PAGE;
        assert!(
            start + PAGE <= self.len(),
            "a page outside of the guest's memory"
        );
        // SAFETY: in bounds by the line above; unaliased by the caller's promise.
        unsafe {
            std::ptr::copy_nonoverlapping(page.as_ptr(), self.base.as_ptr().add(start), PAGE);
        }
    }

    /// Returns one page to be written.
    ///
    /// # Safety
    /// No guest code runs on this memory, and nothing else reads or writes the page while the
    /// reference lives.
    #[expect(
        clippy::mut_from_ref,
        reason = "the caller promises what the compiler cannot see"
    )]
    pub(crate) unsafe fn page_mut(&self, index: u32) -> &mut [u8; PAGE] {
        let start = index as usize * PAGE;
        assert!(
            start + PAGE <= self.len(),
            "a page outside of the guest's memory"
        );
        // SAFETY: in bounds by the line above; unaliased by the caller's promise.
        unsafe { &mut *self.base.as_ptr().add(start).cast() }
    }

    /// Takes runs of pages over from another memory of at least the same size; this one is new.
    ///
    /// # Safety
    /// No guest code runs on either memory and no slice of this one is held.
    pub(crate) unsafe fn copy_from(
        &self,
        other: &Self,
        runs: &[PageRun],
    ) -> Result<(), MemoryError> {
        self.watch()?;
        for run in runs {
            let (start, bytes) = run.byte_range();
            assert!(
                start + bytes <= self.len(),
                "pages outside of the guest's memory"
            );
            // SAFETY: in bounds here and, by the callee's check, there; two memories never overlap.
            unsafe {
                let from = other.pages(*run).as_ptr();
                let to = self.base.as_ptr().add(start);
                let done = self.tracking.copy(to as usize, from as usize, bytes);
                std::ptr::copy_nonoverlapping(from.add(done), to.add(done), bytes - done);
            }
        }
        Ok(())
    }

    /// Prepares a run of pages to be written in one step instead of a fault each.
    pub(crate) fn populate(&self, run: PageRun) {
        let (start, bytes) = run.byte_range();
        assert!(
            start + bytes <= self.len(),
            "pages outside of the guest's memory"
        );
        // SAFETY: in bounds. The call only brings pages in; when the kernel does not know it,
        // the pages come one by one later.
        unsafe {
            libc::madvise(
                self.base.as_ptr().add(start).cast(),
                bytes,
                libc::MADV_POPULATE_WRITE,
            );
        }
    }

    /// Puts a run of pages back to what the image holds there.
    ///
    /// # Safety
    /// No guest code runs on this memory and no slice of it is held.
    pub(crate) unsafe fn revert(&self, run: PageRun) -> Result<(), MemoryError> {
        let (start, bytes) = run.byte_range();
        assert!(
            start + bytes <= self.len(),
            "pages outside of the guest's memory"
        );
        self.discard(start, bytes)
    }

    fn discard(&self, start: usize, bytes: usize) -> Result<(), MemoryError> {
        // SAFETY: callers pass a range inside of the reservation. Private pages are dropped,
        // so the range reads as the image, or as zero behind its end.
        let done = unsafe {
            libc::madvise(
                self.base.as_ptr().add(start).cast(),
                bytes,
                libc::MADV_DONTNEED,
            )
        };
        if done == 0 {
            Ok(())
        } else {
            Err(MemoryError::last("discard pages of"))
        }
    }

    fn protect(&self, start: usize, bytes: usize, protection: i32) -> Result<(), MemoryError> {
        // SAFETY: `set_len` passes a range inside of the reservation.
        let done =
            unsafe { libc::mprotect(self.base.as_ptr().add(start).cast(), bytes, protection) };
        if done == 0 {
            Ok(())
        } else {
            Err(MemoryError::last("protect"))
        }
    }
}

impl Drop for GuestMemory {
    fn drop(&mut self) {
        // SAFETY: the whole reservation, owned by this value; no store holds it any more, for
        // a store keeps a reference to this value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), RESERVED_BYTES) };
    }
}
