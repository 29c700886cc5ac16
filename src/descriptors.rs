//! How many more files this process may have open.

use std::os::fd::AsRawFd as _;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that new sessions leave to those that are there: for connections, states that are
/// stored, and files of running cells.
const RESERVE: u64 = 64;

/// Tells whether there are none left for new sessions.
pub(crate) fn are_short() -> bool {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return false;
    };
    // The lowest number that is free is given, so that is near the limit when few are left.
    match rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 0) {
        Ok(lowest) => u64::from(lowest.as_raw_fd().unsigned_abs()) + RESERVE > limit,
        Err(_) => true,
    }
}

/// Takes as many open files as the system allows: every session has a journal, every client a socket,
/// and what is usual for a program is 1024.
pub(crate) fn allow_many() {
    let most = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}
