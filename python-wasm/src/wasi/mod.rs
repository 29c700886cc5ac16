//! WASI preview 1, as narrow as the interpreter needs it.
//!
//! Denied by construction, because no function here could do it: sockets, links of any kind,
//! reaching a host path that is not below a granted folder, opening devices or pipes, blocking
//! a thread, more than one directory entry of padding. Files are opened through capability
//! folders only; descriptors are plain data, so a checkpoint can hold them.

mod abi;
mod clock;
mod descriptor;
mod errno;
mod file_calls;
mod guest;
mod listing;
mod path_calls;
mod poll;
mod process_calls;
mod quota;
mod tree;
mod world;

pub(crate) use abi::add_to_linker;
pub(crate) use clock::Clock;
pub(crate) use descriptor::{Descriptors, OpenState, OutputStream, open_to_read};
#[cfg(test)]
pub(crate) use errno::Errno;
pub(crate) use guest::Guest;
pub(crate) use quota::Quota;
pub(crate) use tree::{Mount, Tree};
pub(crate) use world::World;

/// What one session's interpreter sees of a system.
pub(crate) struct Wasi {
    pub(crate) tree: Tree,
    pub(crate) descriptors: Descriptors,
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<String>,
    pub(crate) quota: Quota,
}

/// The descriptor of the one folder that everything else is opened from.
pub(crate) const ROOT: u32 = 3;
