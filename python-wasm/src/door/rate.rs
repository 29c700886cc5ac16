//! How often a guest may knock.

use std::time::{Duration, Instant};

/// A token bucket that holds one second's worth of calls.
pub(crate) struct Rate {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Rate {
    /// Returns a full bucket.
    pub(crate) fn per_second(calls: u32) -> Self {
        let calls = f64::from(calls.max(1));
        Self {
            per_second: calls,
            tokens: calls,
            filled: Instant::now(),
        }
    }

    /// Takes a call and returns how long it has to wait.
    pub(crate) fn take(&mut self) -> Duration {
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.per_second);
        self.filled = now;
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.tokens / self.per_second)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_the_rest_waits_its_turn() {
        let mut rate = Rate::per_second(10);
        for _ in 0..10 {
            assert_eq!(rate.take(), Duration::ZERO);
        }
        let wait = rate.take();
        assert!(
            wait > Duration::from_millis(50) && wait <= Duration::from_millis(100),
            "{wait:?}"
        );
    }
}
