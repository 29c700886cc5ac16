//! The interpreter, linked in an engine for each size of stack.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

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

/// Engines by the stack they give. wasmtime sets the stack when an engine is made, so each size
/// that a policy names has its own; all of them map the same compiled code.
pub(super) struct Engines {
    code_name: String,
    linked: Mutex<HashMap<usize, Arc<Linked>>>,
}

impl Engines {
    /// Begins with the engine of the full stack.
    pub(super) fn new(code_name: String, full: Linked) -> Self {
        Self {
            code_name,
            linked: Mutex::new(HashMap::from([(WASM_STACK_BYTES, Arc::new(full))])),
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
        let bytes = (bytes / MIB * MIB).clamp(MIB, WASM_STACK_BYTES);
        let mut linked = self.linked.lock().expect("no holder panics");
        if let Some(known) = linked.get(&bytes) {
            return Ok(Arc::clone(known));
        }
        let engine = crate::engine::metered(bytes).map_err(RuntimeError::Engine)?;
        let code =
            Code::open(cache, &engine, &self.code_name)?.ok_or_else(|| RuntimeError::Altered {
                path: cache.path(&self.code_name),
            })?;
        let made = Arc::new(code.linked(engine)?);
        linked.insert(bytes, Arc::clone(&made));
        Ok(made)
    }
}
