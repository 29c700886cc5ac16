//! The hand-over of a prepared memory to wasmtime.

use std::cell::RefCell;
use std::sync::Arc;

use std::ptr::NonNull;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::{GuestMemory, MAXIMUM_BYTES, MemoryError};

/// Address space for the engine's own heap of exception objects, one a session.
pub(crate) const EXCEPTION_HEAP_BYTES: usize = 16 << 20;

thread_local! {
    /// wasmtime asks for memory in the middle of an instantiation and does not say for whom.
    /// An instantiation without a start function does not leave its thread, so the memory meant
    /// for it waits here.
    static PREPARED: RefCell<Option<Arc<GuestMemory>>> = const { RefCell::new(None) };
}

/// Runs `instantiate` so that the one memory it creates is `memory`.
pub(crate) fn hand_over<R>(memory: Arc<GuestMemory>, instantiate: impl FnOnce() -> R) -> R {
    PREPARED.with(|slot| *slot.borrow_mut() = Some(memory));
    let result = instantiate();
    PREPARED.with(|slot| slot.borrow_mut().take());
    result
}

/// Gives wasmtime the memory that [`hand_over`] prepared, and a small heap for exception objects;
/// it refuses every other.
pub(crate) struct GuestMemoryCreator;

// SAFETY: the memory handed out is reserved to `RESERVED_BYTES` with nothing mapped above its
// length, never moves, and is kept alive by `Handed`.
unsafe impl MemoryCreator for GuestMemoryCreator {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved == Some(EXCEPTION_HEAP_BYTES) {
            let heap = ExceptionHeap::reserve(EXCEPTION_HEAP_BYTES + guard, minimum);
            return heap
                .map(|heap| Box::new(heap) as Box<dyn LinearMemory>)
                .map_err(|error| error.to_string());
        }
        let memory = PREPARED
            .with(|slot| slot.borrow_mut().take())
            .ok_or("a memory was asked for outside of a session's start")?;
        if reserved.unwrap_or(0) + guard > super::RESERVED_BYTES {
            return Err("the engine asks for more address space than a session has".into());
        }
        if memory.len() < minimum {
            return Err(format!(
                "the image holds {} bytes and the interpreter needs {minimum}",
                memory.len()
            ));
        }
        Ok(Box::new(Handed(memory)))
    }
}

struct Handed(Arc<GuestMemory>);

// SAFETY: base and capacity are constant, and growing only makes reserved pages accessible.
unsafe impl LinearMemory for Handed {
    fn byte_size(&self) -> usize {
        self.0.len()
    }

    fn byte_capacity(&self) -> usize {
        MAXIMUM_BYTES
    }

    fn grow_to(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.0.set_len(bytes).map_err(wasmtime::Error::new)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.as_ptr()
    }
}

/// The engine's heap of exception objects: empty between turns, so no checkpoint holds it.
struct ExceptionHeap {
    base: NonNull<u8>,
    reserved: usize,
    len: usize,
}

// SAFETY: the mapping is owned by this value alone.
unsafe impl Send for ExceptionHeap {}
// SAFETY: as above; it is changed through `&mut self` only.
unsafe impl Sync for ExceptionHeap {}

impl ExceptionHeap {
    fn reserve(reserved: usize, len: usize) -> Result<Self, MemoryError> {
        // SAFETY: a fresh anonymous reservation at an address the kernel chooses.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                reserved,
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
        let mut heap = Self {
            base,
            reserved,
            len: 0,
        };
        heap.open(len)?;
        Ok(heap)
    }

    fn open(&mut self, len: usize) -> Result<(), MemoryError> {
        if len > EXCEPTION_HEAP_BYTES {
            return Err(MemoryError::Size {
                bytes: len as u64,
                limit: EXCEPTION_HEAP_BYTES as u64,
            });
        }
        // SAFETY: in bounds of the reservation by the check above.
        let done = unsafe {
            libc::mprotect(
                self.base.as_ptr().cast(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
            )
        };
        if done != 0 {
            return Err(MemoryError::last("protect"));
        }
        self.len = len;
        Ok(())
    }
}

// SAFETY: base and capacity are constant, and growing only makes reserved pages accessible.
unsafe impl LinearMemory for ExceptionHeap {
    fn byte_size(&self) -> usize {
        self.len
    }

    fn byte_capacity(&self) -> usize {
        EXCEPTION_HEAP_BYTES
    }

    fn grow_to(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.open(bytes).map_err(wasmtime::Error::new)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }
}

impl Drop for ExceptionHeap {
    fn drop(&mut self) {
        // SAFETY: the whole reservation, owned by this value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.reserved) };
    }
}
