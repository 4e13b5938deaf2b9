//! Time as a parameter: what hour it is, and how much time has passed.
//!
//! Everything else in the workspace asks a [`Clock`]; `clippy.toml` forbids the standard library's
//! own functions, so that tests decide what time it is.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the time comes from.
pub trait Clock: Send + Sync + Debug {
    /// The wall clock. It may jump; use it only for dates that leave the process.
    fn now(&self) -> SystemTime;

    /// Time since a fixed but unspecified moment. Never goes backwards; use it for durations.
    fn monotonic(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose [`Clock::monotonic`] starts at zero now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this file owns the access to real time"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this file owns the access to real time"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is advanced; for tests and simulation.
#[derive(Debug)]
pub struct ManualClock {
    start: SystemTime,
    elapsed: Mutex<Duration>,
}

impl ManualClock {
    /// A clock that shows `start`, with [`Clock::monotonic`] at zero.
    pub fn at(start: SystemTime) -> Self {
        Self {
            start,
            elapsed: Mutex::new(Duration::ZERO),
        }
    }

    /// Lets `by` pass, on both faces of the clock.
    pub fn advance(&self, by: Duration) {
        let mut elapsed = self.elapsed.lock().unwrap_or_else(PoisonError::into_inner);
        *elapsed = elapsed.saturating_add(by);
    }
}

impl Default for ManualClock {
    /// Stands at 2026-01-01T00:00:00Z: a date on which nothing issued in a test is in the past.
    fn default() -> Self {
        Self::at(UNIX_EPOCH + Duration::from_hours(490_896))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.start
            .checked_add(self.monotonic())
            .unwrap_or(self.start)
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_clock_moves_only_when_advanced() {
        let clock = ManualClock::at(UNIX_EPOCH);
        assert_eq!(clock.now(), UNIX_EPOCH);
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(90));
        assert_eq!(clock.monotonic(), Duration::from_secs(90));
    }

    #[test]
    fn system_clock_does_not_run_backwards() {
        let clock = SystemClock::new();
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
        assert!(clock.now() > UNIX_EPOCH);
    }
}
