//! The renewal of a pair that stands in no store, because its client holds it. Whoever presents the
//! same refresh token at the same time, at any replica with the same store, gets the same pair.
//! RFC 6749 section 6.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::{Namespace, StoreError};
use serde::{Deserialize, Serialize};
use tracing::{error, warn};

use super::lease::Lease;
use super::{LONGEST_WAIT, PAUSE};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::Event;
use crate::authorization_server::browser::digest;
use crate::authorization_server::groups::Unavailable;
use crate::authorization_server::logins::ends;
use crate::authorization_server::records::{Record, kept};
use crate::gitlab_oauth::{GrantError, RefreshToken, Tokens};

/// For how long a repetition gets what the first request got.
const SHARED: Duration = Duration::from_secs(10);
/// The same where the group list may have to be asked for again.
const SHARED_UNTIL_ADMITTED: Duration = Duration::from_mins(1);
/// How long another replica is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at what another replica does.
const LOOK: Duration = Duration::from_millis(100);

/// What GitLab answered to a refresh token.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::authorization_server) struct Pair {
    #[serde(with = "kept")]
    pub(in crate::authorization_server) access: Secret<GitLabToken>,
    /// `None` keeps the one that was presented.
    #[serde(with = "kept::optional")]
    pub(in crate::authorization_server) refresh: Option<Secret<RefreshToken>>,
    /// What was granted, separated by blanks.
    pub(in crate::authorization_server) scope: Option<String>,
    /// Unix seconds.
    pub(in crate::authorization_server) since: u64,
    /// Unix seconds; `None` when GitLab does not say.
    pub(in crate::authorization_server) ends: Option<u64>,
}

impl Record for Pair {
    const NAMESPACE: Namespace = Namespace::Login;
}

/// Why there is no pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::authorization_server) enum NotRenewed {
    /// GitLab does not know the refresh token any more: a person has to sign in.
    Refused,
    /// The person is in none of the allowed groups. The pair is revoked.
    Denied,
    /// GitLab or the store cannot be asked; when to come back.
    Unavailable(Duration),
}

impl From<StoreError> for NotRenewed {
    fn from(_: StoreError) -> Self {
        Self::Unavailable(PAUSE)
    }
}

impl AuthorizationServer {
    /// The pair for `refresh`, whose person is in one of the allowed groups. No caller can cut the
    /// renewal off.
    ///
    /// # Errors
    /// [`NotRenewed`].
    pub(in crate::authorization_server) async fn renewed_once(
        self: &Arc<Self>,
        refresh: Secret<RefreshToken>,
    ) -> Result<Arc<Pair>, NotRenewed> {
        let key = digest(refresh.expose());
        let (server, id) = (Arc::clone(self), key.clone());
        let run = async move { server.renew_presented(&id, &refresh).await };
        match tokio::time::timeout(LONGEST_WAIT, self.pairs.join(key, run)).await {
            Ok(Some(outcome)) => outcome,
            Ok(None) | Err(_) => Err(NotRenewed::Unavailable(PAUSE)),
        }
    }

    async fn renew_presented(
        &self,
        id: &str,
        refresh: &Secret<RefreshToken>,
    ) -> Result<Arc<Pair>, NotRenewed> {
        let looking = tokio::time::timeout(PATIENCE, self.pair_or_lease(id));
        let pair = match looking
            .await
            .map_err(|_| NotRenewed::Unavailable(PAUSE))??
        {
            Ok(pair) => pair,
            Err(lease) => {
                let renewed = lease.hold(self.renew_pair(id, refresh)).await;
                lease.release().await;
                renewed?
            }
        };
        match self.is_member(&pair.access).await {
            Ok(true) => Ok(Arc::new(pair)),
            Err(Unavailable) => Err(NotRenewed::Unavailable(PAUSE)),
            Ok(false) => {
                self.records.delete::<Pair>(id).await?;
                self.revoke_upstream(pair.access).await;
                Err(NotRenewed::Denied)
            }
        }
    }

    /// What somebody else has just been given, or the right to ask for it.
    async fn pair_or_lease(&self, id: &str) -> Result<Result<Pair, Lease>, StoreError> {
        let key = format!("pair:{id}");
        loop {
            if let Some(found) = self.records.get::<Pair>(id).await? {
                return Ok(Ok(found.record));
            }
            if let Some(lease) = Lease::take(self.records.store(), &key).await? {
                // It may have come between the two.
                return Ok(match self.records.get::<Pair>(id).await? {
                    Some(found) => {
                        lease.release().await;
                        Ok(found.record)
                    }
                    None => Err(lease),
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn renew_pair(
        &self,
        id: &str,
        refresh: &Secret<RefreshToken>,
    ) -> Result<Pair, NotRenewed> {
        let place = self.place_at_gitlab().await;
        let place = place.ok_or(NotRenewed::Unavailable(PAUSE))?;
        let renewed = self.application.refresh(refresh).await;
        drop(place);
        let tokens = renewed.map_err(|reason| self.not_renewed(&reason))?;
        self.entry(Event::UpstreamRefresh).write();
        let pair = self.pair(tokens);
        let life = if self.rules.groups.is_empty() {
            SHARED
        } else {
            SHARED_UNTIL_ADMITTED
        };
        let rank = i64::try_from(pair.since).unwrap_or(i64::MAX);
        if let Err(error) = self.records.put_ranked(id, &pair, rank, life).await {
            // The one who asked gets it all the same; a repetition will not.
            warn!(%error, "a pair of GitLab tokens is given to one request alone");
        }
        Ok(pair)
    }

    fn pair(&self, tokens: Tokens) -> Pair {
        let now = self.tokens.now();
        Pair {
            access: tokens.access,
            refresh: tokens.refresh,
            scope: tokens.scope,
            since: now,
            ends: ends(now, tokens.expires_in),
        }
    }

    fn not_renewed(&self, reason: &GrantError) -> NotRenewed {
        let word = match reason {
            GrantError::Refused(code) => code.as_str(),
            GrantError::Transient => "unavailable",
            GrantError::Invalid => "unusable_answer",
        };
        self.entry(Event::UpstreamRefresh).refused(word).write();
        match reason {
            GrantError::Refused(code) if code == "invalid_grant" => NotRenewed::Refused,
            GrantError::Refused(code) => {
                error!(
                    code,
                    "GitLab refuses the application of this server: no sign-in can be renewed until its \
                     id, its secret and its settings at GitLab are right"
                );
                NotRenewed::Unavailable(PAUSE)
            }
            GrantError::Transient | GrantError::Invalid => NotRenewed::Unavailable(PAUSE),
        }
    }
}
