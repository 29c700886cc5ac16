//! WASI preview 1 as its makers test it (WebAssembly/wasi-testsuite), for the guest we have: one folder is
//! open at the start, the root of all paths; there are no sockets, and it makes no links.
//!
//! `suite.rs` runs their programs. Each asserts a little of many calls and stops at the first that is
//! refused; the other files here try every behaviour by itself, those behind such a refusal too: links of
//! the host, `fd_advise`, rights, descriptors that lead to nothing.

mod descriptors;
mod paths;
mod suite;

use super::Hostile;
use crate::wasi::Errno;

const LIST: u32 = 0x1000;
const BUFFER: u32 = 0x2000;
const OUT: u32 = 0x8000;
const PATH: u32 = 0x9000;
const OTHER: u32 = 0xA000;

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const FOLLOW: u64 = 1;
const CREATE: u64 = 1;
const DIRECTORY: u64 = 2;
const EXCLUSIVE: u64 = 4;
const TRUNCATE: u64 = 8;
const APPEND: u64 = 1;
const SYNC: u64 = 1 << 4;

/// What `fd_filestat_get` and `path_filestat_get` tell.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    inode: u64,
    kind: u8,
    size: u64,
    accessed: u64,
    modified: u64,
}

const FOLDER_KIND: u8 = 3;
const FILE_KIND: u8 = 4;
const LINK_KIND: u8 = 7;

impl Hostile {
    /// Calls an import that takes a descriptor of a folder and a path.
    async fn at(&mut self, name: &str, path: &str) -> Result<(), Errno> {
        self.write(PATH, path.as_bytes());
        self.errno(name, &[3, PATH.into(), path.len() as u64]).await
    }

    /// Opens a path below the root; `how` is lookup flags, open flags, rights, descriptor flags.
    async fn opened(&mut self, path: &str, how: [u64; 4]) -> Result<u64, Errno> {
        let [lookup, open, rights, flags] = how;
        self.write(PATH, path.as_bytes());
        let (at, len) = (PATH.into(), path.len() as u64);
        let arguments = [3, lookup, at, len, open, rights, 0, flags, OUT.into()];
        self.errno("path_open", &arguments).await?;
        Ok(self.read_u32(OUT).into())
    }

    async fn renamed(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.write(PATH, from.as_bytes());
        self.write(OTHER, to.as_bytes());
        let (from_len, to_len) = (from.len() as u64, to.len() as u64);
        let arguments = [3, PATH.into(), from_len, 3, OTHER.into(), to_len];
        self.errno("path_rename", &arguments).await
    }

    /// Writes bytes, at an offset if one is given, and returns how many were written.
    async fn put(&mut self, fd: u64, bytes: &[u8], offset: Option<u64>) -> Result<u32, Errno> {
        self.write(BUFFER, bytes);
        self.write_u32s(LIST, &[BUFFER, bytes.len() as u32]);
        let (list, out) = (LIST.into(), OUT.into());
        match offset {
            Some(offset) => self.errno("fd_pwrite", &[fd, list, 1, offset, out]).await?,
            None => self.errno("fd_write", &[fd, list, 1, out]).await?,
        }
        Ok(self.read_u32(OUT))
    }

    /// Reads into two buffers, the first of two bytes, at an offset if one is given.
    async fn got(&mut self, fd: u64, len: u32, offset: Option<u64>) -> Result<Vec<u8>, Errno> {
        self.write_u32s(LIST, &[BUFFER, 2, BUFFER + 2, len.saturating_sub(2)]);
        let (list, out) = (LIST.into(), OUT.into());
        match offset {
            Some(offset) => self.errno("fd_pread", &[fd, list, 2, offset, out]).await?,
            None => self.errno("fd_read", &[fd, list, 2, out]).await?,
        }
        Ok(self.read(BUFFER, self.read_u32(OUT) as usize))
    }

    async fn seek(&mut self, fd: u64, by: i64, whence: u64) -> Result<u64, Errno> {
        let arguments = [fd, by as u64, whence, OUT.into()];
        self.errno("fd_seek", &arguments).await?;
        Ok(self.read_u64(OUT))
    }

    fn stat_read(&self) -> Stat {
        Stat {
            inode: self.read_u64(OUT + 8),
            kind: self.read(OUT + 16, 1)[0],
            size: self.read_u64(OUT + 32),
            accessed: self.read_u64(OUT + 40),
            modified: self.read_u64(OUT + 48),
        }
    }

    async fn stat(&mut self, path: &str, lookup: u64) -> Result<Stat, Errno> {
        self.write(PATH, path.as_bytes());
        let arguments = [3, lookup, PATH.into(), path.len() as u64, OUT.into()];
        self.errno("path_filestat_get", &arguments).await?;
        Ok(self.stat_read())
    }

    async fn stat_of(&mut self, fd: u64) -> Stat {
        let answer = self.errno("fd_filestat_get", &[fd, OUT.into()]).await;
        assert_eq!(answer, Ok(()));
        self.stat_read()
    }

    /// Returns what `fd_fdstat_get` tells: kind, flags, own rights, inherited rights.
    async fn status(&mut self, fd: u64) -> (u8, u16, u64, u64) {
        let answer = self.errno("fd_fdstat_get", &[fd, OUT.into()]).await;
        assert_eq!(answer, Ok(()));
        let flags = u16::from_le_bytes(self.read(OUT + 2, 2).try_into().unwrap());
        let kind = self.read(OUT, 1)[0];
        (kind, flags, self.read_u64(OUT + 8), self.read_u64(OUT + 16))
    }

    async fn closed(&mut self, fd: u64) {
        assert_eq!(self.errno("fd_close", &[fd]).await, Ok(()));
    }
}
