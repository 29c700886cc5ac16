//! The table of WASI calls: every import the interpreter has, and nothing else.

use cap_std::fs::MetadataExt as _;
use wasmtime::{Caller, Linker};

use super::errno::Errno;
use super::guest::Guest;
use super::{World, file_calls, listing, path_calls, poll, process_calls};
use crate::session::{Exited, Host};

const MODULE: &str = "wasi_snapshot_preview1";
/// Fuel that a call costs besides what it moves.
const CALL_FUEL: u64 = 1000;

/// The `filetype` type of WASI preview 1.
pub(super) mod filetype {
    pub(crate) const UNKNOWN: u8 = 0;
    pub(crate) const DIRECTORY: u8 = 3;
    pub(crate) const REGULAR: u8 = 4;
    pub(crate) const SYMBOLIC_LINK: u8 = 7;
}

fn answer(result: Result<(), Errno>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(errno) => u32::from(errno.0),
    }
}

macro_rules! calls {
    ($linker:ident; $($name:literal => $function:path, ($($argument:ident: $kind:ty),*);)*) => {
        $($linker.func_wrap(MODULE, $name, |mut caller: Caller<'_, Host>, $($argument: $kind),*| -> u32 {
            answer(Guest::of(&mut caller).and_then(|mut guest| {
                guest.charge(CALL_FUEL);
                $function(&mut guest, $($argument),*)
            }))
        })?;)*
    };
}

/// Adds the calls to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    calls! { linker;
        "args_get" => process_calls::args, (pointers: u32, bytes: u32);
        "args_sizes_get" => process_calls::args_sizes, (count: u32, bytes: u32);
        "environ_get" => process_calls::environ, (pointers: u32, bytes: u32);
        "environ_sizes_get" => process_calls::environ_sizes, (count: u32, bytes: u32);
        "clock_res_get" => process_calls::clock_resolution, (id: u32, out: u32);
        "clock_time_get" => process_calls::clock_time, (id: u32, precision: u64, out: u32);
        "random_get" => process_calls::random, (out: u32, len: u32);
        "fd_advise" => file_calls::advise, (fd: u32, offset: u64, len: u64, advice: u32);
        "fd_close" => file_calls::close, (fd: u32);
        "fd_datasync" => file_calls::sync, (fd: u32);
        "fd_sync" => file_calls::sync, (fd: u32);
        "fd_fdstat_get" => file_calls::fdstat, (fd: u32, out: u32);
        "fd_fdstat_set_flags" => file_calls::fdstat_set_flags, (fd: u32, flags: u32);
        "fd_filestat_get" => file_calls::filestat, (fd: u32, out: u32);
        "fd_filestat_set_size" => file_calls::set_size, (fd: u32, size: u64);
        "fd_filestat_set_times" => file_calls::set_times, (fd: u32, accessed: u64, modified: u64, flags: u32);
        "fd_pread" => file_calls::pread, (fd: u32, list: u32, count: u32, offset: u64, read: u32);
        "fd_prestat_get" => file_calls::prestat, (fd: u32, out: u32);
        "fd_prestat_dir_name" => file_calls::prestat_name, (fd: u32, out: u32, len: u32);
        "fd_pwrite" => file_calls::pwrite, (fd: u32, list: u32, count: u32, offset: u64, written: u32);
        "fd_read" => file_calls::read, (fd: u32, list: u32, count: u32, read: u32);
        "fd_readdir" => listing::readdir, (fd: u32, out: u32, len: u32, cookie: u64, used: u32);
        "fd_seek" => file_calls::seek, (fd: u32, offset: i64, whence: u32, position: u32);
        "fd_tell" => file_calls::tell, (fd: u32, position: u32);
        "fd_write" => file_calls::write, (fd: u32, list: u32, count: u32, written: u32);
        "path_create_directory" => path_calls::create_directory, (fd: u32, path: u32, len: u32);
        "path_filestat_get" => path_calls::filestat, (fd: u32, lookup: u32, path: u32, len: u32, out: u32);
        "path_filestat_set_times" => path_calls::set_times,
            (fd: u32, lookup: u32, path: u32, len: u32, accessed: u64, modified: u64, flags: u32);
        "path_link" => path_calls::link,
            (from_fd: u32, lookup: u32, from: u32, from_len: u32, to_fd: u32, to: u32, to_len: u32);
        "path_open" => path_calls::open,
            (fd: u32, lookup: u32, path: u32, len: u32, open: u32, rights: u64, inherited: u64, flags: u32, out: u32);
        "path_readlink" => path_calls::readlink, (fd: u32, path: u32, len: u32, out: u32, out_len: u32, used: u32);
        "path_remove_directory" => path_calls::remove_directory, (fd: u32, path: u32, len: u32);
        "path_rename" => path_calls::rename,
            (from_fd: u32, from: u32, from_len: u32, to_fd: u32, to: u32, to_len: u32);
        "path_symlink" => path_calls::symlink, (target: u32, target_len: u32, fd: u32, path: u32, len: u32);
        "path_unlink_file" => path_calls::unlink_file, (fd: u32, path: u32, len: u32);
        "sock_accept" => process_calls::sock_accept, (fd: u32, flags: u32, out: u32);
        "sock_recv" => process_calls::sock_recv, (fd: u32, list: u32, count: u32, flags: u32, read: u32, out: u32);
        "sock_send" => process_calls::sock_send, (fd: u32, list: u32, count: u32, flags: u32, out: u32);
        "sock_shutdown" => process_calls::sock_shutdown, (fd: u32, how: u32);
    }
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |_: Caller<'_, Host>, code: u32| -> wasmtime::Result<()> {
            Err(wasmtime::Error::new(Exited { code }))
        },
    )?;
    linker.func_wrap_async(
        MODULE,
        "poll_oneoff",
        |mut caller: Caller<'_, Host>,
         (subscriptions, events, count, written): (u32, u32, u32, u32)| {
            Box::new(async move {
                let polled = poll::poll(&mut caller, subscriptions, events, count).await;
                answer(polled.and_then(|ready| Guest::of(&mut caller)?.write_u32(written, ready)))
            })
        },
    )?;
    linker.func_wrap_async(MODULE, "sched_yield", |_: Caller<'_, Host>, (): ()| {
        Box::new(async move {
            tokio::task::yield_now().await;
            0u32
        })
    })?;
    Ok(())
}

/// The 64 bytes of a `filestat`. Device and inode are ours to hide, but programs compare them to
/// tell files apart, so the inode stays.
fn stat_bytes(inode: u64, filetype: u8, size: u64, times: [u64; 3]) -> [u8; 64] {
    let mut bytes = [0u8; 64];
    bytes[8..16].copy_from_slice(&inode.to_le_bytes());
    bytes[16] = filetype;
    bytes[24..32].copy_from_slice(&1u64.to_le_bytes());
    bytes[32..40].copy_from_slice(&size.to_le_bytes());
    for (slot, time) in times.iter().enumerate() {
        bytes[40 + slot * 8..48 + slot * 8].copy_from_slice(&time.to_le_bytes());
    }
    bytes
}

pub(super) fn plain_stat(filetype: u8) -> [u8; 64] {
    stat_bytes(0, filetype, 0, [0; 3])
}

/// Returns the `filestat` of an open file that is at an absolute path.
pub(super) fn stat_of(world: &World, path: &str, metadata: &std::fs::Metadata) -> [u8; 64] {
    use std::os::unix::fs::MetadataExt;
    let filetype = if metadata.is_file() {
        filetype::REGULAR
    } else {
        filetype::UNKNOWN
    };
    stat_bytes(
        world.inode(path, metadata.ino()),
        filetype,
        metadata.size(),
        world.times([
            nanoseconds(metadata.atime(), metadata.atime_nsec()),
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        ]),
    )
}

/// Returns the `filestat` of what is at an absolute path.
pub(super) fn cap_stat_of(world: &World, path: &str, metadata: &cap_std::fs::Metadata) -> [u8; 64] {
    let bytes = match metadata.is_dir() {
        true => world.folder_bytes(metadata.len()),
        false => metadata.len(),
    };
    stat_bytes(
        world.inode(path, metadata.ino()),
        filetype_of(metadata.file_type()),
        bytes,
        world.times([
            nanoseconds(metadata.atime(), metadata.atime_nsec()),
            nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        ]),
    )
}

pub(super) fn filetype_of(kind: cap_std::fs::FileType) -> u8 {
    if kind.is_dir() {
        filetype::DIRECTORY
    } else if kind.is_file() {
        filetype::REGULAR
    } else if kind.is_symlink() {
        filetype::SYMBOLIC_LINK
    } else {
        filetype::UNKNOWN
    }
}

/// A time before 1970 reads as 1970: the type has no sign.
fn nanoseconds(seconds: i64, rest: i64) -> u64 {
    u64::try_from(seconds)
        .unwrap_or(0)
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::try_from(rest).unwrap_or(0))
}
