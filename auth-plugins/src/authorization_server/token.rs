//! `POST /token`: a grant becomes our tokens. RFC 6749 sections 3.2, 4.1.3, 5 and 6, RFC 8628
//! section 3.4, RFC 8707 section 2.2.
//!
//! | grant | file |
//! |---|---|
//! | `authorization_code` | `token/code.rs` |
//! | `refresh_token` | `token/refresh.rs` |
//! | `urn:ietf:params:oauth:grant-type:device_code` | `device` |

use std::sync::Arc;

use axum::body::Body;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::json;

use super::AuthorizationServer;
use super::audit::{Event, From};
use super::client::Client;
use super::error::{OAuthError, PAUSE, answer};
use super::grant::Login;
use super::limits::Limited;
use super::parameters::Parameters;
use super::rules::{DeviceRule, TokenFormat};
use super::site::Base;
use super::tokens::Claims;

mod authentication;
mod code;
mod refresh;
pub(super) mod refusal;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A request to an endpoint that reads a form.
pub(super) struct Asked {
    /// Everything but the body.
    pub(super) parts: Parts,
    /// The parameters.
    pub(super) form: Parameters,
    /// Where the request came in.
    pub(super) base: Base,
}

/// What a grant needs to know of a request.
pub(super) struct Presented<'a> {
    pub(super) asked: &'a Asked,
    pub(super) client: &'a Client,
    pub(super) from: From,
}

impl AuthorizationServer {
    /// `POST /token`.
    pub(crate) async fn token(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        match self.grant(request).await {
            Ok(response) => response,
            Err(error) => error.into_response(),
        }
    }

    async fn grant(self: &Arc<Self>, request: Request<Body>) -> Result<Response<Body>, OAuthError> {
        let asked = self.asked(request).await?;
        let grant = asked.form.get("grant_type").unwrap_or_default();
        let is_device = grant == DEVICE && self.rules.device != DeviceRule::Off;
        let route = if is_device {
            Limited::Poll
        } else {
            Limited::Token
        };
        self.limit(route, &asked.parts).await?;
        let grant = asked.form.need("grant_type")?;
        if !matches!(grant, "authorization_code" | "refresh_token") && !is_device {
            return Err(OAuthError::bad(
                "unsupported_grant_type",
                "this server knows the grant types its metadata names, and no other",
            ));
        }
        let client = self.authenticated(&asked.parts, &asked.form).await?;
        if let Some(resource) = asked.form.get("resource")
            && !asked.base.is_resource(resource)
        {
            return Err(OAuthError::invalid_target());
        }
        let presented = Presented {
            from: From::of(&asked.parts),
            asked: &asked,
            client: &client,
        };
        let login = match grant {
            "authorization_code" => self.by_code(&presented).await?,
            "refresh_token" => return self.by_refresh_token(&presented).await,
            _ => {
                let code = asked.form.need("device_code")?;
                let base = &asked.base;
                self.redeem_device(base, &client, code, &presented.from)
                    .await?
            }
        };
        self.note_issue(&presented, Event::TokenIssued, &login);
        self.issue(&asked.base, login)
    }

    /// The token answer for a login, whatever grant it came from. RFC 6749 section 5.1.
    fn issue(&self, base: &Base, login: Login) -> Result<Response<Body>, OAuthError> {
        match self.rules.format {
            TokenFormat::Reference => Ok(self.issue_reference(base, &login)),
            TokenFormat::SelfContained => self.issue_self_contained(base, login),
            TokenFormat::GitLab { .. } => Ok(self.issue_gitlab(&login)),
        }
    }

    /// Reads a request whose parameters stand in a form, and nowhere else.
    pub(super) async fn asked(&self, request: Request<Body>) -> Result<Asked, OAuthError> {
        let (parts, body) = request.into_parts();
        let base = self.site.of(&parts.extensions);
        let base = base.ok_or_else(|| OAuthError::unavailable(PAUSE))?;
        let form = Parameters::of_form(&parts, body).await?;
        if parts.uri.query().is_some_and(|query| !query.is_empty()) {
            return Err(OAuthError::invalid_request(
                "parameters belong in the body; those in the query may have been logged on the way: \
                 do not use them again",
            ));
        }
        Ok(Asked { parts, form, base })
    }

    /// Tokens that refer to a stored login.
    pub(crate) fn issue_reference(&self, base: &Base, login: &Login) -> Response<Body> {
        let now = self.tokens.now();
        let mut life = self.rules.access_life.as_secs();
        if let (None, Some(ends)) = (&login.refresh, login.access_ends) {
            // What cannot be renewed at GitLab ends with GitLab's token.
            life = life.min(ends.saturating_sub(now));
        }
        let exp = now.saturating_add(life).min(login.ends);
        let access = self.tokens.access(&Claims {
            iss: base.issuer().to_owned(),
            aud: base.resource(),
            sub: login.subject.clone(),
            client: login.client.clone(),
            sid: login.sid.clone(),
            jti: self.tokens.another_jti(),
            rgen: login.rgen,
            scope: login.scope.clone(),
            iat: now,
            exp,
        });
        let mut body = json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": exp.saturating_sub(now),
            "scope": login.scope,
        });
        // Nobody is promised a renewal that cannot be: RFC 6749 section 5.1 makes it optional.
        let is_last = self.short_end(login).is_some_and(|ends| ends <= exp);
        let refresh = (!is_last).then(|| {
            self.tokens
                .refresh(base, &login.sid, login.rgen, &login.salt)
        });
        if let (Some(refresh), Some(body)) = (refresh.flatten(), body.as_object_mut()) {
            body.insert("refresh_token".to_owned(), refresh.into());
        }
        answer(StatusCode::OK, &body)
    }

    /// Writes down that tokens were handed out.
    pub(super) fn note_issue(&self, presented: &Presented<'_>, event: Event, login: &Login) {
        let username = login.username.as_deref().unwrap_or_default();
        self.entry(event)
            .because(login.shortness())
            .client(&presented.client.id, &presented.client.name)
            .person(&login.subject, username)
            .scope(&login.scope)
            .login(&login.sid)
            .from(&presented.from)
            .write();
    }
}

#[cfg(test)]
mod tests;
