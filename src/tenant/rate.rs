//! How often one caller may ask: token buckets for callers who are known, for addresses of those
//! who are not, and for keys that have to be checked.
//!
//! A bucket is chosen by a keyed hash of what it is for, so that there are never more than
//! [`BUCKETS`] of a kind however many addresses somebody has, and nobody can aim at another's.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Caller;
use crate::config::Server;

/// Buckets of one kind. Of a thousand callers, two may have to share one.
const BUCKETS: u64 = 1 << 18;

type Buckets = RateLimiter<u32, DashMapStateStore<u32>, DefaultClock, StateInformationMiddleware>;

/// What is left of a caller's budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Requests that may come at once.
    pub(crate) limit: u32,
    /// Requests that may still come now.
    pub(crate) remaining: u32,
    /// Seconds until the whole limit is there again.
    pub(crate) reset: u64,
    /// How long to wait, if this request was one too many.
    pub(crate) wait: Option<Duration>,
}

/// Token buckets of one kind.
pub(crate) struct Limiter {
    buckets: Buckets,
    hash_key: [u8; 32],
    limit: NonZeroU32,
    /// How long one request's worth takes to come back.
    interval: Duration,
}

/// The limits of the service.
pub(crate) struct RateLimits {
    callers: Limiter,
    strangers: Limiter,
}

impl RateLimits {
    /// Makes full buckets.
    pub(crate) fn new(server: &Server) -> Self {
        let new = || {
            Limiter::new(
                Duration::from_secs(1) / server.requests_per_second,
                server.request_burst,
            )
        };
        Self {
            callers: new(),
            strangers: new(),
        }
    }

    /// Takes one request from the budget of a caller who is known.
    pub(crate) fn caller(&self, caller: &Caller) -> Budget {
        match caller.key {
            Some(key) => self.callers.take(key.to_string().as_bytes()),
            None => self.callers.take(caller.user.to_string().as_bytes()),
        }
    }

    /// Takes one request from the budget of an address.
    pub(crate) fn stranger(&self, address: IpAddr) -> Budget {
        self.strangers.take_address(address)
    }

    /// Forgets buckets that are full again.
    pub(crate) fn sweep(&self) {
        self.callers.sweep();
        self.strangers.sweep();
    }
}

impl Limiter {
    /// Makes buckets of `burst` requests, of which one comes back every `interval`. Neither is zero.
    pub(crate) fn new(interval: Duration, burst: u32) -> Self {
        let limit = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let interval = interval.max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval)
            .expect("it is not zero")
            .allow_burst(limit);
        let mut hash_key = [0; 32];
        // Without random bytes somebody might aim at another's bucket, which is no reason to stop.
        if let Err(error) = getrandom::fill(&mut hash_key) {
            tracing::warn!(%error, "the operating system has no random bytes");
        }
        Self {
            buckets: RateLimiter::dashmap(quota).with_middleware(),
            hash_key,
            limit,
            interval,
        }
    }

    /// Takes one from the bucket of an address: of the network, where addresses are many.
    pub(crate) fn take_address(&self, address: IpAddr) -> Budget {
        match address.to_canonical() {
            IpAddr::V4(address) => self.take(&address.octets()),
            IpAddr::V6(address) => self.take(&address.octets()[..8]),
        }
    }

    /// Takes one from the bucket of whoever has this name.
    pub(crate) fn take(&self, whose: &[u8]) -> Budget {
        let hash = blake3::keyed_hash(&self.hash_key, whose);
        let (first, _) = hash
            .as_bytes()
            .split_first_chunk()
            .expect("a hash has 32 bytes");
        let bucket = u32::try_from(u64::from_le_bytes(*first) % BUCKETS).expect("there are fewer");
        let limit = self.limit.get();
        let (remaining, wait) = match self.buckets.check_key(&bucket) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(refused) => (0, Some(refused.wait_time_from(self.buckets.clock().now()))),
        };
        let missing = self
            .interval
            .saturating_mul(limit.saturating_sub(remaining));
        Budget {
            limit,
            remaining,
            reset: whole_seconds(missing),
            wait,
        }
    }

    fn sweep(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }
}

/// Returns seconds, rounded up, as Retry-After has them.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_no_more() {
        let limiter = Limiter::new(Duration::from_secs(3600), 3);
        for remaining in [2, 1, 0] {
            let budget = limiter.take(b"a");
            assert_eq!(
                (budget.limit, budget.remaining, budget.wait),
                (3, remaining, None)
            );
        }
        let refused = limiter.take(b"a");
        assert!(
            refused
                .wait
                .is_some_and(|wait| wait > Duration::from_secs(3500)),
            "{refused:?}"
        );
        assert!(refused.reset > 2 * 3600, "{refused:?}");
        assert_eq!(limiter.take(b"b").wait, None);
    }

    #[test]
    fn a_million_addresses_take_no_more_memory_than_there_are_buckets() {
        let limiter = Limiter::new(Duration::from_secs(1), 10);
        for number in 0..1_000_000_u128 {
            // Each in a network of its own.
            limiter.take_address(IpAddr::from((number << 64).to_be_bytes()));
        }
        let buckets = limiter.buckets.len();
        assert!((200_000..=1 << 18).contains(&buckets), "{buckets}");
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket() {
        let limiter = Limiter::new(Duration::from_secs(3600), 1);
        let address = |text: &str| text.parse().expect("an address");
        assert_eq!(limiter.take_address(address("2001:db8::1")).wait, None);
        assert!(limiter.take_address(address("2001:db8::2")).wait.is_some());
        assert_eq!(limiter.take_address(address("192.0.2.1")).wait, None);
        assert!(
            limiter
                .take_address(address("::ffff:192.0.2.1"))
                .wait
                .is_some()
        );
    }
}
