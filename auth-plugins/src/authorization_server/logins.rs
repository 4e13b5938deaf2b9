//! Logins: how one begins, where it is found, how it changes, and how it ends. RFC 7009.

use std::time::Duration;

use gitlab_mcp_core::random;
use gitlab_mcp_store::{StoreError, Updated};
use tracing::warn;

use super::AuthorizationServer;
use super::audit::Event;
use super::grant::{Login, Method};
use super::groups::Unavailable;
use super::page::short_login;
use super::records::Found;
use super::rules::TokenFormat;
use crate::gitlab_oauth::Tokens;

mod person;

use person::Person;

/// Longest life of an access token of GitLab that is believed.
const YEAR: Duration = Duration::from_hours(24 * 366);
/// How often a change that loses against another is made again.
const ATTEMPTS: u32 = 32;

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
    /// remembers it. When this returns, the login is stored, where tokens refer to it.
    ///
    /// # Errors
    /// [`NotBegun`].
    pub async fn begin(&self, tokens: Tokens, beginning: Beginning<'_>) -> Result<Login, NotBegun> {
        let person = match self.admitted(&tokens).await {
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
            client: self.name_in_tokens(beginning.client),
            instance: self.instance.base().to_owned(),
            subject: person.id.to_string(),
            username: person.name,
            scope: self.granted(tokens.scope),
            method: beginning.method,
            rgen: 1,
            rotated: now,
            present_used: false,
            ugen: 1,
            access: tokens.access,
            refresh: tokens.refresh,
            access_since: now,
            access_ends: ends(now, tokens.expires_in),
            salt: random::token(&*self.random, 16),
            created: now,
            used: now,
            ends: now.saturating_add(longest),
            in_flight: None,
            member: now,
            member_asked: now,
        };
        if let Some(ends) = self.short_end(&login) {
            let seconds = ends.saturating_sub(now);
            warn!(
                gitlab = self.instance.host(),
                seconds, "GitLab gave no refresh token: the person has to sign in again that soon"
            );
        }
        if self.rules.format != TokenFormat::Reference {
            return Ok(login);
        }
        let life = self.login_life(&login);
        // Where there is no room, the oldest login goes.
        let rank = i64::try_from(now).unwrap_or(i64::MAX);
        match self
            .records
            .put_ranked(&login.sid, &login, rank, life)
            .await
        {
            Ok(_) => Ok(login),
            Err(error) => {
                self.revoke_upstream(login.access).await;
                Err(error.into())
            }
        }
    }

    /// What the person is told about a login that ends early, where it does.
    pub(super) fn notice(&self, login: &Login) -> Option<String> {
        let ends = self.short_end(login)?;
        Some(short_login(ends.saturating_sub(self.tokens.now()), ends))
    }

    /// Unix seconds at which the person has to sign in again whatever the client does: GitLab gave no
    /// refresh token, and its access token ends before the login would.
    pub(super) fn short_end(&self, login: &Login) -> Option<u64> {
        if login.refresh.is_some() {
            return None;
        }
        let theirs = login.access_ends.unwrap_or(u64::MAX);
        let ours = match self.rules.format {
            // Nothing renews the one access token that its client gets.
            TokenFormat::SelfContained => {
                let life = self.rules.access_life.as_secs();
                login.created.saturating_add(life)
            }
            TokenFormat::Reference | TokenFormat::GitLab { .. } => login.ends,
        };
        Some(theirs.min(ours)).filter(|&ends| ends < login.ends)
    }

    /// What clients are told their tokens are good for: of our own the published scope, of GitLab's
    /// what GitLab granted.
    fn granted(&self, by_gitlab: Option<String>) -> String {
        match self.rules.format {
            TokenFormat::Reference | TokenFormat::SelfContained => self.rules.scope.clone(),
            TokenFormat::GitLab { .. } => by_gitlab.unwrap_or_else(|| self.rules.scopes.join(" ")),
        }
    }

    /// Who this is, if these tokens may begin a login.
    async fn admitted(&self, tokens: &Tokens) -> Result<Person, NotBegun> {
        let life = tokens.expires_in.unwrap_or(YEAR);
        if life.is_zero() || life > YEAR {
            return Err(NotBegun::Unknown);
        }
        let person = self.person(&tokens.access).await?;
        match self.is_member(&tokens.access).await {
            Ok(true) => Ok(person),
            Ok(false) => Err(NotBegun::Denied),
            Err(Unavailable) => Err(NotBegun::Unavailable),
        }
    }

    /// The login `sid`, if it has not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn login(&self, sid: &str) -> Result<Option<Found<Login>>, StoreError> {
        let found = self.records.get::<Login>(sid).await?;
        Ok(found.filter(|found| self.end_of(&found.record) > self.tokens.now()))
    }

    /// Changes a login that others may be changing as well: a change that loses is made again on
    /// what the other one left. `change` says whether there is anything to write. `None` when the
    /// login has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn change(
        &self,
        mut found: Found<Login>,
        mut change: impl FnMut(&mut Login) -> bool + Send,
    ) -> Result<Option<Found<Login>>, StoreError> {
        for _ in 0..ATTEMPTS {
            if !change(&mut found.record) {
                return Ok(Some(found));
            }
            let life = self.login_life(&found.record);
            let updated = self.records.update(&found, &found.record, life, None);
            match updated.await? {
                Updated::Done(version) => return Ok(Some(found.at(version))),
                Updated::Absent => return Ok(None),
                Updated::Moved | Updated::Fenced => {}
            }
            match self.login(&found.record.sid).await? {
                Some(next) => found = next,
                None => return Ok(None),
            }
        }
        let reason = "a login changes faster than it can be written";
        Err(StoreError::Unavailable(reason.to_owned()))
    }

    /// Unix seconds at which a login ends if nobody uses it.
    pub(super) fn end_of(&self, login: &Login) -> u64 {
        let idle = login.used.saturating_add(self.rules.idle_life.as_secs());
        idle.min(login.ends)
    }

    /// How long the store keeps a login: as long as one of its tokens may be used.
    pub(crate) fn login_life(&self, login: &Login) -> Duration {
        let left = self.end_of(login).saturating_sub(self.tokens.now());
        Duration::from_secs(left.max(1))
    }

    /// Ends a login everywhere, once, and revokes its GitLab tokens without waiting for that.
    ///
    /// # Errors
    /// [`StoreError`]; whether the login goes on is unknown.
    pub async fn end(&self, login: Login, reason: &str) -> Result<(), StoreError> {
        let sid = login.sid;
        let aside = self.put_aside(login.access, &sid).await?;
        if !self.records.delete::<Login>(&sid).await? {
            return self.take_back(aside).await;
        }
        let username = login.username.unwrap_or_default();
        let name = self.name_at_hand(&login.client).await;
        self.entry(Event::LoginEnded)
            .because(reason)
            .client(&login.client, &name)
            .person(&login.subject, &username)
            .login(&sid)
            .write();
        self.revoke_soon(aside);
        Ok(())
    }
}

/// Unix seconds at which a token with this life ends.
pub(super) fn ends(now: u64, life: Option<Duration>) -> Option<u64> {
    life.map(|life| now.saturating_add(life.min(YEAR).as_secs()))
}

#[cfg(test)]
mod tests;
