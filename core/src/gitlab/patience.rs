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

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::random::SeededRandom;

    const NOW: u64 = 1_767_225_600;

    fn wait_of(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        asked_wait(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_way_of_asking_for_patience_is_read() {
        for (headers, expected) in [
            (vec![], None),
            (vec![("retry-after", "1")], Some(1)),
            (vec![("retry-after", " 900 ")], Some(900)),
            (
                vec![("retry-after", "Thu, 01 Jan 2026 00:02:00 GMT")],
                Some(120),
            ),
            (
                vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")],
                Some(0),
            ),
            (vec![("ratelimit-reset", "1767225645")], Some(45)),
            (vec![("ratelimit-reset", "1")], Some(0)),
            (
                vec![("retry-after", "7"), ("ratelimit-reset", "1767225645")],
                Some(7),
            ),
            (
                vec![("retry-after", "soon"), ("ratelimit-reset", "1767225645")],
                Some(45),
            ),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "1.5")], None),
            (vec![("retry-after", "99999999999999999999999")], None),
            (vec![("ratelimit-reset", "18446744073709551615")], None),
        ] {
            assert_eq!(wait_of(&headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_differ_between_clients() {
        let retries = Retries::default();
        let random = SeededRandom::new(1);
        for attempt in 0..40 {
            let full = Duration::from_secs(1 << attempt.min(2));
            let wait = retries.wait(attempt, &random);
            assert!(wait >= full / 2 && wait <= full, "{attempt}: {wait:?}");
        }
        assert_ne!(retries.wait(1, &random), retries.wait(1, &random));
    }
}
