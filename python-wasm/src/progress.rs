//! How long work tells how far it is.

use std::sync::Arc;

/// What a step counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Files, packages or steps.
    Items,
}

/// Is told how far the preparation of a runtime or an image is.
pub trait Progress: Send + Sync {
    /// The named step has done `done` of `total`; `None` when nobody can tell how much it is.
    fn update(&self, step: &str, done: u64, total: Option<u64>, unit: Unit);

    /// The named step is done.
    fn finish(&self, step: &str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn update(&self, _step: &str, _done: u64, _total: Option<u64>, _unit: Unit) {}

    fn finish(&self, _step: &str) {}
}

impl Quiet {
    /// Returns it as the trait object that the library takes.
    pub fn shared() -> Arc<dyn Progress> {
        Arc::new(Self)
    }
}
