//! WASI calls on an open descriptor.

use std::fs::FileTimes;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime};

use super::abi::{self, filetype};
use super::descriptor::{Descriptor, FileAccess};
use super::errno::Errno;
use super::guest::Guest;
use super::tree::Place;
use super::{ROOT, Wasi};

pub(super) fn close(guest: &mut Guest<'_, '_>, fd: u32) -> Result<(), Errno> {
    let wasi = &mut guest.host().wasi;
    if let Descriptor::File(file) = wasi.descriptors.remove(fd)?
        && wasi.quota.closed(file.identity)
    {
        wasi.quota
            .give_back(file.file.metadata().map_or(0, |metadata| metadata.size()));
    }
    Ok(())
}

pub(super) fn read(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    list: u32,
    count: u32,
    read: u32,
) -> Result<(), Errno> {
    let buffers = guest.buffers(list, count)?;
    let position = match guest.host().wasi.descriptors.get(fd)? {
        Descriptor::Input => None,
        Descriptor::File(file) if file.access.read => Some(file.position),
        Descriptor::File(_) | Descriptor::Output(_) => return Err(Errno::BADF),
        Descriptor::Folder(_) => return Err(Errno::ISDIR),
        Descriptor::Lost(_) => return Err(Errno::STALE),
    };
    let total = match position {
        Some(position) => {
            let total = read_at(guest, fd, &buffers, position)?;
            guest.host().wasi.descriptors.file(fd)?.position = position + u64::from(total);
            total
        }
        None => 0,
    };
    guest.write_u32(read, total)
}

pub(super) fn pread(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    list: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> Result<(), Errno> {
    let buffers = guest.buffers(list, count)?;
    if !guest.host().wasi.descriptors.file(fd)?.access.read {
        return Err(Errno::BADF);
    }
    let total = read_at(guest, fd, &buffers, offset)?;
    guest.write_u32(read, total)
}

fn read_at(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    buffers: &[(u32, u32)],
    mut offset: u64,
) -> Result<u32, Errno> {
    let mut total = 0;
    for &(pointer, len) in buffers {
        let (bytes, host) = guest.bytes_and_host(pointer, len)?;
        let file = host.wasi.descriptors.file(fd)?;
        let got = file.file.read_at(bytes, offset)?;
        total += got as u32;
        offset += got as u64;
        if got < bytes.len() {
            break;
        }
    }
    guest.charge(u64::from(total) / 8);
    Ok(total)
}

pub(super) fn write(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    list: u32,
    count: u32,
    written: u32,
) -> Result<(), Errno> {
    let buffers = guest.buffers(list, count)?;
    let position = match guest.host().wasi.descriptors.get(fd)? {
        Descriptor::Output(stream) => {
            let stream = *stream;
            let mut total = 0;
            for &(pointer, len) in &buffers {
                let (bytes, host) = guest.bytes_and_host(pointer, len)?;
                host.output.raw(stream, bytes);
                total += len;
            }
            guest.charge(u64::from(total) / 8);
            return guest.write_u32(written, total);
        }
        Descriptor::File(file) if !file.access.write => return Err(Errno::BADF),
        Descriptor::File(file) if file.access.appends() => file.file.metadata()?.size(),
        Descriptor::File(file) => file.position,
        Descriptor::Input => return Err(Errno::BADF),
        Descriptor::Folder(_) => return Err(Errno::ISDIR),
        Descriptor::Lost(_) => return Err(Errno::STALE),
    };
    let total = write_at(guest, fd, &buffers, position)?;
    guest.host().wasi.descriptors.file(fd)?.position = position + u64::from(total);
    guest.write_u32(written, total)
}

pub(super) fn pwrite(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    list: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> Result<(), Errno> {
    let buffers = guest.buffers(list, count)?;
    if !guest.host().wasi.descriptors.file(fd)?.access.write {
        return Err(Errno::BADF);
    }
    let total = write_at(guest, fd, &buffers, offset)?;
    guest.write_u32(written, total)
}

/// Writes as much as the quota has room for; nothing at all is an error.
fn write_at(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    buffers: &[(u32, u32)],
    mut offset: u64,
) -> Result<u32, Errno> {
    let mut total = 0;
    for &(pointer, len) in buffers {
        let (bytes, host) = guest.bytes_and_host(pointer, len)?;
        let Wasi {
            descriptors, quota, ..
        } = &mut host.wasi;
        let file = descriptors.file(fd)?;
        let size = file.file.metadata()?.size();
        let room = quota.room(size, offset).min(bytes.len() as u64) as usize;
        if room == 0 {
            if total > 0 {
                break;
            }
            let end = offset.saturating_add(bytes.len() as u64);
            return Err(quota.resize(size, end).err().unwrap_or(Errno::NOSPC));
        }
        let end = offset.checked_add(room as u64).ok_or(Errno::FBIG)?;
        if end > size {
            quota.resize(size, end)?;
        }
        file.file.write_all_at(&bytes[..room], offset)?;
        total += room as u32;
        offset = end;
        if room < bytes.len() {
            break;
        }
    }
    guest.charge(u64::from(total) / 8);
    Ok(total)
}

pub(super) fn seek(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    offset: i64,
    whence: u32,
    position: u32,
) -> Result<(), Errno> {
    let file = guest.host().wasi.descriptors.file(fd)?;
    let from = match whence {
        0 => 0,
        1 => file.position,
        2 => file.file.metadata()?.size(),
        _ => return Err(Errno::INVAL),
    };
    let to = from
        .checked_add_signed(offset)
        .filter(|to| *to <= i64::MAX as u64)
        .ok_or(Errno::INVAL)?;
    file.position = to;
    guest.write_u64(position, to)
}

pub(super) fn tell(guest: &mut Guest<'_, '_>, fd: u32, position: u32) -> Result<(), Errno> {
    let at = guest.host().wasi.descriptors.file(fd)?.position;
    guest.write_u64(position, at)
}

/// Both kinds of synchronising: the data is the session's own, so it is only handed to the
/// operating system; nothing waits for a disk.
pub(super) fn sync(guest: &mut Guest<'_, '_>, fd: u32) -> Result<(), Errno> {
    guest.host().wasi.descriptors.get(fd).map(|_| ())
}

pub(super) fn advise(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    _offset: u64,
    _len: u64,
    _advice: u32,
) -> Result<(), Errno> {
    guest.host().wasi.descriptors.file(fd).map(|_| ())
}

/// The `rights` type of WASI preview 1, which says what a descriptor is good for.
mod rights {
    pub(super) const READ: u64 = 1 << 1;
    pub(super) const WRITE: u64 = 1 << 6;
    /// All but those of sockets.
    pub(super) const ALL: u64 = (1 << 28) - 1;
    /// What a folder is not good for: bytes, an offset, and a size.
    pub(super) const FILES_ONLY: u64 = READ | WRITE | 1 << 2 | 1 << 5 | 1 << 8 | 1 << 22;
}

pub(super) fn fdstat(guest: &mut Guest<'_, '_>, fd: u32, out: u32) -> Result<(), Errno> {
    use rights::{ALL, FILES_ONLY, READ, WRITE};
    let (kind, flags, own, inherited) = match guest.host().wasi.descriptors.get(fd)? {
        // Not a terminal: a character device without seeking would be taken for one.
        Descriptor::Input => (filetype::UNKNOWN, 0, READ, 0),
        Descriptor::Output(_) => (filetype::UNKNOWN, 0, WRITE, 0),
        Descriptor::Folder(_) => (filetype::DIRECTORY, 0, ALL & !FILES_ONLY, ALL),
        Descriptor::File(file) => {
            let mut own = ALL;
            if !file.access.read {
                own &= !READ;
            }
            if !file.access.write {
                own &= !WRITE;
            }
            (filetype::REGULAR, file.access.flags, own, 0)
        }
        Descriptor::Lost(_) => return Err(Errno::STALE),
    };
    let mut bytes = [0u8; 24];
    bytes[0] = kind;
    bytes[2..4].copy_from_slice(&flags.to_le_bytes());
    bytes[8..16].copy_from_slice(&own.to_le_bytes());
    bytes[16..24].copy_from_slice(&inherited.to_le_bytes());
    guest.write(out, &bytes)
}

pub(super) fn fdstat_set_flags(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    flags: u32,
) -> Result<(), Errno> {
    match guest.host().wasi.descriptors.get(fd)? {
        Descriptor::File(file) => {
            file.access.flags = FileAccess::flags(flags)?;
            Ok(())
        }
        Descriptor::Input | Descriptor::Output(_) | Descriptor::Folder(_) => Ok(()),
        Descriptor::Lost(_) => Err(Errno::STALE),
    }
}

pub(super) fn filestat(guest: &mut Guest<'_, '_>, fd: u32, out: u32) -> Result<(), Errno> {
    let wasi = &mut guest.host().wasi;
    let stat = match wasi.descriptors.get(fd)? {
        Descriptor::Input | Descriptor::Output(_) => abi::plain_stat(filetype::UNKNOWN),
        Descriptor::File(file) => abi::stat_of(&wasi.world, &file.path, &file.file.metadata()?),
        Descriptor::Folder(folder) => match wasi.tree.place(&folder.path)? {
            Place::Inside { mount, relative } => abi::cap_stat_of(
                &wasi.world,
                &folder.path,
                &mount.folder.metadata(&relative)?,
            ),
            Place::Virtual { .. } => abi::plain_stat(filetype::DIRECTORY),
        },
        Descriptor::Lost(_) => return Err(Errno::STALE),
    };
    guest.write(out, &stat)
}

pub(super) fn set_size(guest: &mut Guest<'_, '_>, fd: u32, size: u64) -> Result<(), Errno> {
    let Wasi {
        descriptors, quota, ..
    } = &mut guest.host().wasi;
    let file = descriptors.file(fd)?;
    if !file.access.write {
        return Err(Errno::BADF);
    }
    let before = file.file.metadata()?.size();
    quota.resize(before, size)?;
    if let Err(error) = file.file.set_len(size) {
        // Undone with the same account; shrinking back cannot be refused.
        let _ = quota.resize(size, before);
        return Err(error.into());
    }
    Ok(())
}

pub(super) fn set_times(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let times = times(accessed, modified, flags)?;
    let file = guest.host().wasi.descriptors.file(fd)?;
    if !file.access.write {
        return Err(Errno::BADF);
    }
    Ok(file.file.set_times(times)?)
}

/// Returns the times that are to be set. A time the host cannot hold is refused, and so is one that
/// is to be both given and now.
pub(super) fn times(accessed: u64, modified: u64, flags: u32) -> Result<FileTimes, Errno> {
    let pick = |given: u64, set: u32, now: u32| -> Result<Option<SystemTime>, Errno> {
        match (flags & set != 0, flags & now != 0) {
            (true, true) => Err(Errno::INVAL),
            (true, false) => SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_nanos(given))
                .map(Some)
                .ok_or(Errno::INVAL),
            (false, true) => Ok(Some(SystemTime::now())),
            (false, false) => Ok(None),
        }
    };
    let mut times = FileTimes::new();
    if let Some(time) = pick(accessed, 1, 2)? {
        times = times.set_accessed(time);
    }
    if let Some(time) = pick(modified, 4, 8)? {
        times = times.set_modified(time);
    }
    Ok(times)
}

pub(super) fn prestat(guest: &mut Guest<'_, '_>, fd: u32, out: u32) -> Result<(), Errno> {
    if fd != ROOT {
        return Err(Errno::BADF);
    }
    let mut bytes = [0u8; 8];
    bytes[4..].copy_from_slice(&1u32.to_le_bytes());
    guest.write(out, &bytes)
}

pub(super) fn prestat_name(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    out: u32,
    len: u32,
) -> Result<(), Errno> {
    if fd != ROOT {
        return Err(Errno::BADF);
    }
    if len < 1 {
        return Err(Errno::NAMETOOLONG);
    }
    guest.write(out, b"/")
}
