//! One renewal, from the lease to the stored pair. Runs as a task of its own.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::Updated;
use sha2::{Digest as _, Sha256};
use tracing::{error, info, warn};

use super::lease::Lease;
use super::{NotFresh, Wanted};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::Event;
use crate::authorization_server::error::PAUSE;
use crate::authorization_server::grant::{InFlight, Login};
use crate::authorization_server::logins::ends;
use crate::authorization_server::records::Found;
use crate::gitlab_oauth::{GrantError, RefreshToken, Tokens};

/// How long to wait for the pair that another replica is fetching.
const PATIENCE: Duration = Duration::from_secs(15);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How long a pair that GitLab handed out is held until the store takes it.
const HELD: Duration = Duration::from_mins(2);
/// After so many seconds nobody can be holding the pair of a renewal that was begun, however long
/// GitLab and the store were waited for, with clocks that are a little apart.
pub(super) const STALE: u64 = HELD.as_secs() + 30;

/// The lease of a login's renewal. Not one of the keyed digests: replicas whose keys are being changed
/// share it.
pub(super) fn lease_key(sid: &str) -> String {
    format!("up:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(sid)))
}

/// A pair of GitLab on its way into the login, or the one it replaced.
struct Pair {
    access: Secret<GitLabToken>,
    refresh: Option<Secret<RefreshToken>>,
    since: u64,
    ends: Option<u64>,
}

impl Pair {
    fn swap(&mut self, login: &mut Login) {
        std::mem::swap(&mut self.access, &mut login.access);
        std::mem::swap(&mut self.since, &mut login.access_since);
        std::mem::swap(&mut self.ends, &mut login.access_ends);
        // An answer without a refresh token keeps the one that was used.
        if self.refresh.is_some() {
            std::mem::swap(&mut self.refresh, &mut login.refresh);
        }
    }
}

/// What became of a pair.
enum Stored {
    Kept,
    /// The login ended meanwhile.
    Ended,
    /// There is a later pair.
    Late,
}

impl AuthorizationServer {
    pub(super) async fn renew(&self, sid: &str, wanted: Wanted) -> Result<(), NotFresh> {
        let taking = tokio::time::timeout(PATIENCE, self.lease_of(sid, wanted));
        let taken = taking.await;
        let lease = taken.unwrap_or(Err(NotFresh::Unavailable(PAUSE)))?;
        let Some(lease) = lease else {
            return Ok(());
        };
        let outcome = lease.hold(self.renew_under(&lease, sid, wanted)).await;
        lease.release().await;
        outcome
    }

    /// The lease, or `None` when somebody else has done what is wanted.
    async fn lease_of(&self, sid: &str, wanted: Wanted) -> Result<Option<Lease>, NotFresh> {
        let key = lease_key(sid);
        let mut pause = SHORTEST_PAUSE;
        loop {
            let found = self.login(sid).await?.ok_or(NotFresh::Ended)?;
            if self.meets(&found.record, wanted) {
                return Ok(None);
            }
            if let Some(lease) = Lease::take(self.records.store(), &key).await? {
                return Ok(Some(lease));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn renew_under(&self, lease: &Lease, sid: &str, wanted: Wanted) -> Result<(), NotFresh> {
        let place = self.place_at_gitlab().await;
        let place = place.ok_or(NotFresh::Unavailable(PAUSE))?;
        let Some((found, before)) = self.mark(lease, sid, wanted).await? else {
            return Ok(());
        };
        let Some(refresh) = &found.record.refresh else {
            return self.over(found, lease, "no_refresh_token").await;
        };
        // Sent once: what happens to it is unknown from here on.
        let answered = self.application.refresh(refresh).await;
        drop(place);
        match answered {
            Ok(tokens) => self.store_pair(found, tokens, lease).await,
            Err(GrantError::Refused(code)) if code == "invalid_grant" => {
                self.refused(found, before, lease).await
            }
            Err(reason) => {
                self.failed(found, before, &reason, lease).await;
                Err(NotFresh::Unavailable(PAUSE))
            }
        }
    }

    /// Reads again and leaves the mark that a renewal has begun; `None` when there is nothing to do.
    /// With the login comes the mark that stood there.
    async fn mark(
        &self,
        lease: &Lease,
        sid: &str,
        wanted: Wanted,
    ) -> Result<Option<(Found<Login>, Option<InFlight>)>, NotFresh> {
        loop {
            let mut found = self.login(sid).await?.ok_or(NotFresh::Ended)?;
            if self.meets(&found.record, wanted) {
                return Ok(None);
            }
            let before = found.record.in_flight;
            // A mark that nobody has given up counts from its own beginning.
            if before.is_none_or(|mark| mark.failed.is_some()) {
                found.record.in_flight = Some(InFlight {
                    since: self.tokens.now(),
                    failed: None,
                });
            }
            let life = self.login_life(&found.record);
            let fence = Some(lease.fence());
            let updated = self.records.update(&found, &found.record, life, fence);
            match updated.await? {
                Updated::Done(version) => return Ok(Some((found.at(version), before))),
                Updated::Moved => {}
                Updated::Fenced => return Err(NotFresh::Unavailable(PAUSE)),
                Updated::Absent => return Err(NotFresh::Ended),
            }
        }
    }

    /// Stores the pair, then says so.
    async fn store_pair(
        &self,
        found: Found<Login>,
        tokens: Tokens,
        lease: &Lease,
    ) -> Result<(), NotFresh> {
        let now = self.tokens.now();
        let mut pair = Pair {
            access: tokens.access,
            refresh: tokens.refresh,
            since: now,
            ends: ends(now, tokens.expires_in),
        };
        let entry = (found.record.sid.clone(), found.record.subject.clone());
        let entry = self
            .entry(Event::UpstreamRefresh)
            .login(&entry.0)
            .person(&entry.1, "");
        let storing = self.store_until_done(found, &mut pair, lease);
        match tokio::time::timeout(HELD, storing).await {
            Ok(Stored::Kept) => {
                entry.write();
                Ok(())
            }
            Ok(Stored::Late) => {
                entry.refused("superseded").write();
                self.revoke_upstream(pair.access).await;
                Ok(())
            }
            Ok(Stored::Ended) => {
                entry.refused("login_ended").write();
                self.revoke_upstream(pair.access).await;
                Err(NotFresh::Ended)
            }
            Err(_) => {
                error!("the state store did not take the GitLab tokens of a login: they are lost");
                entry.refused("not_stored").write();
                Err(NotFresh::Unavailable(PAUSE))
            }
        }
    }

    async fn store_until_done(
        &self,
        mut found: Found<Login>,
        pair: &mut Pair,
        lease: &Lease,
    ) -> Stored {
        let (sid, number) = (found.record.sid.clone(), found.record.ugen);
        let mut pause = SHORTEST_PAUSE;
        loop {
            let mark = found.record.in_flight.take();
            pair.swap(&mut found.record);
            found.record.ugen = number.saturating_add(1);
            let life = self.login_life(&found.record);
            let fence = Some(lease.fence());
            let updated = self
                .records
                .update(&found, &found.record, life, fence)
                .await;
            if let Ok(Updated::Done(_)) = updated {
                return Stored::Kept;
            }
            pair.swap(&mut found.record);
            (found.record.ugen, found.record.in_flight) = (number, mark);
            match updated {
                Ok(Updated::Absent) => return Stored::Ended,
                Ok(Updated::Moved) => {}
                Ok(Updated::Fenced) => {
                    lease.regain().await;
                    tokio::time::sleep(pause).await;
                }
                Ok(Updated::Done(_)) | Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.login(&sid).await {
                Ok(Some(next)) if next.record.ugen == number => found = next,
                // The store took it, and its answer was lost.
                Ok(Some(next)) if next.record.access.matches(pair.access.expose()) => {
                    return Stored::Kept;
                }
                Ok(Some(_)) => return Stored::Late,
                Ok(None) => return Stored::Ended,
                Err(_) => {}
            }
        }
    }

    /// GitLab does not accept the refresh token. Perhaps because another replica used it.
    async fn refused(
        &self,
        found: Found<Login>,
        before: Option<InFlight>,
        lease: &Lease,
    ) -> Result<(), NotFresh> {
        let sid = found.record.sid;
        let again = self.login(&sid).await?.ok_or(NotFresh::Ended)?;
        if again.record.ugen != found.record.ugen {
            return Ok(());
        }
        if let Some(InFlight {
            since,
            failed: None,
        }) = before
            && self.tokens.now() < since.saturating_add(STALE)
        {
            // Whoever left the mark may be holding the next pair and have no store to put it in.
            warn!("a GitLab refresh token is spent, and another replica may know its successor");
            return Err(NotFresh::Unavailable(PAUSE));
        }
        let reason = match before {
            None => "upstream_invalid_grant",
            Some(_) => "rotation_lost",
        };
        self.over(again, lease, reason).await
    }

    /// Ends the login, unless somebody has renewed it.
    async fn over(
        &self,
        mut found: Found<Login>,
        lease: &Lease,
        reason: &str,
    ) -> Result<(), NotFresh> {
        let number = found.record.ugen;
        loop {
            found.record.ends = self.tokens.now();
            let life = self.login_life(&found.record);
            let fence = Some(lease.fence());
            let updated = self.records.update(&found, &found.record, life, fence);
            match updated.await? {
                Updated::Done(_) => break,
                Updated::Absent => return Err(NotFresh::Ended),
                Updated::Fenced => return Err(NotFresh::Unavailable(PAUSE)),
                Updated::Moved => {}
            }
            found = self
                .login(&found.record.sid)
                .await?
                .ok_or(NotFresh::Ended)?;
            if found.record.ugen != number {
                return Ok(());
            }
        }
        info!(reason, "a login cannot be renewed at GitLab and has ended");
        self.end(found.record, reason).await?;
        Err(NotFresh::Ended)
    }

    /// Nobody can say what became of the renewal. The login goes on.
    async fn failed(
        &self,
        found: Found<Login>,
        before: Option<InFlight>,
        reason: &GrantError,
        lease: &Lease,
    ) {
        let word = match reason {
            GrantError::Refused(code) => {
                error!(
                    code,
                    "GitLab refuses the application of this server: nobody's GitLab token can be \
                     renewed until its id, its secret and its settings at GitLab are right"
                );
                code.as_str()
            }
            GrantError::Transient | GrantError::Invalid => {
                warn!(%reason, "a GitLab token could not be renewed");
                "unavailable"
            }
        };
        self.entry(Event::UpstreamRefresh)
            .refused(word)
            .login(&found.record.sid)
            .person(&found.record.subject, "")
            .write();
        if before.is_some_and(|mark| mark.failed.is_none()) {
            return;
        }
        let mut found = found;
        if let Some(mark) = &mut found.record.in_flight {
            mark.failed = Some(self.tokens.now());
        }
        let life = self.login_life(&found.record);
        let fence = Some(lease.fence());
        // Without the note the next caller tries at once, which is no more than a pity.
        drop(
            self.records
                .update(&found, &found.record, life, fence)
                .await,
        );
    }
}
