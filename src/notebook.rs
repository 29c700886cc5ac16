//! Notebooks as documents: reading, upgrading, writing, and what a run fills in; and the notebooks
//! of the service, which are edited and run while others look at them.

mod beside;
mod context;
mod document;
mod execute;
mod export;
mod import;
mod interrupted;
mod kept;
mod library;
mod live;
mod new;
mod open;
mod outputs;
mod parameters;
mod path;
mod percent;
mod place;
mod relocate;
mod repair;
mod repair_output;
mod restore;
mod run;
mod session;
mod stored;
mod watching;
mod whole;
mod widgets;
mod writing;

pub(crate) use context::Context;
pub(crate) use document::{CellKind, Notebook, NotebookError};
pub(crate) use execute::{Rewrite, Taken};
pub(crate) use export::{ExportFormat, plain};
pub(crate) use import::ImportFormat;
pub(crate) use library::{Expected, Library, Snapshot};
pub(crate) use live::{
    CellPatch, CellView, Document, NewCell, Place, Selection, Status, StepsChange, reader_name,
};
pub(crate) use new::NewNotebook;
pub(crate) use outputs::{Outputs, text_of, valid};
pub(crate) use parameters::{Parameter, inject, is_variable, literal};
pub(crate) use path::NotebookPath;
pub(crate) use percent::from_script;
