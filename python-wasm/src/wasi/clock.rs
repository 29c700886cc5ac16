//! The guest's clocks: coarse, and never running backwards.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Resolution of every clock. Finer ones help a guest to time the machine's caches.
pub(crate) const RESOLUTION: Duration = Duration::from_millis(1);

/// What the fixed clock reads at first: 2020-01-01.
const FIXED_START: Duration = Duration::from_secs(1_577_836_800);
/// How far it goes on with each reading: so far that nobody waits for it.
const FIXED_STEP: Duration = Duration::from_millis(250);

/// A guest's clocks.
pub(crate) enum Clock {
    /// Those of a session.
    Real {
        started: Instant,
        /// The monotonic reading when it started.
        offset: Duration,
        /// Time since then in which the guest did not work.
        idle: Duration,
        /// Since when it does not work.
        resting: Option<Instant>,
    },
    /// Those of an image that is built: the same in every run.
    Fixed {
        /// How often it was read, and how long was waited.
        passed: AtomicU64,
    },
}

impl Clock {
    /// Returns a clock whose monotonic reading goes on from `offset`.
    pub(crate) fn going_on_from(offset: Duration) -> Self {
        Self::Real {
            started: Instant::now(),
            offset,
            idle: Duration::ZERO,
            resting: None,
        }
    }

    /// Returns the clock by which images are built.
    pub(crate) fn fixed() -> Self {
        Self::Fixed {
            passed: AtomicU64::new(0),
        }
    }

    /// Returns the monotonic reading: time since the session's first start, over restores.
    pub(crate) fn monotonic(&self) -> Duration {
        match self {
            Self::Real {
                started, offset, ..
            } => coarse(*offset + started.elapsed()),
            Self::Fixed { passed } => {
                let step = FIXED_STEP.as_millis() as u64;
                Duration::from_millis(passed.fetch_add(step, Ordering::Relaxed) + step)
            }
        }
    }

    /// Returns the time since 1970 in UTC.
    pub(crate) fn realtime(&self) -> Duration {
        match self {
            Self::Real { .. } => coarse(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default(),
            ),
            Self::Fixed { .. } => FIXED_START + self.monotonic(),
        }
    }

    /// Returns the time in which the guest worked: what has passed without its rests. It goes on over
    /// restores as the monotonic reading does, and an image that is built never rests.
    fn processor(&self) -> Duration {
        match self {
            Self::Real {
                started,
                offset,
                idle,
                resting,
            } => {
                let rest = resting.map_or(Duration::ZERO, |since| since.elapsed());
                coarse((*offset + started.elapsed()).saturating_sub(*idle + rest))
            }
            Self::Fixed { .. } => self.monotonic(),
        }
    }

    /// The guest rests from now on: it sleeps, waits for somebody, or its turn has ended.
    pub(crate) fn rest(&mut self) {
        if let Self::Real { resting, .. } = self {
            resting.get_or_insert_with(Instant::now);
        }
    }

    /// The guest works from now on.
    pub(crate) fn work(&mut self) {
        if let Self::Real { idle, resting, .. } = self {
            *idle += resting
                .take()
                .map_or(Duration::ZERO, |since| since.elapsed());
        }
    }

    /// Lets time pass that nobody has to wait for; `false` when it has to be waited for.
    pub(crate) fn skip(&self, wait: Duration) -> bool {
        match self {
            Self::Real { .. } => false,
            Self::Fixed { passed } => {
                passed.fetch_add(wait.as_millis() as u64, Ordering::Relaxed);
                true
            }
        }
    }

    /// Returns the reading of the WASI clock `id`, or `None` for an unknown one. The clocks
    /// of the process and of the thread are one, for there is one thread.
    pub(crate) fn read(&self, id: u32) -> Option<Duration> {
        match id {
            0 => Some(self.realtime()),
            1 => Some(self.monotonic()),
            2 | 3 => Some(self.processor()),
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

    #[test]
    fn the_processors_clock_stands_while_the_guest_rests() {
        let mut clock = Clock::going_on_from(Duration::from_secs(100));
        clock.rest();
        let (processor, monotonic) = (clock.processor(), clock.monotonic());
        clock.rest();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.processor(), processor, "it rests");
        assert!(clock.monotonic() >= monotonic + Duration::from_millis(4));
        clock.work();
        let behind = clock.monotonic() - clock.processor();
        assert!(behind >= Duration::from_millis(4), "{behind:?}");
        std::thread::sleep(Duration::from_millis(5));
        assert!(clock.read(2) > Some(processor), "it works");
    }

    #[test]
    fn the_fixed_clock_goes_on_by_being_read_and_is_not_waited_for() {
        let read = |clock: &Clock| [0, 1, 0].map(|id| clock.read(id));
        let (one, other) = (Clock::fixed(), Clock::fixed());
        assert_eq!(read(&one), read(&other));
        let before = one.monotonic();
        assert!(one.skip(Duration::from_secs(3600)));
        assert!(one.monotonic() - before > Duration::from_secs(3600));
        assert!(!Clock::going_on_from(before).skip(Duration::from_secs(1)));
    }
}
