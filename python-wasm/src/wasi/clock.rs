//! The guest's clocks: coarse, and never running backwards.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Resolution of every clock. Finer ones help a guest to time the machine's caches.
pub(crate) const RESOLUTION: Duration = Duration::from_millis(1);

/// A session's clocks.
pub(crate) struct Clock {
    started: Instant,
    offset: Duration,
}

impl Clock {
    /// Returns a clock whose monotonic reading goes on from `offset`.
    pub(crate) fn going_on_from(offset: Duration) -> Self {
        Self {
            started: Instant::now(),
            offset,
        }
    }

    /// Returns the monotonic reading: time since the session's first start, over restores.
    pub(crate) fn monotonic(&self) -> Duration {
        coarse(self.offset + self.started.elapsed())
    }

    /// Returns the time since 1970 in UTC.
    pub(crate) fn realtime(&self) -> Duration {
        coarse(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        )
    }

    /// Returns the reading of the WASI clock `id`, or `None` for an unknown one. The two
    /// processor-time clocks read as the monotonic one.
    pub(crate) fn read(&self, id: u32) -> Option<Duration> {
        match id {
            0 => Some(self.realtime()),
            1..=3 => Some(self.monotonic()),
            _ => None,
        }
    }
}

fn coarse(time: Duration) -> Duration {
    Duration::from_millis(time.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_goes_on_over_a_restore_and_is_coarse() {
        let clock = Clock::going_on_from(Duration::from_secs(100));
        let reading = clock.monotonic();
        assert!(reading >= Duration::from_secs(100));
        assert!(Clock::going_on_from(reading).monotonic() >= reading);
        assert_eq!(clock.realtime().subsec_nanos() % 1_000_000, 0);
        assert!(clock.read(4).is_none());
    }
}
