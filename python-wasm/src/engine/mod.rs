//! wasmtime, narrowed to what the one pinned module needs.

mod ticker;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Config, Engine, OptLevel};

pub use ticker::stalls;

use crate::memory::{EXCEPTION_HEAP_BYTES, GUARD_BYTES, GuestMemoryCreator, MAXIMUM_BYTES};

/// Time between two looks at a running guest: it is the longest an interrupt or a deadline waits.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Most bytes of stack the interpreter may use. CPython's own recursion check is set for 8 MiB.
pub(crate) const WASM_STACK_BYTES: usize = 8 << 20;

/// Bytes of the stack that guest code and the host functions it calls run on together.
const FIBER_STACK_BYTES: usize = WASM_STACK_BYTES + (4 << 20);

/// Returns an engine whose sessions have a stack of so many bytes, are metered by fuel and looked
/// at on every [`TICK`].
///
/// Off, because the interpreter does not use them and each is more engine to trust: typed function
/// references, the GC proposal, tail calls, extended constant expressions, relaxed SIMD, 64-bit
/// memories, several memories, wide arithmetic, custom page sizes, stack switching. Threads and
/// the component model are not even compiled in.
pub(crate) fn metered(stack_bytes: usize) -> wasmtime::Result<Arc<Engine>> {
    let mut config = config();
    config.max_wasm_stack(stack_bytes);
    ticking(&config)
}

fn ticking(config: &Config) -> wasmtime::Result<Arc<Engine>> {
    let engine = Arc::new(Engine::new(config)?);
    ticker::start(&engine)?;
    Ok(engine)
}

fn config() -> Config {
    let mut config = settings();
    config.with_host_memory(Arc::new(GuestMemoryCreator));
    config
}

/// Everything but where memory comes from: ours only hands out memories that a session prepared,
/// and the tests of the engine have no session.
fn settings() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .cranelift_opt_level(OptLevel::Speed)
        // Traps are reported by kind; symbols of the interpreter's C code help nobody.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_exceptions(true)
        .wasm_simd(true)
        // These are on by default.
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_stack_switching(false)
        .memory_reservation(MAXIMUM_BYTES as u64)
        .memory_guard_size(GUARD_BYTES as u64)
        .guard_before_linear_memory(false)
        .memory_may_move(false)
        .memory_init_cow(false)
        .gc_heap_reservation(EXCEPTION_HEAP_BYTES as u64)
        .gc_heap_guard_size(64 << 10)
        .gc_heap_reservation_for_growth(0)
        .gc_heap_may_move(false);
    config
}
#[cfg(test)]
mod tests;
