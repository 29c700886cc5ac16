//! Waiting: the one call in which a guest may rest, without a thread and never out of reach.

use std::time::Duration;

use wasmtime::Caller;

use super::errno::Errno;
use super::guest::Guest;
use crate::session::Host;

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;
/// Things a guest may wait for at once.
const SUBSCRIPTIONS: u32 = 1024;

/// One thing waited for.
struct Subscription {
    userdata: u64,
    /// Time left for a clock; `None` for a descriptor, which is always ready.
    wait: Option<Duration>,
    kind: u8,
}

/// Waits until the first clock is due or the session is to be stopped; descriptors are always
/// ready. Returns the number of events written.
pub(super) async fn poll(
    caller: &mut Caller<'_, Host>,
    subscriptions: u32,
    events: u32,
    count: u32,
) -> Result<u32, Errno> {
    let waiting = {
        let mut guest = Guest::of(caller)?;
        guest.charge(1000 + u64::from(count) * 100);
        read(&mut guest, subscriptions, count)?
    };
    let shortest = waiting
        .iter()
        .map(|waiting| waiting.wait.unwrap_or_default())
        .min()
        .unwrap_or_default();
    // An interrupted rest ends early as if it were over: wasi-libc turns an error of this call into
    // one that Python does not expect, and the interpreter sees the interrupt at its next step.
    let waits = !shortest.is_zero() && !caller.data().wasi.clock.skip(shortest);
    if waits && !crate::session::rest(caller.data_mut(), shortest).await {
        crate::session::look(&mut *caller);
    }
    let mut guest = Guest::of(caller)?;
    let mut written = 0;
    for ready in waiting
        .iter()
        .filter(|waiting| waiting.wait.unwrap_or_default() <= shortest)
    {
        let mut bytes = [0u8; EVENT_BYTES as usize];
        bytes[0..8].copy_from_slice(&ready.userdata.to_le_bytes());
        bytes[10] = ready.kind;
        guest.write(
            events
                .checked_add(written * EVENT_BYTES)
                .ok_or(Errno::FAULT)?,
            &bytes,
        )?;
        written += 1;
    }
    Ok(written)
}

fn read(
    guest: &mut Guest<'_, '_>,
    subscriptions: u32,
    count: u32,
) -> Result<Vec<Subscription>, Errno> {
    const CLOCK: u8 = 0;
    const ABSOLUTE: u16 = 1;
    if count == 0 || count > SUBSCRIPTIONS {
        return Err(Errno::INVAL);
    }
    let bytes = guest
        .bytes(subscriptions, count * SUBSCRIPTION_BYTES)?
        .to_vec();
    let clock = &guest.host().wasi.clock;
    bytes
        .chunks_exact(SUBSCRIPTION_BYTES as usize)
        .map(|entry| {
            let number =
                |at: usize| u64::from_le_bytes(entry[at..at + 8].try_into().expect("eight bytes"));
            let kind = entry[8];
            let wait = match kind {
                CLOCK => {
                    let id = u32::from_le_bytes(entry[16..20].try_into().expect("four bytes"));
                    let now = clock.read(id).ok_or(Errno::INVAL)?;
                    let time = Duration::from_nanos(number(24));
                    let absolute = u16::from_le_bytes([entry[40], entry[41]]) & ABSOLUTE != 0;
                    Some(if absolute {
                        time.saturating_sub(now)
                    } else {
                        time
                    })
                }
                1 | 2 => None,
                _ => return Err(Errno::INVAL),
            };
            Ok(Subscription {
                userdata: number(0),
                wait,
                kind,
            })
        })
        .collect()
}
