//! The interpreter, linked in an engine for each size of stack.

use std::sync::{Arc, Mutex, OnceLock};

use wasmtime::{Engine, InstancePre};

use super::RuntimeError;
use super::code::Code;
use crate::cache::Cache;
use crate::engine::WASM_STACK_BYTES;
use crate::session::Host;

const MIB: usize = 1 << 20;

/// The interpreter in an engine, ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) engine: Arc<Engine>,
    pub(crate) instance: InstancePre<Host>,
}

/// Engines by the stack they give, in MiB from 1 on. wasmtime sets the stack when an engine is made,
/// so each size that a policy names has its own; all of them map the same compiled code.
pub(super) struct Engines {
    code_name: String,
    linked: [OnceLock<Arc<Linked>>; WASM_STACK_BYTES / MIB],
    /// Held while an engine is made, so that none is made twice; those that are there do not wait.
    making: Mutex<()>,
}

impl Engines {
    /// Begins with the engine of the full stack.
    pub(super) fn new(code_name: String, full: Linked) -> Self {
        let mut linked = [const { OnceLock::new() }; WASM_STACK_BYTES / MIB];
        if let Some(last) = linked.last_mut() {
            *last = Arc::new(full).into();
        }
        Self {
            code_name,
            linked,
            making: Mutex::new(()),
        }
    }

    /// Returns the interpreter with a stack of so many bytes, in whole MiB. The first time a size
    /// is asked for, the compiled code is checked and mapped once more, which takes a moment.
    pub(super) fn with_stack(
        &self,
        cache: &Cache,
        bytes: u64,
    ) -> Result<Arc<Linked>, RuntimeError> {
        let bytes = usize::try_from(bytes).unwrap_or(WASM_STACK_BYTES);
        let size = (bytes / MIB).clamp(1, self.linked.len());
        let slot = &self.linked[size - 1];
        if let Some(known) = slot.get() {
            return Ok(Arc::clone(known));
        }
        let _making = self.making.lock().expect("no holder panics");
        if let Some(made) = slot.get() {
            return Ok(Arc::clone(made));
        }
        let engine = crate::engine::metered(size * MIB).map_err(RuntimeError::Engine)?;
        let code = Code::open(cache, &engine, &self.code_name)?;
        let code = code.ok_or_else(|| RuntimeError::Altered {
            path: cache.path(&self.code_name),
        })?;
        let made = code.linked(engine)?;
        Ok(Arc::clone(slot.get_or_init(|| Arc::new(made))))
    }
}
