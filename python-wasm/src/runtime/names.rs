//! The names under which the cache keeps what this build is made of.

use wasmtime::Engine;

use super::lock::Lock;
use super::{code, kernel};
use crate::cache;

/// The names of a runtime's artefacts.
pub(super) struct Names {
    /// The folder of the standard library and the packages.
    pub(super) library: String,
    /// The compiled interpreter, without the ends of its files.
    pub(super) code: String,
    /// The folder of the guest's kernel.
    pub(super) kernel: String,
}

impl Names {
    /// Returns the names of what this build uses.
    pub(super) fn of(engine: &Engine, lock: &Lock) -> Self {
        Self {
            library: format!("library-{}", cache::digest(Lock::texts())),
            code: code::name(engine, &lock.runtime.sha256),
            kernel: format!("kernel-{}", kernel::digest()),
        }
    }

    /// Returns the digest of all, which every image is made of.
    pub(super) fn digest(&self) -> String {
        cache::digest([&self.library, &self.code, &self.kernel].map(String::as_bytes))
    }
}
