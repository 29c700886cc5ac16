//! The time that decisions about age are made by: it was set when the process began and goes on
//! evenly, whatever happens to the machine's clock. What is shown is stamped with the machine's clock,
//! as long as that does not go back. What a user set as a date, as a key's expiry, is compared with
//! the machine's clock as it is.

use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// When the process began, and what the machine had run by then.
static BEGUN: LazyLock<(Timestamp, SignedDuration)> =
    LazyLock::new(|| (Timestamp::now(), uptime()));

/// Returns the time.
pub(crate) fn now() -> Timestamp {
    let (begun, then) = *BEGUN;
    begun.checked_add(uptime() - then).unwrap_or(Timestamp::MAX)
}

/// Returns the time as it is stored.
pub(crate) fn text() -> String {
    format!("{:.6}", now())
}

/// Returns the machine's time, or when its clock was put back, the time that goes on from before.
pub(crate) fn stamp() -> Timestamp {
    /// By how much the machine's clock was put forward.
    static AHEAD: Mutex<SignedDuration> = Mutex::new(SignedDuration::ZERO);
    let steady = now();
    let mut ahead = AHEAD.lock().unwrap_or_else(PoisonError::into_inner);
    *ahead = (*ahead).max(Timestamp::now().duration_since(steady));
    steady.checked_add(*ahead).unwrap_or(Timestamp::MAX)
}

/// Returns how long the machine has run, also while it slept.
fn uptime() -> SignedDuration {
    let time = clock_gettime(ClockId::Boottime);
    SignedDuration::new(time.tv_sec, time.tv_nsec as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_and_begins_with_the_machine_s() {
        let stamped = stamp();
        let first = now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let second = now();
        assert!(second.duration_since(first) >= SignedDuration::from_millis(20));
        assert!(stamp().duration_since(stamped) >= SignedDuration::from_millis(20));
        assert!(Timestamp::now().duration_since(second).abs() < SignedDuration::from_hours(1));
    }
}
