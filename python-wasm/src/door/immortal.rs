//! Objects of an image that never end: their reference counts are fixed, so that a session which
//! only reads them writes to none of their pages.

use super::calls::Refusal;
use crate::wasi::Guest;

/// CPython's `_Py_IMMORTAL_INITIAL_REFCNT` for 32-bit machines (`Include/refcount.h`): far from
/// both ends of the counts that it takes for immortal.
const IMMORTAL: u32 = 5 << 28;
/// Its `_Py_IMMORTAL_MINIMUM_REFCNT`.
const ALREADY: u32 = 1 << 30;

/// Fixes the counts of the objects whose addresses `body` lists as little-endian words.
pub(super) fn make(guest: &mut Guest<'_, '_>, body: &[u8]) -> Result<(), Refusal> {
    for address in body.chunks_exact(4) {
        let address = u32::from_le_bytes(address.try_into().expect("four bytes"));
        let outside = |_| Refusal::new("ValueError", "an address lies outside of memory");
        if guest.read_u32(address).map_err(outside)? < ALREADY {
            guest.write_u32(address, IMMORTAL).map_err(outside)?;
        }
    }
    Ok(())
}
