//! Sessions: who runs what when, what happened, and that nothing of it is lost.

mod actor;
mod admission;
mod around;
mod event;
mod event_log;
mod execution;
mod fork;
mod handle;
mod journal;
mod lifecycle;
mod link;
mod losses;
mod memory;
mod new_session;
mod one_shot;
mod outcome;
mod quarantine;
mod queue;
mod registry;
mod room;
mod sweep;
mod tending;
mod unwritten;
mod watched;
mod workers;

pub(crate) use admission::Priority;
pub(crate) use event::{Draft, ExecutionStatus, Happening, Notice};
pub(crate) use event_log::{EventLog, EventReader};
pub(crate) use execution::{Finished, Submission, loss};
pub(crate) use fork::NewForks;
pub(crate) use handle::{Export, Handle, State};
pub(crate) use new_session::NewSession;
pub(crate) use one_shot::{Caching, NewFile, OneExport, OneShot, OneShots, Shot};
pub(crate) use quarantine::Quarantined;
pub(crate) use registry::{Sessions, journal_fault};
pub(crate) use watched::{Gathered, Watched, status};
