//! The grant `refresh_token`. Each use makes the next token; what a superseded one is worth depends
//! on whether its successor has arrived. RFC 6749 section 6, RFC 9700 section 4.14.2.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_store::StoreError;
use http::Response;
use sha2::{Digest as _, Sha256};

use super::Presented;
use super::refusal::{not_a_member, refresh_refused};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::Event;
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::grant::Login;
use crate::authorization_server::groups::NotMember;
use crate::authorization_server::records::Found;
use crate::authorization_server::renewal::NotFresh;
use crate::authorization_server::rules::TokenFormat;
use crate::authorization_server::tokens::Tokens;

/// Within this time of a rotation the same token again is a race of one client.
const RACE: Duration = Duration::from_secs(10);

/// What a proven refresh token is, seen from the login.
enum Standing {
    /// The present one.
    Present,
    /// The one before, whose successor may not have arrived.
    Repeated,
    /// One that nobody has any business with.
    Reused,
}

impl AuthorizationServer {
    pub(super) async fn by_refresh_token(
        self: &Arc<Self>,
        presented: &Presented<'_>,
    ) -> Result<Response<Body>, OAuthError> {
        match self.rules.format {
            TokenFormat::Reference => {}
            TokenFormat::SelfContained => return self.refresh_self_contained(presented).await,
            TokenFormat::GitLab { .. } => return self.refresh_gitlab(presented).await,
        }
        let (found, number) = self.proven(presented).await?;
        match self.standing(&found.record, number).await {
            Standing::Present => self.rotate(presented, found, number).await,
            Standing::Repeated => Ok(self.repeat(presented, &found.record)),
            Standing::Reused => Err(self.reused(presented, found.record).await?),
        }
    }

    /// The login of the refresh token that was sent, and the token's number. Nothing happens to a
    /// login without proof.
    async fn proven(&self, presented: &Presented<'_>) -> Result<(Found<Login>, u64), OAuthError> {
        let asked = presented.asked;
        let token = asked.form.need("refresh_token")?;
        let token = Tokens::read_refresh(token).ok_or_else(refresh_refused)?;
        let found = self.login(&token.sid).await?.ok_or_else(refresh_refused)?;
        let login = &found.record;
        let ours = login.client == presented.client.id
            && login.issuer == asked.base.issuer()
            && login.instance == self.instance.base();
        if !ours || !self.tokens.proves(&asked.base, &token, &login.salt) {
            return Err(refresh_refused());
        }
        Ok((found, token.rgen))
    }

    async fn standing(&self, login: &Login, number: u64) -> Standing {
        if login.rgen == number {
            return Standing::Present;
        }
        if login.rgen != number.saturating_add(1) {
            return Standing::Reused;
        }
        let age = self.tokens.now().saturating_sub(login.rotated);
        let is_lost = !login.present_used && age < self.rules.grace.as_secs();
        if is_lost || self.is_race(login, age).await {
            Standing::Repeated
        } else {
            Standing::Reused
        }
    }

    /// Whether the login was rotated a moment ago. The store's clock decides: those of two replicas
    /// may be further apart than a race lasts.
    async fn is_race(&self, login: &Login, age: u64) -> bool {
        match self.note_rotation(&login.sid, login.rgen).await {
            Ok(noted) => noted > 1,
            Err(_) => age < RACE.as_secs(),
        }
    }

    /// Notes the rotation of a login to `number` for as long as a race lasts; how often it is noted.
    async fn note_rotation(&self, sid: &str, number: u64) -> Result<u64, StoreError> {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(sid));
        let key = format!("race:{digest}:{number}");
        self.records.store().incr(&key, RACE).await
    }

    async fn rotate(
        self: &Arc<Self>,
        presented: &Presented<'_>,
        found: Found<Login>,
        number: u64,
    ) -> Result<Response<Body>, OAuthError> {
        let found = self.freshen(found).await.map_err(not_fresh)?;
        let found = self.member_at_refresh(found).await.map_err(not_member)?;
        let (now, next) = (self.tokens.now(), number.saturating_add(1));
        // Before the change, so that whoever loses against it finds the note. Without it the clocks of
        // the replicas decide.
        drop(self.note_rotation(&found.record.sid, next).await);
        let mut rotated = false;
        let changed = self.change(found, |login| {
            rotated = login.rgen == number;
            if rotated {
                login.rgen = next;
                (login.rotated, login.used) = (now, now);
                login.present_used = false;
            }
            rotated
        });
        let changed = changed.await?.ok_or_else(refresh_refused)?;
        if rotated {
            self.note_issue(presented, Event::TokenRefreshed, &changed.record);
            return Ok(self.issue_reference(&presented.asked.base, &changed.record));
        }
        // Another request with this token was faster.
        match self.standing(&changed.record, number).await {
            Standing::Present | Standing::Repeated => Ok(self.repeat(presented, &changed.record)),
            Standing::Reused => Err(self.reused(presented, changed.record).await?),
        }
    }

    /// The same successor again, with another access token.
    fn repeat(&self, presented: &Presented<'_>, login: &Login) -> Response<Body> {
        self.note_issue(presented, Event::TokenRefreshed, login);
        self.issue_reference(&presented.asked.base, login)
    }

    /// Two parties hold tokens of this login, and one of them stole them: it ends for both.
    async fn reused(
        &self,
        presented: &Presented<'_>,
        login: Login,
    ) -> Result<OAuthError, OAuthError> {
        self.entry(Event::RefreshReuse)
            .refused("refresh_reuse")
            .client(&presented.client.id, &presented.client.name)
            .person(
                &login.subject,
                login.username.as_deref().unwrap_or_default(),
            )
            .login(&login.sid)
            .from(&presented.from)
            .write();
        self.end(login, "refresh_reuse").await?;
        Ok(refresh_refused())
    }
}

fn not_fresh(reason: NotFresh) -> OAuthError {
    match reason {
        NotFresh::Ended => refresh_refused(),
        NotFresh::Unavailable(wait) => OAuthError::unavailable(wait),
    }
}

fn not_member(reason: NotMember) -> OAuthError {
    match reason {
        NotMember::Denied => not_a_member(),
        NotMember::Ended => refresh_refused(),
        NotMember::Unavailable(wait) => OAuthError::unavailable(wait),
    }
}
