//! The GitLab tokens of a login, renewed before they end. RFC 6749 section 6.
//!
//! GitLab ends the old pair the moment it makes the next one, so of all callers in all replicas exactly
//! one may ask. Each renewal is a task of its own that no caller can cut off, and it holds a lease. What
//! GitLab answers is stored before anybody learns of it.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::{Credential, Generation, HeaderKind};
use gitlab_mcp_store::StoreError;
use sha2::{Digest as _, Sha256};
use tokio::sync::SemaphorePermit;

use super::AuthorizationServer;
use super::error::PAUSE;
use super::grant::Login;
use super::records::Found;

mod lease;
pub(super) mod once;
mod run;

/// A token with less life than this, and less than half of its life, is renewed before it is used.
const DUE: u64 = 300;
/// Up to so many seconds earlier, different for each pair: logins that began together are not renewed
/// together.
const LEAD: u64 = 60;
/// After a renewal that failed for a passing reason, a living token is used for so many seconds before
/// the next try.
const REST: u64 = 10;
/// How long a caller waits for a renewal, which itself goes on.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// How long the end of the process waits for renewals.
const LONGEST_END: Duration = Duration::from_secs(30);
/// How often a run is joined that turns out to have begun too early.
const ATTEMPTS: u32 = 3;
/// How long a renewal waits for a place at GitLab.
const QUEUED: Duration = Duration::from_secs(15);
/// Renewals of one process at a time, those that wait for a place at GitLab among them.
pub(super) const AT_ONCE: usize = 10_000;

/// Why there is no GitLab token to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFresh {
    /// The login has ended: the person must sign in again.
    #[error("the login has ended")]
    Ended,
    /// GitLab or the store cannot be asked; when to come back. The login goes on.
    #[error("GitLab or the state of this server cannot be reached")]
    Unavailable(Duration),
}

impl From<StoreError> for NotFresh {
    fn from(_: StoreError) -> Self {
        Self::Unavailable(PAUSE)
    }
}

/// What a renewal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A pair that is not due.
    Fresh,
    /// A pair later than this one, which GitLab has just refused.
    LaterThan(u64),
}

impl AuthorizationServer {
    /// The login with GitLab tokens to use, renewed when it is time to. While GitLab cannot be asked,
    /// the token it has is used to its end.
    ///
    /// # Errors
    /// [`NotFresh`].
    pub(super) async fn freshen(
        self: &Arc<Self>,
        found: Found<Login>,
    ) -> Result<Found<Login>, NotFresh> {
        let record = &found.record;
        if !self.is_due(record) || self.rests(record) || self.stands_back(record) {
            return Ok(found);
        }
        let (sid, number) = (found.record.sid, found.record.ugen);
        // The run that was joined may have renewed before the token was due again.
        for _ in 0..ATTEMPTS {
            let renewed = self.renewed(&sid, Wanted::Fresh).await;
            if renewed == Err(NotFresh::Ended) {
                return Err(NotFresh::Ended);
            }
            let found = self.login(&sid).await?.ok_or(NotFresh::Ended)?;
            match renewed {
                Err(reason) if !self.lives(&found.record) => return Err(reason),
                Err(_) => return Ok(found),
                Ok(()) if !self.is_due(&found.record) => return Ok(found),
                // A pair with a short life is due early.
                Ok(()) if found.record.ugen != number && self.lives(&found.record) => {
                    return Ok(found);
                }
                Ok(()) => {}
            }
        }
        Err(NotFresh::Unavailable(PAUSE))
    }

    /// The login `sid` with a GitLab token later than number `rejected`, which GitLab answered with
    /// 401. Reads again before it renews.
    ///
    /// # Errors
    /// [`NotFresh`]; `Ended` when a person has to sign in.
    pub(crate) async fn renew_after_401(
        self: &Arc<Self>,
        sid: &str,
        rejected: u64,
    ) -> Result<Login, NotFresh> {
        // A renewal under way may have begun before the refusal and not know of it.
        for _ in 0..ATTEMPTS {
            let found = self.login(sid).await?.ok_or(NotFresh::Ended)?;
            if found.record.ugen > rejected {
                return Ok(self.freshen(found).await?.record);
            }
            self.renewed(sid, Wanted::LaterThan(rejected)).await?;
        }
        Err(NotFresh::Unavailable(PAUSE))
    }

    /// What requests to GitLab carry for a login; its number is the number of the pair.
    pub(crate) fn credential(&self, login: Login) -> Credential {
        Credential::new(&self.instance, HeaderKind::Bearer, Arc::new(login.access))
            .generation(Generation(login.ugen))
    }

    /// Waits for what must not be cut off: renewals, checks and polls of device logins under way,
    /// revocations just begun. The process ends.
    pub(crate) async fn settle(&self) {
        let settled = async {
            self.checks.landed().await;
            self.renewals.landed().await;
            self.pairs.landed().await;
            self.device_asks.landed().await;
            let all = u32::try_from(super::outbox::AT_ONCE).unwrap_or(u32::MAX);
            drop(self.revoking.acquire_many(all).await);
        };
        if tokio::time::timeout(LONGEST_END, settled).await.is_err() {
            tracing::error!("the process ends while GitLab tokens are being renewed or revoked");
        }
    }

    /// Joins the one renewal of this login, or begins it.
    async fn renewed(self: &Arc<Self>, sid: &str, wanted: Wanted) -> Result<(), NotFresh> {
        let (server, key) = (Arc::clone(self), sid.to_owned());
        let run = async move { server.renew(&key, wanted).await };
        let joined = self.renewals.join(sid.to_owned(), run);
        match tokio::time::timeout(LONGEST_WAIT, joined).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) | Err(_) => Err(NotFresh::Unavailable(PAUSE)),
        }
    }

    /// Whether to renew first. What cannot be renewed is used to its end.
    fn is_due(&self, login: &Login) -> bool {
        let Some(left) = self.left(login) else {
            return false;
        };
        if login.refresh.is_none() {
            return left == 0;
        }
        let life = login.access_ends.unwrap_or(u64::MAX);
        let life = life.saturating_sub(login.access_since);
        left < (DUE + lead(login)).min(life.div_ceil(2))
    }

    fn lives(&self, login: &Login) -> bool {
        self.left(login) != Some(0)
    }

    /// Seconds of life of GitLab's access token; `None` when GitLab does not say.
    fn left(&self, login: &Login) -> Option<u64> {
        let ends = login.access_ends?;
        Some(ends.saturating_sub(self.tokens.now()))
    }

    /// Whether the last renewal failed a moment ago and the token can still be used.
    fn rests(&self, login: &Login) -> bool {
        let failed = login.in_flight.and_then(|mark| mark.failed);
        let rests = failed.is_some_and(|at| self.tokens.now() < at.saturating_add(REST));
        rests && self.lives(login)
    }

    /// Whether others have to be renewed first and the token can still be used.
    fn stands_back(&self, login: &Login) -> bool {
        self.places.available_permits() == 0 && self.lives(login)
    }

    /// A place among the renewals at GitLab: there are as many as connections are kept to it, so that
    /// logins that end together do not ask it together.
    async fn place_at_gitlab(&self) -> Option<SemaphorePermit<'_>> {
        let place = tokio::time::timeout(QUEUED, self.places.acquire());
        place.await.ok()?.ok()
    }

    fn meets(&self, login: &Login, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Fresh => !self.is_due(login),
            Wanted::LaterThan(rejected) => login.ugen > rejected,
        }
    }
}

/// Seconds by which this pair is renewed early: the same for everybody who asks.
fn lead(login: &Login) -> u64 {
    let digest = Sha256::new()
        .chain_update(login.sid.as_bytes())
        .chain_update(login.ugen.to_be_bytes())
        .finalize();
    digest
        .first()
        .map_or(0, |byte| u64::from(*byte) * LEAD / 256)
}

#[cfg(test)]
mod tests;
