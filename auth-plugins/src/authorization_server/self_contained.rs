//! Tokens that carry their login: issued, used, renewed and given back without a store. RFC 6749
//! section 1.4.
//!
//! What only shared state could promise is not promised: an end is known to the replica that heard of
//! it and to GitLab, and of two refreshes at two replicas GitLab lets one win.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use gitlab_mcp_core::auth::{Credential, HeaderKind};
use gitlab_mcp_store::StoreError;
use http::{Response, StatusCode};
use serde_json::json;
use tracing::error;

use super::AuthorizationServer;
use super::audit::Event;
use super::browser::digest;
use super::client::Client;
use super::error::{OAuthError, answer};
use super::grant::Login;
use super::renewal::once::{NotRenewed, Pair};
use super::rules::TokenFormat;
use super::site::Base;
use super::token::Presented;
use super::token::refusal::{not_a_member, refresh_refused};
use super::tokens::Claims;
use super::tokens::secret;
use super::tokens::self_contained::Carried;
use super::verify::{Behind, Verified, VerifyError};

/// How long before GitLab's token ours ends.
const MARGIN: u64 = 60;
/// Longest client id that tokens carry as it is.
const SHORT: usize = 64;

/// When to come back after something only the operator can mend.
const LATER: Duration = Duration::from_mins(1);

impl AuthorizationServer {
    /// How a login names its client: a client id that carries a registration is too long for a token.
    pub(super) fn name_in_tokens(&self, client: &str) -> String {
        let is_long = client.len() > SHORT && self.rules.format == TokenFormat::SelfContained;
        if is_long {
            digest(client)
        } else {
            client.to_owned()
        }
    }

    /// The token answer for a login that only its tokens know. RFC 6749 section 5.1.
    pub(super) fn issue_self_contained(
        &self,
        base: &Base,
        login: Login,
    ) -> Result<Response<Body>, OAuthError> {
        let now = self.tokens.now();
        let left = login
            .access_ends
            .map_or(u64::MAX, |ends| ends.saturating_sub(now));
        let left = if left > MARGIN { left - MARGIN } else { left };
        let life = self.rules.access_life.as_secs().min(left);
        let exp = now.saturating_add(life).min(login.ends);
        let scope = login.scope.clone();
        let refresh = login
            .refresh
            .is_some()
            .then(|| self.tokens.seal_login(base, &login).ok_or_else(too_long))
            .transpose()?;
        let access = Carried {
            claims: Claims {
                iss: base.issuer().to_owned(),
                aud: base.resource(),
                sub: login.subject,
                client: login.client,
                sid: login.sid,
                jti: self.tokens.another_jti(),
                rgen: login.rgen,
                scope: login.scope,
                iat: now,
                exp,
            },
            access: login.access,
        };
        let access = self.tokens.seal_access(&access).ok_or_else(too_long)?;
        let mut body = json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": exp.saturating_sub(now),
            "scope": scope,
        });
        if let (Some(refresh), Some(body)) = (refresh, body.as_object_mut()) {
            body.insert("refresh_token".to_owned(), refresh.into());
        }
        Ok(answer(StatusCode::OK, &body))
    }

    /// What a self-contained access token is good for at `base`.
    pub(super) async fn verify_self_contained(
        &self,
        base: &Base,
        bearer: &str,
    ) -> Result<Verified, VerifyError> {
        let carried = self.tokens.open_carried(base, bearer);
        let Carried { claims, access } = carried.ok_or(VerifyError::Invalid)?;
        let used = self.may_use(&claims.jti, claims.iat, &access).await;
        if used == Err(VerifyError::Denied) {
            let entry = self
                .entry(Event::GroupDenied)
                .client(&claims.client, "")
                .person(&claims.sub, "")
                .login(&claims.sid);
            self.shut_out(&claims.jti, &access, &claims.sid, entry)
                .await?;
            return Err(VerifyError::Denied);
        }
        used?;
        let access = Arc::new(access);
        Ok(Verified {
            behind: Behind::Token(claims.jti),
            subject: claims.sub,
            client: Some(claims.client),
            scope: claims.scope,
            credential: Credential::new(&self.instance, HeaderKind::Bearer, access),
        })
    }

    /// The grant `refresh_token`. GitLab lets each of its refresh tokens be used once, and thereby
    /// each of ours.
    pub(super) async fn refresh_self_contained(
        self: &Arc<Self>,
        presented: &Presented<'_>,
    ) -> Result<Response<Body>, OAuthError> {
        let base = &presented.asked.base;
        let token = presented.asked.form.need("refresh_token")?;
        let login = self.tokens.open_login(base, token);
        let login = login.filter(|login| self.is_open_to(login, presented.client));
        let mut login = login.ok_or_else(refresh_refused)?;
        let refresh = login.refresh.take().ok_or_else(refresh_refused)?;
        let kept = secret(refresh.expose().to_owned());
        let pair = self.renewed_once(refresh).await.map_err(not_renewed)?;
        let now = self.tokens.now();
        let Pair { since, ends, .. } = *pair;
        login.access = secret(pair.access.expose().to_owned()).ok_or_else(refresh_refused)?;
        login.refresh = match &pair.refresh {
            Some(refresh) => secret(refresh.expose().to_owned()),
            None => kept,
        };
        (login.access_since, login.access_ends) = (since, ends);
        (login.used, login.rotated) = (now, now);
        login.rgen = login.rgen.saturating_add(1);
        login.ugen = login.ugen.saturating_add(1);
        self.note_issue(presented, Event::TokenRefreshed, &login);
        self.issue_self_contained(base, login)
    }

    fn is_open_to(&self, login: &Login, client: &Client) -> bool {
        login.client == self.name_in_tokens(&client.id)
            && login.instance == self.instance.base()
            && self.end_of(login) > self.tokens.now()
    }

    /// Gives a token back; who it belonged to, if it was the client's. RFC 7009 section 2.1.
    pub(super) async fn revoke_self_contained(
        &self,
        base: &Base,
        client: &Client,
        token: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        if let Some(Carried { claims, access }) = self.tokens.open_carried(base, token) {
            if claims.client != self.name_in_tokens(&client.id) {
                return Ok(None);
            }
            self.end_token(&claims.jti).await?;
            let aside = self.put_aside(access, &claims.sid).await?;
            self.revoke_soon(aside);
            return Ok(Some((claims.sid, claims.sub)));
        }
        let login = self.tokens.open_login(base, token);
        let Some(login) = login.filter(|login| self.is_open_to(login, client)) else {
            return Ok(None);
        };
        let about = (login.sid.clone(), login.subject.clone());
        self.disown(login, "revoked").await?;
        Ok(Some(about))
    }

    /// Ends a login that is stored nowhere: its GitLab tokens are revoked without waiting for that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn disown(&self, login: Login, reason: &str) -> Result<(), StoreError> {
        let aside = self.put_aside(login.access, &login.sid).await?;
        self.entry(Event::LoginEnded)
            .because(reason)
            .client(&login.client, "")
            .person(
                &login.subject,
                login.username.as_deref().unwrap_or_default(),
            )
            .login(&login.sid)
            .write();
        self.revoke_soon(aside);
        Ok(())
    }
}

/// Why the client gets no tokens after a renewal.
pub(super) fn not_renewed(reason: NotRenewed) -> OAuthError {
    match reason {
        NotRenewed::Refused => refresh_refused(),
        NotRenewed::Denied => not_a_member(),
        NotRenewed::Unavailable(wait) => OAuthError::unavailable(wait),
    }
}

fn too_long() -> OAuthError {
    error!(
        "GitLab's tokens are too long to be carried in tokens of at most 4 KiB: choose a storage with \
         OAUTH_STORAGE_TYPE"
    );
    OAuthError::unavailable(LATER)
}

#[cfg(test)]
mod tests;
