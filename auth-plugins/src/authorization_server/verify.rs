//! What a bearer token is good for. RFC 6750 section 2.1, RFC 9700 section 4.10.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::auth::Credential;
use gitlab_mcp_store::{Namespace, StoreError};
use serde::{Deserialize, Serialize};

use super::AuthorizationServer;
use super::error::PAUSE;
use super::grant::Login;
use super::groups::NotMember;
use super::records::{Found, Record};
use super::renewal::NotFresh;
use super::rules::TokenFormat;
use super::site::Base;
use super::tokens::Claims;

/// An access token that ended before its time, found by its `jti`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct RevokedAccess {}

impl Record for RevokedAccess {
    const NAMESPACE: Namespace = Namespace::Revoked;
}

/// What a token stands for, which decides what happens when GitLab refuses the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// A login in the store, by its `sid`: its pair can be renewed.
    Login(String),
    /// Itself, by its `jti`: nobody but its client can renew it.
    Token(String),
    /// Itself, by its digest: GitLab vouched for it.
    Vouched(String),
}

/// Who presented a token, and what they act with at GitLab.
#[derive(Debug)]
pub struct Verified {
    /// What the token stands for.
    pub behind: Behind,
    /// GitLab's user id.
    pub subject: String,
    /// The client the token was made for; `None` for a token of GitLab, which does not say.
    pub client: Option<String>,
    /// What it may be used for, separated by blanks.
    pub scope: String,
    /// What requests to GitLab carry; its number is the number of the pair.
    pub credential: Credential,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Malformed, unknown, expired, revoked or of another server: which of them is nobody's business.
    #[error("this access token is not valid here, or not any more")]
    Invalid,
    /// The person is in none of the allowed groups any more. The login has ended.
    #[error("this person is in none of the groups that may use this server")]
    Denied,
    /// GitLab or the store cannot be asked; when to come back.
    #[error("GitLab or the state of this server cannot be reached")]
    Unavailable(Duration),
}

impl From<StoreError> for VerifyError {
    fn from(_: StoreError) -> Self {
        Self::Unavailable(PAUSE)
    }
}

impl From<NotFresh> for VerifyError {
    fn from(reason: NotFresh) -> Self {
        match reason {
            NotFresh::Ended => Self::Invalid,
            NotFresh::Unavailable(wait) => Self::Unavailable(wait),
        }
    }
}

impl From<NotMember> for VerifyError {
    fn from(reason: NotMember) -> Self {
        match reason {
            NotMember::Denied => Self::Denied,
            NotMember::Ended => Self::Invalid,
            NotMember::Unavailable(wait) => Self::Unavailable(wait),
        }
    }
}

impl AuthorizationServer {
    /// What `bearer` is good for at `base`.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub(crate) async fn verify(
        self: &Arc<Self>,
        base: &Base,
        bearer: &str,
    ) -> Result<Verified, VerifyError> {
        match self.rules.format {
            TokenFormat::Reference => self.verify_reference(base, bearer).await,
            TokenFormat::SelfContained => self.verify_self_contained(base, bearer).await,
            TokenFormat::GitLab { .. } => self.verify_gitlab(bearer).await,
        }
    }

    /// What a token that refers to a stored login is good for. Nothing is asked or read for a text
    /// that is no token of ours.
    async fn verify_reference(
        self: &Arc<Self>,
        base: &Base,
        bearer: &str,
    ) -> Result<Verified, VerifyError> {
        let claims = self.tokens.open_access(base, bearer);
        let claims = claims.ok_or(VerifyError::Invalid)?;
        let (found, revoked) = tokio::try_join!(
            self.login(&claims.sid),
            self.records.get::<RevokedAccess>(&claims.jti),
        )?;
        let found = found
            .filter(|found| revoked.is_none() && self.is_behind(&claims, &found.record))
            .ok_or(VerifyError::Invalid)?;
        let found = self.freshen(found).await?;
        let found = self.still_member(found).await?;
        let login = self.note_use(found, claims.rgen).await?;
        Ok(Verified {
            behind: Behind::Login(login.sid.clone()),
            subject: login.subject.clone(),
            client: Some(claims.client),
            scope: claims.scope,
            credential: self.credential(login),
        })
    }

    /// Whether the token was made for this login and at this GitLab.
    fn is_behind(&self, claims: &Claims, login: &Login) -> bool {
        login.issuer == claims.iss
            && login.client == claims.client
            && login.subject == claims.sub
            && login.instance == self.instance.base()
    }

    /// Notes that a token of the present generation is in use, which ends the time in which its
    /// predecessor may be repeated. Written once for each generation; the first has no predecessor.
    async fn note_use(&self, found: Found<Login>, rgen: u64) -> Result<Login, VerifyError> {
        let noted = self.change(found, |login| {
            let note = login.rgen == rgen && rgen > 1 && !login.present_used;
            login.present_used |= note;
            note
        });
        let found = noted.await?.ok_or(VerifyError::Invalid)?;
        Ok(found.record)
    }

    /// Ends a single access token before its time; its login goes on.
    pub(super) async fn revoke_access(&self, claims: &Claims) -> Result<(), StoreError> {
        let left = claims.exp.saturating_sub(self.tokens.now());
        let life = Duration::from_secs(left) + super::tokens::LEEWAY;
        let revoked = RevokedAccess {};
        self.records
            .put_new(&claims.jti, &revoked, life)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests;
