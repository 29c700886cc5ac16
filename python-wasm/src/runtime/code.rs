//! The compiled interpreter and what its memory holds before it boots.

use std::io::{Read, Seek};
use std::sync::Arc;

use wasmtime::{Engine, Linker, Module};

use super::{Linked, RuntimeError};
use crate::cache::{self, Cache};
use crate::memory::{ImageFile, PAGE};
use crate::patch::{Patched, patch};
use crate::progress::{Progress, Unit};
use crate::session::Host;

/// CPython's own way to note a signal; see [`crate::session::InterruptFlags`].
pub(crate) const SET_INTERRUPT: &str = "PyErr_SetInterruptEx";

/// CPython's own way to call a function without arguments; see [`crate::session::Machine::ask`].
pub(crate) const CALL_FUNCTION: &str = "PyObject_CallNoArgs";

/// Raise it when `patch` changes what it makes of a module.
const PATCH_VERSION: &str = "2";

/// The interpreter's compiled module and its first memory.
pub(crate) struct Code {
    pub(crate) module: Module,
    pub(crate) unbooted: Arc<ImageFile>,
}

/// Returns the name of the compiled code in the cache.
pub(super) fn name(engine: &Engine, sha256: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    // wasmtime's version, the machine's features and every setting that changes the code.
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let compatibility = hasher.finish().to_le_bytes();
    format!(
        "code-{}",
        cache::digest([sha256.as_bytes(), PATCH_VERSION.as_bytes(), &compatibility])
    )
}

impl Code {
    /// Opens the compiled code; `None` when it is absent or not what was written.
    pub(super) fn open(
        cache: &Cache,
        engine: &Engine,
        name: &str,
    ) -> Result<Option<Self>, RuntimeError> {
        let fail = |source| RuntimeError::Cache {
            path: cache.path(name),
            source,
        };
        let Some(code) = cache.open_sealed(&format!("{name}.cwasm")).map_err(fail)? else {
            return Ok(None);
        };
        let Some(mut data) = cache.open_sealed(&format!("{name}.data")).map_err(fail)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        data.rewind()
            .and_then(|()| data.read_to_end(&mut bytes))
            .map_err(fail)?;
        let unbooted = Arc::new(ImageFile::sealed(bytes.len(), nonzero(&bytes))?);
        // SAFETY: the file carries our MAC, so this process's user made it with the same engine
        // settings, and it lies read-only in a folder that nobody else can write.
        let module =
            unsafe { Module::deserialize_open_file(engine, code) }.map_err(RuntimeError::Engine)?;
        Ok(Some(Self { module, unbooted }))
    }

    /// Patches and compiles the module, and keeps the result.
    pub(super) fn compile(
        cache: &Cache,
        engine: &Engine,
        name: &str,
        module: &[u8],
        progress: &dyn Progress,
    ) -> Result<Self, RuntimeError> {
        const STEP: &str =
            "compiling the interpreter (one to six minutes, by how many cores are free)";
        let fail = |source| RuntimeError::Cache {
            path: cache.path(name),
            source,
        };
        progress.update(STEP, 0, None, Unit::Items);
        let Patched {
            code,
            data,
            memory_bytes,
        } = patch(module, &[SET_INTERRUPT, CALL_FUNCTION])?;
        let compiled = engine
            .precompile_module(&code)
            .map_err(RuntimeError::Engine)?;
        let mut memory = vec![0; memory_bytes];
        for (offset, bytes) in data {
            memory[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
        cache
            .write_sealed(&format!("{name}.cwasm"), &[&compiled])
            .map_err(fail)?;
        cache
            .write_sealed(&format!("{name}.data"), &[&memory])
            .map_err(fail)?;
        progress.finish(STEP);
        Self::open(cache, engine, name)?.ok_or_else(|| RuntimeError::Altered {
            path: cache.path(name),
        })
    }

    /// Links the interpreter to the only imports it gets.
    pub(super) fn linked(&self, engine: Arc<Engine>) -> Result<Linked, RuntimeError> {
        let mut linker: Linker<Host> = Linker::new(&engine);
        let instance = crate::wasi::add_to_linker(&mut linker)
            .and_then(|()| crate::door::add_to_linker(&mut linker))
            .and_then(|()| linker.instantiate_pre(&self.module))
            .map_err(RuntimeError::Engine)?;
        Ok(Linked { engine, instance })
    }
}

/// Returns the runs of pages that hold anything, with their offsets.
pub(crate) fn nonzero(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut runs: Vec<(usize, &[u8])> = Vec::new();
    let mut start = None;
    for (index, page) in bytes.chunks(PAGE).enumerate() {
        let empty = page.iter().all(|byte| *byte == 0);
        match (start, empty) {
            (None, false) => start = Some(index * PAGE),
            (Some(first), true) => {
                runs.push((first, &bytes[first..index * PAGE]));
                start = None;
            }
            (None, true) | (Some(_), false) => {}
        }
    }
    if let Some(first) = start {
        runs.push((first, &bytes[first..]));
    }
    runs
}
