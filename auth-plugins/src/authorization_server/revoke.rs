//! `POST /revoke`: a client gives a token back. RFC 7009.

use std::sync::Arc;

use axum::body::Body;
use gitlab_mcp_store::StoreError;
use http::{Request, Response, StatusCode};
use serde_json::json;

use super::AuthorizationServer;
use super::audit::{Event, From};
use super::client::Client;
use super::error::{OAuthError, answer};
use super::limits::Limited;
use super::rules::TokenFormat;
use super::site::Base;
use super::tokens::Tokens;

impl AuthorizationServer {
    /// `POST /revoke`. A token that is not the client's, or dead already, is answered like one that
    /// was revoked: RFC 7009 section 2.2.
    pub(crate) async fn revoke(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        match self.give_back(request).await {
            Ok(()) => answer(StatusCode::OK, &json!({})),
            Err(error) => error.into_response(),
        }
    }

    async fn give_back(&self, request: Request<Body>) -> Result<(), OAuthError> {
        let asked = self.asked(request).await?;
        self.limit(Limited::Revoke, &asked.parts).await?;
        let token = asked.form.need("token")?;
        let client = self.authenticated(&asked.parts, &asked.form).await?;
        // The hint is not needed: a token says itself what it is.
        let revoked = match self.rules.format {
            TokenFormat::Reference => self.revoke_reference(&asked.base, &client, token).await?,
            TokenFormat::SelfContained => {
                self.revoke_self_contained(&asked.base, &client, token)
                    .await?
            }
            TokenFormat::GitLab { .. } => {
                self.revoke_gitlab(token).await?;
                // GitLab does not say whose it was.
                Some((String::new(), String::new()))
            }
        };
        if let Some((sid, subject)) = revoked {
            self.entry(Event::TokenRevoked)
                .client(&client.id, &client.name)
                .person(&subject, "")
                .login(&sid)
                .from(&From::of(&asked.parts))
                .write();
        }
        Ok(())
    }

    async fn revoke_reference(
        &self,
        base: &Base,
        client: &Client,
        token: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let Some(claims) = self.tokens.open_access(base, token) else {
            return self.end_by_refresh_token(base, client, token).await;
        };
        if claims.client != client.id {
            return Ok(None);
        }
        self.revoke_access(&claims).await?;
        Ok(Some((claims.sid, claims.sub)))
    }

    /// Ends the login whose refresh token this is. The one before the last counts as well: a client
    /// whose answer was lost has no other.
    async fn end_by_refresh_token(
        &self,
        base: &Base,
        client: &Client,
        token: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let Some(presented) = Tokens::read_refresh(token) else {
            return Ok(None);
        };
        let Some(found) = self.login(&presented.sid).await? else {
            return Ok(None);
        };
        let login = found.record;
        let alive = presented.rgen == login.rgen || presented.rgen.saturating_add(1) == login.rgen;
        let own = login.client == client.id && login.issuer == base.issuer();
        if !alive || !own || !self.tokens.proves(base, &presented, &login.salt) {
            return Ok(None);
        }
        let about = (login.sid.clone(), login.subject.clone());
        self.end(login, "revoked").await?;
        Ok(Some(about))
    }
}

#[cfg(test)]
mod tests;
