//! A worker: the process that holds interpreters. It has no credentials and no network, sees only
//! the folders it was given, and talks to the control process over the socket on its stdin.

pub(crate) mod confine;
mod desk;
mod failure;
mod grants;
mod observer;
pub(crate) mod protocol;
mod room;

pub(crate) use desk::{WorkerOptions, run};
pub(crate) use observer::look;
