//! One session's address range.

use std::os::fd::{AsFd, AsRawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::dirty::{DirtyTracking, PageRun};
use super::hot::{HotPages, Watch};
use super::{ImageFile, Layer, MemoryError, PAGE};

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
    pub(super) image: Arc<ImageFile>,
    layer: Option<Arc<Layer>>,
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
            layer: None,
            tracking,
            watched: AtomicBool::new(false),
            hot: Mutex::default(),
        };
        memory.map(&image, 0, image.bytes())?;
        Ok(memory)
    }

    /// Returns a memory that reads as the one did of which `layer` is.
    pub(crate) fn on(
        layer: Arc<Layer>,
        image: Arc<ImageFile>,
        tracking: DirtyTracking,
    ) -> Result<Self, MemoryError> {
        let mut memory = Self::of(image, tracking)?;
        memory.set_len(layer.file.bytes())?;
        for run in &layer.runs {
            let (start, bytes) = run.byte_range();
            memory.map(&layer.file, start, bytes)?;
        }
        memory.layer = Some(layer);
        Ok(memory)
    }

    /// Maps a part of a file copy-on-write at the same place in this new memory.
    fn map(&self, file: &ImageFile, start: usize, bytes: usize) -> Result<(), MemoryError> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the range lies inside of the reservation, for no file is larger, and nothing
        // points into it yet. The file is sealed, so it cannot shrink under the mapping.
        let mapped = unsafe {
            libc::mmap(
                self.base.as_ptr().add(start).cast(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_NORESERVE,
                file.as_fd().as_raw_fd(),
                start as libc::off_t,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(MemoryError::last("map"));
        }
        Ok(())
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
            // What a layer holds there must not come back, so the whole range is made anew.
            self.reserve(bytes, now - bytes)?;
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

    /// Returns the pages that may differ from the image.
    pub(crate) fn differing(&self) -> Result<Vec<PageRun>, MemoryError> {
        let mut runs = self.private_pages()?;
        let len = (self.len() / PAGE) as u32;
        let layer = self.layer.iter().flat_map(|layer| &layer.runs);
        runs.extend(layer.filter(|run| run.indices().end <= len));
        Ok(runs)
    }

    /// Returns the pages this memory holds for itself and shares with no other.
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
        // SAFETY: in bounds by the check above. Private pages are dropped, so the range reads as
        // what is mapped there, or as zero.
        let done = unsafe {
            libc::madvise(
                self.base.as_ptr().add(start).cast(),
                bytes,
                libc::MADV_DONTNEED,
            )
        };
        if done != 0 {
            return Err(MemoryError::last("discard pages of"));
        }
        if let Some(layer) = &self.layer {
            for index in run.indices().filter(|index| layer.holds(*index)) {
                let page = self.image.page(index)?;
                // SAFETY: in bounds as above; unaliased by the caller's promise.
                unsafe { self.write_page(index, &page) };
            }
        }
        Ok(())
    }

    /// Makes a range inaccessible and forgets what it held.
    fn reserve(&self, start: usize, bytes: usize) -> Result<(), MemoryError> {
        // SAFETY: `set_len` passes a range inside of the reservation, behind the new end.
        let mapped = unsafe {
            libc::mmap(
                self.base.as_ptr().add(start).cast(),
                bytes,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(MemoryError::last("reserve"));
        }
        if self.watched.load(Ordering::Acquire) {
            let base = self.base.as_ptr() as usize;
            self.tracking.register(base + start, bytes)?;
        }
        Ok(())
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
