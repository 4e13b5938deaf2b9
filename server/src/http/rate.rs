//! How often somebody may ask: a budget for each key that refills evenly.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use http::StatusCode;

use super::Refusal;

/// Most keys that are remembered; the quietest are forgotten first.
const KEYS: usize = 20_000;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub requests: u32,
    /// In how much time.
    pub window: Duration,
}

impl Limit {
    /// So many requests a minute.
    pub fn per_minute(requests: u32) -> Self {
        let window = Duration::from_mins(1);
        Self { requests, window }
    }
}

/// A budget for each key that refills evenly over the window; all of it may be spent at once (the
/// generic cell rate algorithm).
#[derive(Debug)]
pub(crate) struct Rate<K: Eq + Hash> {
    interval: u64,
    window: u64,
    /// When the budget of each key is whole again, in microseconds.
    full_at: DashMap<K, Arc<AtomicU64>>,
}

impl<K: Eq + Hash + Clone> Rate<K> {
    /// `limit` for each key.
    pub(crate) fn new(limit: Limit) -> Self {
        let window = micros(limit.window).max(1);
        Self {
            interval: (window / u64::from(limit.requests.max(1))).max(1),
            window,
            full_at: DashMap::new(),
        }
    }

    /// Takes one request out of the budget of `key`.
    ///
    /// # Errors
    /// How long to wait when the budget is empty.
    pub(crate) fn take(&self, key: &K, now: Duration) -> Result<(), Duration> {
        let now = micros(now);
        let cell = self.cell(key);
        let mut full_at = cell.load(Ordering::Relaxed);
        loop {
            let next = full_at.max(now) + self.interval;
            if next > now + self.window {
                return Err(Duration::from_micros(next - now - self.window));
            }
            match cell.compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => full_at = other,
            }
        }
    }

    /// How long to wait if the budget of `key` is empty, without taking from it.
    pub(crate) fn wait(&self, key: &K, now: Duration) -> Option<Duration> {
        let now = micros(now);
        let full_at = self.full_at.get(key)?.load(Ordering::Relaxed);
        let next = full_at.max(now) + self.interval;
        (next > now + self.window).then(|| Duration::from_micros(next - now - self.window))
    }

    fn cell(&self, key: &K) -> Arc<AtomicU64> {
        if let Some(cell) = self.full_at.get(key) {
            return Arc::clone(&cell);
        }
        let cell = self.full_at.entry(key.clone()).or_default();
        Arc::clone(&cell)
    }

    /// Forgets whose budget is whole.
    pub(crate) fn sweep(&self, now: Duration) {
        let now = micros(now);
        self.full_at
            .retain(|_, full_at| full_at.load(Ordering::Relaxed) > now);
        if self.full_at.len() > KEYS {
            let soon = now + self.window / 2;
            self.full_at
                .retain(|_, full_at| full_at.load(Ordering::Relaxed) > soon);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2)
}

/// The 429.
pub(crate) fn exceeded(wait: Duration) -> Refusal {
    let wait = wait + Duration::from_millis(999);
    Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "Rate limit exceeded",
    )
    .retry_after(wait)
}

/// One network customer: an IPv4 address, or the first 56 bits of an IPv6 address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = u128::from(address) & !((1 << 72) - 1);
            IpAddr::V6(bits.into())
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_empties_and_refills() {
        let rate = Rate::new(Limit::per_minute(60));
        let start = Duration::from_secs(1000);
        for _ in 0..60 {
            assert!(rate.take(&"a", start).is_ok());
        }
        assert_eq!(rate.take(&"a", start), Err(Duration::from_secs(1)));
        assert_eq!(rate.wait(&"a", start), Some(Duration::from_secs(1)));
        assert!(rate.take(&"b", start).is_ok());
        assert!(rate.take(&"a", start + Duration::from_secs(1)).is_ok());
        rate.sweep(start + Duration::from_mins(5));
        assert!(rate.full_at.is_empty());
    }

    #[test]
    fn a_window_of_any_length_holds_its_number() {
        for (requests, window) in [(1, 1_000), (100, 60_000), (100_000, 1_000), (3, 3_600_000)] {
            let window = Duration::from_millis(window);
            let rate = Rate::new(Limit { requests, window });
            let start = Duration::from_secs(10_000);
            for _ in 0..requests {
                assert!(rate.take(&"a", start).is_ok());
            }
            assert!(rate.take(&"a", start).is_err(), "{requests} in {window:?}");
            assert!(rate.take(&"a", start + window).is_ok());
        }
    }

    #[test]
    fn an_ipv6_customer_is_its_first_56_bits() {
        let one: IpAddr = "2001:db8:1:2ff::1".parse().unwrap();
        let same: IpAddr = "2001:db8:1:200:9::".parse().unwrap();
        let other: IpAddr = "2001:db8:1:300::1".parse().unwrap();
        assert_eq!(network(one), network(same));
        assert_ne!(network(one), network(other));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
