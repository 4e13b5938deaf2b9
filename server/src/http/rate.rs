//! How often somebody may ask: principals per minute, and addresses without an accepted
//! credential.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use http::StatusCode;

use super::Refusal;

const MINUTE: u64 = 60_000_000;
/// Most keys that are remembered; the quietest are forgotten first.
const KEYS: usize = 20_000;

/// A budget for each key that refills evenly over a minute; a whole minute's worth may come at
/// once (the generic cell rate algorithm).
#[derive(Debug)]
pub(crate) struct Rate<K: Eq + Hash> {
    interval: u64,
    /// When the budget of each key is whole again, in microseconds.
    full_at: DashMap<K, Arc<AtomicU64>>,
}

impl<K: Eq + Hash + Clone> Rate<K> {
    /// `per_minute` requests for each key.
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            interval: MINUTE / u64::from(per_minute.max(1)),
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
            if next > now + MINUTE {
                return Err(Duration::from_micros(next - now - MINUTE));
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
        (next > now + MINUTE).then(|| Duration::from_micros(next - now - MINUTE))
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
            let soon = now + MINUTE / 2;
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
        let rate = Rate::new(60);
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
