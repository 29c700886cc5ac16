//! The engine as it is set up here, held against the official tests of WebAssembly and against
//! what was reported of it before.
//!
//! Everything runs on [`super::settings`], which is the real configuration but for the one line
//! that takes memories from sessions.

mod advisories;
mod directives;
mod official;
mod proposals;
mod values;

use std::sync::Arc;

use wasmtime::{Engine, Store};

use super::{settings, ticking};

fn engine() -> Arc<Engine> {
    ticking(&settings()).expect("the settings fit together")
}

/// Returns a store that is metered and interrupted as a session's is.
fn store(engine: &Engine) -> Store<()> {
    let mut store = Store::new(engine, ());
    store.epoch_deadline_async_yield_and_update(1);
    store.set_epoch_deadline(1);
    store.set_fuel(u64::MAX).expect("fuel is metered");
    store
        .fuel_async_yield_interval(Some(50_000_000))
        .expect("fuel is metered");
    store
}
