//! Error numbers of WASI preview 1, and how the host's errors become them.

use std::io;

/// An error number of WASI preview 1 (the `errno` type of its specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) u16);

impl Errno {
    pub(crate) const ACCES: Self = Self(2);
    pub(crate) const BADF: Self = Self(8);
    pub(crate) const EXIST: Self = Self(20);
    pub(crate) const FAULT: Self = Self(21);
    pub(crate) const FBIG: Self = Self(22);
    pub(crate) const ILSEQ: Self = Self(25);
    pub(crate) const INVAL: Self = Self(28);
    pub(crate) const IO: Self = Self(29);
    pub(crate) const ISDIR: Self = Self(31);
    pub(crate) const LOOP: Self = Self(32);
    pub(crate) const MFILE: Self = Self(33);
    pub(crate) const NAMETOOLONG: Self = Self(37);
    pub(crate) const NOENT: Self = Self(44);
    pub(crate) const NOSPC: Self = Self(51);
    pub(crate) const NOTDIR: Self = Self(54);
    pub(crate) const NOTEMPTY: Self = Self(55);
    pub(crate) const NOTSOCK: Self = Self(57);
    pub(crate) const PERM: Self = Self(63);
    pub(crate) const ROFS: Self = Self(69);
    pub(crate) const SPIPE: Self = Self(70);
    pub(crate) const STALE: Self = Self(72);
    pub(crate) const XDEV: Self = Self(75);
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOENT) => Self::NOENT,
            Some(libc::EEXIST) => Self::EXIST,
            Some(libc::ENOTDIR) => Self::NOTDIR,
            Some(libc::EISDIR) => Self::ISDIR,
            Some(libc::ENOTEMPTY) => Self::NOTEMPTY,
            Some(libc::EACCES) => Self::ACCES,
            Some(libc::EPERM) => Self::PERM,
            Some(libc::ELOOP) => Self::LOOP,
            Some(libc::ENAMETOOLONG) => Self::NAMETOOLONG,
            Some(libc::ENOSPC | libc::EDQUOT) => Self::NOSPC,
            Some(libc::EFBIG) => Self::FBIG,
            Some(libc::EROFS) => Self::ROFS,
            Some(libc::EINVAL) => Self::INVAL,
            Some(libc::EXDEV) => Self::XDEV,
            Some(libc::ESPIPE) => Self::SPIPE,
            Some(libc::EMFILE | libc::ENFILE) => Self::MFILE,
            Some(_) => Self::IO,
            None => match error.kind() {
                io::ErrorKind::NotFound => Self::NOENT,
                io::ErrorKind::PermissionDenied => Self::PERM,
                io::ErrorKind::InvalidInput => Self::INVAL,
                io::ErrorKind::AlreadyExists => Self::EXIST,
                _ => Self::IO,
            },
        }
    }
}
