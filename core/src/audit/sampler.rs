//! One line for many equal events.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Lets one event through in each period and counts the others. Sharing it needs no lock.
#[derive(Debug)]
pub struct Sampler {
    period: u64,
    /// Milliseconds of the monotonic clock from which on the next event goes through.
    next: AtomicU64,
    suppressed: AtomicU64,
}

impl Sampler {
    /// At most one event each `period`.
    pub fn each(period: Duration) -> Self {
        Self {
            period: millis(period),
            next: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// An event at `now` of the monotonic clock: how many were held back since the last one that
    /// went through, or `None` when this one is held back too.
    pub fn take(&self, now: Duration) -> Option<u64> {
        let now = millis(now);
        let next = self.next.load(Ordering::Relaxed);
        let goes = now >= next
            && self
                .next
                .compare_exchange(
                    next,
                    now.saturating_add(self.period),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok();
        if goes {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_period_goes_through_and_says_how_many_did_not() {
        let sampler = Sampler::each(Duration::from_secs(1));
        for (at, told) in [
            (0, Some(0)),
            (0, None),
            (1, None),
            (999, None),
            (1_000, Some(3)),
            (1_500, None),
            (9_000, Some(1)),
            (20_000, Some(0)),
        ] {
            assert_eq!(sampler.take(Duration::from_millis(at)), told, "{at}");
        }
    }

    #[test]
    fn threads_at_one_moment_let_one_through_and_lose_none() {
        let sampler = Sampler::each(Duration::from_secs(1));
        let (through, told) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        if let Some(held_back) = sampler.take(Duration::from_secs(5)) {
                            through.fetch_add(1, Ordering::Relaxed);
                            told.fetch_add(held_back, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(through.load(Ordering::Relaxed), 1);
        let later = sampler.take(Duration::from_secs(6)).unwrap();
        assert_eq!(told.load(Ordering::Relaxed) + later, 3_999);
    }
}
