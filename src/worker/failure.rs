//! What the control process is told when a session, the disk or the machine refuses.

use std::error::Error;
use std::io;

use python_wasm::{SessionError, StoreError};

use super::desk::failed;
use super::protocol::{Failed, FailedKind};
use crate::error_code::{is_full, out_of_room};

/// Returns the failure that the control process is told of.
pub(super) fn of(error: &SessionError) -> Failed {
    let kind = match error {
        SessionError::ImageNotAllowed { .. } | SessionError::TooLittleMemory { .. } => {
            FailedKind::Policy
        }
        SessionError::Store(error) => of_store(error),
        SessionError::OtherImage { .. } => FailedKind::OtherImage,
        SessionError::Refused { kind, .. } if kind == "NameError" || kind == "KeyError" => {
            FailedKind::NoVariable
        }
        SessionError::Refused { .. } | SessionError::Stopped { .. } => FailedKind::Refused,
        SessionError::Runtime(_) | SessionError::Folder(_) | SessionError::Memory(_) => {
            of_cause(error)
        }
        SessionError::Engine(_) => FailedKind::Sandbox,
    };
    failed(kind, error)
}

/// Returns the kind of a checkpoint store's failure. Only a state that is not what was stored, or
/// is not there, is given up: what the disk refuses now it may give later.
pub(super) fn of_store(error: &StoreError) -> FailedKind {
    match error {
        StoreError::Tampered { .. } | StoreError::InMemory => FailedKind::Checkpoint,
        StoreError::Read { source, .. } => match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => FailedKind::Checkpoint,
            _ => of_system(source),
        },
        StoreError::Write { source, .. } | StoreError::Folder { source, .. } => of_system(source),
    }
}

/// Returns the kind of a failure that the operating system may be behind.
pub(super) fn of_cause(error: &(dyn Error + 'static)) -> FailedKind {
    let (mut cause, mut system) = (Some(error), None);
    while let (Some(error), None) = (cause, system) {
        system = error.downcast_ref::<io::Error>();
        cause = error.source();
    }
    match system {
        Some(error) if out_of_room(error) => FailedKind::NoRoom,
        Some(error) if is_full(error) => FailedKind::DiskFull,
        Some(_) | None => FailedKind::Sandbox,
    }
}

fn of_system(error: &io::Error) -> FailedKind {
    if out_of_room(error) {
        FailedKind::NoRoom
    } else if is_full(error) {
        FailedKind::DiskFull
    } else {
        FailedKind::Disk
    }
}

#[cfg(test)]
mod tests {
    use python_wasm::CheckpointId;
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn only_what_is_not_what_was_stored_is_given_up() {
        let checkpoint: CheckpointId = "0".repeat(32).parse().expect("a name");
        let read = |source: io::Error| {
            let checkpoint = checkpoint.clone();
            of_store(&StoreError::Read { checkpoint, source })
        };
        assert_eq!(read(Errno::NOENT.into()), FailedKind::Checkpoint);
        assert_eq!(
            read(io::ErrorKind::UnexpectedEof.into()),
            FailedKind::Checkpoint
        );
        assert_eq!(read(Errno::IO.into()), FailedKind::Disk);
        assert_eq!(read(Errno::MFILE.into()), FailedKind::NoRoom);
        let source = Errno::NOSPC.into();
        let write = StoreError::Write { checkpoint, source };
        assert_eq!(of_store(&write), FailedKind::DiskFull);
        assert_eq!(of_cause(&write), FailedKind::DiskFull);
    }
}
