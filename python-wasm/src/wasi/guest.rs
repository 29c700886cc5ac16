//! Checked access to the guest's memory: no pointer or length of the guest is believed.

use wasmtime::{Caller, Memory};

use super::errno::Errno;
use crate::session::Host;

/// The bytes one call may move at most: a guest may name 4 GiB, we copy no more than this.
pub(crate) const COPY_BYTES: usize = 8 << 20;

/// The caller of a host function, seen as its memory and its session's host state.
pub(crate) struct Guest<'a, 'b> {
    caller: &'a mut Caller<'b, Host>,
    memory: Memory,
}

impl<'a, 'b> Guest<'a, 'b> {
    /// Returns the caller's view; a guest without memory gets a fault.
    pub(crate) fn of(caller: &'a mut Caller<'b, Host>) -> Result<Self, Errno> {
        let memory = caller.data().memory.ok_or(Errno::FAULT)?;
        Ok(Self { caller, memory })
    }

    pub(crate) fn host(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// Takes `amount` of fuel for work the host does on behalf of the guest, so that no flood of
    /// calls is free. A session out of fuel ends at its next instruction.
    pub(crate) fn charge(&mut self, amount: u64) {
        let left = self.caller.get_fuel().unwrap_or(0);
        // The engine meters fuel, so this cannot fail.
        let _ = self.caller.set_fuel(left.saturating_sub(amount));
    }

    pub(crate) fn bytes(&mut self, pointer: u32, len: u32) -> Result<&mut [u8], Errno> {
        let start = pointer as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::FAULT)?;
        self.memory
            .data_mut(&mut *self.caller)
            .get_mut(start..end)
            .ok_or(Errno::FAULT)
    }

    /// Returns a part of memory and the host state side by side.
    pub(crate) fn bytes_and_host(
        &mut self,
        pointer: u32,
        len: u32,
    ) -> Result<(&mut [u8], &mut Host), Errno> {
        let start = pointer as usize;
        let end = start.checked_add(len as usize).ok_or(Errno::FAULT)?;
        let (data, host) = self.memory.data_and_store_mut(&mut *self.caller);
        Ok((data.get_mut(start..end).ok_or(Errno::FAULT)?, host))
    }

    pub(crate) fn read_u32(&mut self, pointer: u32) -> Result<u32, Errno> {
        let bytes: [u8; 4] = self.bytes(pointer, 4)?.try_into().expect("four bytes");
        Ok(u32::from_le_bytes(bytes))
    }

    pub(crate) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Errno> {
        self.bytes(pointer, bytes.len() as u32)?
            .copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// Returns a path given by the guest, which must be UTF-8 without NUL.
    pub(crate) fn path(&mut self, pointer: u32, len: u32) -> Result<String, Errno> {
        const PATH_BYTES: u32 = 4096;
        if len > PATH_BYTES {
            return Err(Errno::NAMETOOLONG);
        }
        let bytes = self.bytes(pointer, len)?;
        let path = std::str::from_utf8(bytes).map_err(|_| Errno::ILSEQ)?;
        if path.contains('\0') {
            return Err(Errno::INVAL);
        }
        Ok(path.to_owned())
    }

    /// Returns the guest's list of buffers, cut at [`COPY_BYTES`] in all.
    pub(crate) fn buffers(&mut self, pointer: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        const BUFFERS: u32 = 1024;
        if count > BUFFERS {
            return Err(Errno::INVAL);
        }
        let mut left = COPY_BYTES;
        let mut buffers = Vec::with_capacity(count as usize);
        for index in 0..count {
            let at = pointer.checked_add(index * 8).ok_or(Errno::FAULT)?;
            let (start, len) = (
                self.read_u32(at)?,
                self.read_u32(at.checked_add(4).ok_or(Errno::FAULT)?)?,
            );
            let len = (len as usize).min(left);
            left -= len;
            if len > 0 {
                buffers.push((start, len as u32));
            }
        }
        Ok(buffers)
    }
}
