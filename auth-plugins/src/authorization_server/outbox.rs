//! GitLab tokens that are still to be revoked there. They are put aside before anything is tried, so
//! that neither a GitLab that does not answer nor the end of the process leaves one alive. RFC 7009.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use gitlab_mcp_core::random;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::{StoreError, Updated};
use tracing::warn;

use super::AuthorizationServer;
use super::audit::{Entry, Event};
use super::grant::Unrevoked;
use super::records::Found;
use crate::gitlab_oauth::{GitLabOAuth, GrantError};

/// How long a token is tried again; GitLab's access tokens end sooner.
const REVOKE_FOR: Duration = Duration::from_hours(24);
/// A day of attempts with the pauses below.
const MOST_TRIES: u32 = 30;
const SHORTEST_PAUSE: u64 = 30;
const LONGEST_PAUSE: u64 = 3600;
/// How long the attempt of whoever ended a login has before the tick makes another.
const HEAD_START: u64 = 60;
/// Attempts at a time.
pub(super) const AT_ONCE: usize = 8;
/// Tokens of one tick.
const BATCH: usize = 32;
/// Expired records that one tick clears away.
const EXPIRED: usize = 500;

/// A token that was put aside.
#[derive(Debug)]
pub(super) struct Aside {
    id: String,
    token: Secret<GitLabToken>,
    sid: String,
}

/// Whether an attempt has settled the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Settled,
    Again,
}

impl AuthorizationServer {
    /// What is to be done regardless of requests: due revocations, expired records. Called every few
    /// seconds; the replicas share the work.
    pub(crate) async fn tick(&self) {
        if let Err(error) = self.revoke_due().await {
            warn!(%error, "the revocations that are due cannot be read");
        }
        if let Err(error) = self.records.store().expire(EXPIRED).await {
            warn!(%error, "expired records cannot be cleared away");
        }
    }

    /// Revokes a token at GitLab; one that cannot be revoked at once is put aside for later.
    pub(crate) async fn revoke_upstream(&self, token: Secret<GitLabToken>) {
        if attempt(
            &self.application,
            &token,
            self.entry(Event::UpstreamRevoked),
        )
        .await
            == Attempt::Again
            && let Err(error) = self.put_aside(token, "").await
        {
            warn!(%error, "a token of GitLab stays valid until it expires");
        }
    }

    /// Puts the token of the login `sid` aside, to be revoked by
    /// [`AuthorizationServer::revoke_soon`] or a later tick.
    pub(super) async fn put_aside(
        &self,
        token: Secret<GitLabToken>,
        sid: &str,
    ) -> Result<Aside, StoreError> {
        let id = random::token(&*self.random, 16);
        let unrevoked = Unrevoked {
            token,
            sid: sid.to_owned(),
            tries: 0,
        };
        let due = rank(self.tokens.now().saturating_add(HEAD_START));
        self.records
            .put_ranked(&id, &unrevoked, due, REVOKE_FOR)
            .await?;
        let Unrevoked { token, sid, .. } = unrevoked;
        Ok(Aside { id, token, sid })
    }

    /// The token need not be revoked, because somebody else does it.
    pub(super) async fn take_back(&self, aside: Aside) -> Result<(), StoreError> {
        self.records.delete::<Unrevoked>(&aside.id).await.map(drop)
    }

    /// Revokes a token that was put aside, without waiting for it. With many at a time it is left to
    /// the tick.
    pub(super) fn revoke_soon(&self, aside: Aside) {
        let Ok(permit) = Arc::clone(&self.revoking).try_acquire_owned() else {
            return;
        };
        let (application, records) = (self.application.clone(), self.records.clone());
        let (mode, instance) = (self.rules.mode, self.instance.clone());
        tokio::spawn(async move {
            let entry = Entry::new(Event::UpstreamRevoked).login(&aside.sid);
            let entry = entry.mode(mode).instance(instance.host());
            if attempt(&application, &aside.token, entry).await == Attempt::Settled
                && let Err(error) = records.delete::<Unrevoked>(&aside.id).await
            {
                // Revoking twice does no harm.
                warn!(%error, "a token that was revoked is revoked again later");
            }
            drop(permit);
        });
    }

    async fn revoke_due(&self) -> Result<(), StoreError> {
        let now = rank(self.tokens.now());
        let due = self.records.lowest::<Unrevoked>(now, BATCH).await?;
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |found| async move {
                if let Err(error) = self.revoke_again(found).await {
                    warn!(%error, "a revocation is left for later");
                }
            })
            .await;
        Ok(())
    }

    /// One attempt, by the replica whose claim is first.
    async fn revoke_again(&self, mut found: Found<Unrevoked>) -> Result<(), StoreError> {
        let tries = found.record.tries.saturating_add(1);
        if tries > MOST_TRIES {
            warn!("GitLab did not answer for a day: a token stays valid until it expires");
            return self.records.forget(&found).await.map(drop);
        }
        found.record.tries = tries;
        let due = rank(self.tokens.now().saturating_add(pause(tries)));
        let claimed = self
            .records
            .update_ranked(&found, &found.record, due, REVOKE_FOR);
        if !matches!(claimed.await?, Updated::Done(_)) {
            return Ok(());
        }
        let Unrevoked { token, sid, .. } = &found.record;
        if attempt(
            &self.application,
            token,
            self.entry(Event::UpstreamRevoked).login(sid),
        )
        .await
            == Attempt::Settled
        {
            self.records.forget(&found).await?;
        }
        Ok(())
    }
}

async fn attempt(
    application: &GitLabOAuth,
    token: &Secret<GitLabToken>,
    entry: Entry<'_>,
) -> Attempt {
    match application.revoke(token).await {
        Ok(()) => {
            entry.write();
            Attempt::Settled
        }
        Err(GrantError::Transient | GrantError::Invalid) => Attempt::Again,
        Err(GrantError::Refused(code)) => {
            entry.refused(&code).write();
            warn!(code, "GitLab does not revoke a token");
            Attempt::Settled
        }
    }
}

/// Seconds until the attempt after number `tries`.
fn pause(tries: u32) -> u64 {
    let doubled = 1_u64
        .checked_shl(tries.saturating_sub(1))
        .unwrap_or(u64::MAX);
    SHORTEST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

fn rank(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
