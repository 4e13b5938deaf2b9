//! When to ask GitLab again while a person signs in elsewhere. RFC 8628 section 3.5.

use std::time::Duration;

use crate::gitlab_oauth::{DeviceGrant, GrantError};

/// What is added to the interval when GitLab asks for it, or has trouble.
const SLOWER: Duration = Duration::from_secs(5);

/// The longest wait for a person, whatever GitLab says.
const LONGEST: Duration = Duration::from_hours(1);

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// At GitLab, or by our own clock.
    #[error("the code has expired: run `gitlab-mcp auth login` again")]
    Expired,
    /// Somebody said no.
    #[error("access was denied at GitLab")]
    Denied,
    /// Used, or never known.
    #[error("GitLab does not know the code any more: run `gitlab-mcp auth login` again")]
    Spent,
    /// Any other code of GitLab.
    #[error("GitLab refuses with {0}")]
    Refused(String),
    /// Not OAuth.
    #[error("GitLab's answer cannot be used: check GITLAB_API_URL")]
    Invalid,
}

/// The next poll.
#[derive(Debug, Clone, Copy)]
pub(super) struct Polling {
    interval: Duration,
    /// On the monotonic clock.
    until: Duration,
}

impl Polling {
    /// For a grant that was made at `now`.
    pub(super) fn new(grant: &DeviceGrant, now: Duration) -> Self {
        Self {
            interval: grant.interval,
            until: now.saturating_add(grant.expires_in.min(LONGEST)),
        }
    }

    /// How long to wait before the next poll.
    pub(super) fn wait(&self, now: Duration) -> Result<Duration, Failure> {
        let next = now.saturating_add(self.interval);
        if next > self.until {
            return Err(Failure::Expired);
        }
        Ok(self.interval)
    }

    /// Learns from a poll that brought no tokens.
    pub(super) fn learn(&mut self, error: GrantError) -> Result<(), Failure> {
        match error {
            GrantError::Transient => self.slow_down(),
            GrantError::Invalid => return Err(Failure::Invalid),
            GrantError::Refused(code) => match code.as_str() {
                "authorization_pending" => {}
                "slow_down" => self.slow_down(),
                "expired_token" => return Err(Failure::Expired),
                "access_denied" => return Err(Failure::Denied),
                "invalid_grant" => return Err(Failure::Spent),
                _ => return Err(Failure::Refused(code)),
            },
        }
        Ok(())
    }

    fn slow_down(&mut self) {
        self.interval = self.interval.saturating_add(SLOWER);
    }
}
