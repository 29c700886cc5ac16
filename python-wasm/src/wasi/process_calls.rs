//! Arguments, environment, clocks, random bytes, and the sockets that are not there.

use super::errno::Errno;
use super::guest::Guest;

/// Random bytes given in one call.
const RANDOM_BYTES: u32 = 1 << 20;

pub(super) fn args_sizes(guest: &mut Guest<'_, '_>, count: u32, bytes: u32) -> Result<(), Errno> {
    let list = guest.host().wasi.arguments.clone();
    sizes(guest, &list, count, bytes)
}

pub(super) fn args(guest: &mut Guest<'_, '_>, pointers: u32, bytes: u32) -> Result<(), Errno> {
    let list = guest.host().wasi.arguments.clone();
    strings(guest, &list, pointers, bytes)
}

pub(super) fn environ_sizes(
    guest: &mut Guest<'_, '_>,
    count: u32,
    bytes: u32,
) -> Result<(), Errno> {
    let list = guest.host().wasi.environment.clone();
    sizes(guest, &list, count, bytes)
}

pub(super) fn environ(guest: &mut Guest<'_, '_>, pointers: u32, bytes: u32) -> Result<(), Errno> {
    let list = guest.host().wasi.environment.clone();
    strings(guest, &list, pointers, bytes)
}

fn sizes(guest: &mut Guest<'_, '_>, list: &[String], count: u32, bytes: u32) -> Result<(), Errno> {
    guest.write_u32(count, list.len() as u32)?;
    guest.write_u32(bytes, list.iter().map(|text| text.len() as u32 + 1).sum())
}

fn strings(
    guest: &mut Guest<'_, '_>,
    list: &[String],
    pointers: u32,
    bytes: u32,
) -> Result<(), Errno> {
    let (mut slot, mut at) = (pointers, bytes);
    for text in list {
        guest.write_u32(slot, at)?;
        guest.write(at, text.as_bytes())?;
        let end = at.checked_add(text.len() as u32).ok_or(Errno::FAULT)?;
        guest.write(end, &[0])?;
        at = end.checked_add(1).ok_or(Errno::FAULT)?;
        slot = slot.checked_add(4).ok_or(Errno::FAULT)?;
    }
    Ok(())
}

pub(super) fn clock_resolution(guest: &mut Guest<'_, '_>, id: u32, out: u32) -> Result<(), Errno> {
    guest.host().wasi.clock.read(id).ok_or(Errno::INVAL)?;
    guest.write_u64(out, super::clock::RESOLUTION.as_nanos() as u64)
}

pub(super) fn clock_time(
    guest: &mut Guest<'_, '_>,
    id: u32,
    _precision: u64,
    out: u32,
) -> Result<(), Errno> {
    let time = guest.host().wasi.clock.read(id).ok_or(Errno::INVAL)?;
    guest.write_u64(out, time.as_nanos() as u64)
}

pub(super) fn random(guest: &mut Guest<'_, '_>, out: u32, len: u32) -> Result<(), Errno> {
    if len > RANDOM_BYTES {
        return Err(Errno::INVAL);
    }
    guest.charge(u64::from(len));
    let (bytes, host) = guest.bytes_and_host(out, len)?;
    host.wasi.world.fill(bytes)
}

/// There are no sockets, so no descriptor is one.
fn no_socket(guest: &mut Guest<'_, '_>, fd: u32) -> Result<(), Errno> {
    guest.host().wasi.descriptors.get(fd)?;
    Err(Errno::NOTSOCK)
}

pub(super) fn sock_accept(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    _flags: u32,
    _out: u32,
) -> Result<(), Errno> {
    no_socket(guest, fd)
}

pub(super) fn sock_recv(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    _list: u32,
    _count: u32,
    _flags: u32,
    _read: u32,
    _out: u32,
) -> Result<(), Errno> {
    no_socket(guest, fd)
}

pub(super) fn sock_send(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    _list: u32,
    _count: u32,
    _flags: u32,
    _out: u32,
) -> Result<(), Errno> {
    no_socket(guest, fd)
}

pub(super) fn sock_shutdown(guest: &mut Guest<'_, '_>, fd: u32, _how: u32) -> Result<(), Errno> {
    no_socket(guest, fd)
}
