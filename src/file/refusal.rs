//! What a caller is told when the operating system refuses.

use std::io::{Error, ErrorKind};

use super::path::{FilePath, refused};
use crate::error_code::{ErrorCode, Fault};

/// A failure at a path of a project.
pub(crate) fn at(path: &FilePath) -> impl Fn(Error) -> Fault + '_ {
    move |error| match error.kind() {
        ErrorKind::NotFound => missing(path),
        ErrorKind::NotADirectory => Fault::new(
            ErrorCode::NotAFolder,
            format!("Something on the way to {path} is a file."),
        ),
        ErrorKind::IsADirectory => Fault::new(ErrorCode::NotAFile, format!("{path} is a folder.")),
        ErrorKind::DirectoryNotEmpty => Fault::new(
            ErrorCode::FolderNotEmpty,
            format!("The folder {path} is not empty."),
        ),
        ErrorKind::AlreadyExists => exists(path),
        ErrorKind::InvalidFilename => {
            refused(path.as_str(), "the file system does not take this name")
        }
        // What was checked before was replaced meanwhile; the capability did not let it lead out.
        ErrorKind::PermissionDenied => refused(path.as_str(), "it may not be opened"),
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            refused(path.as_str(), "there is a link in it")
        }
        _ => own(error),
    }
}

/// A failure at a path that no caller has named.
pub(crate) fn own(error: Error) -> Fault {
    Fault::disk(error)
}

/// There is nothing at the path.
pub(crate) fn missing(path: &FilePath) -> Fault {
    Fault::new(
        ErrorCode::FileNotFound,
        format!("There is nothing at {path}."),
    )
}

/// There is something at the path already.
pub(crate) fn exists(path: &FilePath) -> Fault {
    Fault::new(
        ErrorCode::AlreadyExists,
        format!("There is something at {path} already."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let path = FilePath::parse("a").expect("a path");
        for (error, code) in [
            (rustix::io::Errno::NOSPC, ErrorCode::StoreFull),
            (rustix::io::Errno::DQUOT, ErrorCode::StoreFull),
            (rustix::io::Errno::IO, ErrorCode::StoreFailed),
            (rustix::io::Errno::MFILE, ErrorCode::NoCapacity),
            (rustix::io::Errno::LOOP, ErrorCode::PathRefused),
            (rustix::io::Errno::NOENT, ErrorCode::FileNotFound),
        ] {
            assert_eq!(at(&path)(error.into()).code, code);
        }
    }
}
