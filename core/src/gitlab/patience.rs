//! When to try again, and how long to wait. GitLab's limits:
//! <https://docs.gitlab.com/administration/settings/rate_limits_on_raw_endpoints/>, RFC 9110 10.2.3.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::random::Random;

/// How often and how long a request may be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// Further tries after the first.
    pub attempts: u32,
    /// First wait.
    pub base: Duration,
    /// Longest wait; a server that asks for more gets no second try.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 2,
            base: Duration::from_secs(1),
            longest: Duration::from_secs(4),
        }
    }
}

impl Retries {
    /// The wait before try number `attempt` (from 0): doubling, at most `longest`, with the upper
    /// half random so that many clients do not come back together.
    pub fn wait(&self, attempt: u32, random: &dyn Random) -> Duration {
        let full = self
            .base
            .saturating_mul(1 << attempt.min(16))
            .min(self.longest);
        let mut byte = [0_u8; 1];
        random.fill(&mut byte);
        full / 2 + full.mul_f64(f64::from(byte[0]) / 512.0)
    }
}

/// How long the server asks to wait: `Retry-After` in seconds or as a date, else
/// `RateLimit-Reset`, which GitLab sends as unix time.
pub(crate) fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(value) = text("retry-after") {
        if let Ok(seconds) = value.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        if let Ok(date) = httpdate::parse_http_date(value) {
            return Some(date.duration_since(now).unwrap_or_default());
        }
    }
    let reset: u64 = text("ratelimit-reset")?.trim().parse().ok()?;
    let reset = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?;
    Some(reset.duration_since(now).unwrap_or_default())
}
