//! The instance's clock: real, or standing still until a test moves it.
//!
//! Everything the mock says about time comes from here, which is what makes two
//! runs with the same seed byte-identical.

mod timestamp;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub use timestamp::Timestamp;

/// Where an instance takes the time from. Clones share the same hands.
#[derive(Clone, Debug)]
pub struct Clock {
    /// `None` stands for the real time.
    manual: Option<i64>,
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock; `advance` still moves it forward.
    pub fn real() -> Self {
        Self {
            manual: None,
            offset: Arc::default(),
        }
    }

    /// A clock that stands at `start` (ISO 8601) until it is advanced.
    ///
    /// # Panics
    /// When `start` is not a time: a typing mistake in a test should be loud.
    #[expect(clippy::panic, reason = "the text is written by the author of a test")]
    pub fn manual(start: &str) -> Self {
        match Timestamp::parse(start) {
            Some(time) => Self::standing_at(time),
            None => panic!("`{start}` is not an ISO 8601 time"),
        }
    }

    /// A clock that stands at `time` until it is advanced.
    pub fn standing_at(time: Timestamp) -> Self {
        Self {
            manual: Some(time.as_millis()),
            offset: Arc::default(),
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let base = self.manual.unwrap_or_else(wall_clock_millis);
        Timestamp::from_millis(base.saturating_add(self.offset.load(Ordering::SeqCst)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        // Two calls cannot race into an overflow: the sum is capped far below the limit.
        let moved = self.offset.load(Ordering::SeqCst).saturating_add(millis);
        self.offset.store(moved.min(i64::MAX / 4), Ordering::SeqCst);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::manual("2026-11-01T09:00:00Z")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn wall_clock_millis() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual("2026-11-01T09:00:00Z");
        assert_eq!(clock.now().to_string(), "2026-11-01T09:00:00.000Z");
        let other_hand = clock.clone();
        other_hand.advance(Duration::from_secs(90));
        assert_eq!(clock.now().to_string(), "2026-11-01T09:01:30.000Z");
    }
}
