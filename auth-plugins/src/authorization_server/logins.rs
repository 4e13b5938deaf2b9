//! Logins: how one begins, where it is found, and how it ends. RFC 7009.

use std::time::Duration;

use gitlab_mcp_core::random;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::StoreError;
use tracing::warn;

use super::AuthorizationServer;
use super::audit::{Entry, Event};
use super::grant::{Login, Method, Unrevoked};
use super::records::Found;
use crate::gitlab_oauth::{GrantError, Tokens};

mod person;

/// How long a token that could not be revoked is tried again.
const REVOKE_FOR: Duration = Duration::from_hours(24);

/// What a login is for.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The base URL it is made under.
    pub issuer: &'a str,
    /// The client.
    pub client: &'a str,
    /// How the person signed in.
    pub method: Method,
}

/// Why no login began. GitLab's tokens are revoked, or will be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// GitLab or the store cannot be asked.
    #[error("GitLab or the state of this server cannot be reached")]
    Unavailable,
    /// The person is in none of the allowed groups.
    #[error("this person is in none of the groups that may use this server")]
    Denied,
    /// GitLab does not say who this is, or its answer cannot be used.
    #[error("GitLab does not say who this is")]
    Unknown,
}

impl From<StoreError> for NotBegun {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl AuthorizationServer {
    /// Begins a login with the tokens GitLab handed out: learns who it is, checks the group list and
    /// remembers it. When this returns, the login is stored.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub async fn begin(&self, tokens: Tokens, beginning: Beginning<'_>) -> Result<Login, NotBegun> {
        let person = match self.person(&tokens.access).await {
            Ok(person) => person,
            Err(reason) => {
                self.revoke_upstream(tokens.access).await;
                return Err(reason);
            }
        };
        let now = self.tokens.now();
        let longest = self.rules.longest_life.as_secs();
        let login = Login {
            sid: self.tokens.another_sid(),
            issuer: beginning.issuer.to_owned(),
            client: beginning.client.to_owned(),
            instance: self.instance.base().to_owned(),
            subject: person.id.to_string(),
            username: person.name,
            scope: self.rules.scope.clone(),
            method: beginning.method,
            rgen: 1,
            rotated: now,
            present_used: false,
            ugen: 1,
            access: tokens.access,
            refresh: tokens.refresh,
            access_ends: tokens
                .expires_in
                .map(|life| now.saturating_add(life.as_secs())),
            salt: random::token(&*self.random, 16),
            created: now,
            used: now,
            ends: now.saturating_add(longest),
            in_flight: None,
            member: now,
        };
        let life = self.login_life(&login);
        match self.records.put_new(&login.sid, &login, life).await {
            Ok(_) => Ok(login),
            Err(error) => {
                self.revoke_upstream(login.access).await;
                Err(error.into())
            }
        }
    }

    /// The login `sid`, if it has not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn login(&self, sid: &str) -> Result<Option<Found<Login>>, StoreError> {
        self.records.get(sid).await
    }

    /// How long the store keeps a login: as long as one of its tokens may be used.
    pub(crate) fn login_life(&self, login: &Login) -> Duration {
        let now = self.tokens.now();
        let idle = login.used.saturating_add(self.rules.idle_life.as_secs());
        Duration::from_secs(idle.min(login.ends).saturating_sub(now).max(1))
    }

    /// Ends a login everywhere and revokes its GitLab tokens.
    ///
    /// # Errors
    /// [`StoreError`]; the login goes on.
    pub async fn end(&self, login: Login, reason: &str) -> Result<(), StoreError> {
        if self.records.delete::<Login>(&login.sid).await? {
            Entry::new(Event::LoginEnded)
                .because(reason)
                .client(&login.client, "")
                .person(
                    &login.subject,
                    login.username.as_deref().unwrap_or_default(),
                )
                .login(&login.sid)
                .write();
            self.revoke_upstream(login.access).await;
        }
        Ok(())
    }

    /// Revokes a token at GitLab; one that cannot be revoked at once is put aside for later.
    pub(crate) async fn revoke_upstream(&self, token: Secret<GitLabToken>) {
        match self.application.revoke(&token).await {
            Ok(()) => Entry::new(Event::UpstreamRevoked).write(),
            Err(GrantError::Transient) => self.revoke_later(token).await,
            Err(error) => warn!(%error, "GitLab does not revoke a token"),
        }
    }

    async fn revoke_later(&self, token: Secret<GitLabToken>) {
        let id = random::token(&*self.random, 16);
        let due = i64::try_from(self.tokens.now()).unwrap_or(i64::MAX);
        let kept = Unrevoked { token, tries: 1 };
        let stored = self.records.put_ranked(&id, &kept, due, REVOKE_FOR).await;
        if let Err(error) = stored {
            warn!(%error, "a token of GitLab stays valid until it expires");
        }
    }
}
