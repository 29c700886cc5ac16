//! Notebooks as documents: reading, upgrading, writing, and what a run fills in.

mod document;
mod outputs;
mod parameters;
mod percent;
mod repair;

pub(crate) use document::{CellKind, Notebook};
pub(crate) use outputs::Outputs;
pub(crate) use parameters::{Parameter, inject};
pub(crate) use percent::from_script;
