//! `POST /register`: a client makes itself known. RFC 7591 section 3.
//!
//! What a client asks for is reduced to what is in force here, and the answer says what that is. No
//! secret is ever handed out: every client is public and proves itself with PKCE.

use std::sync::Arc;

use axum::body::Body;
use gitlab_mcp_core::random;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::AuthorizationServer;
use super::audit::{self, Event};
use super::client::Registration;
use super::client::metadata::{ClientMetadata, MetadataProblem};
use super::client::name;
use super::error::{OAuthError, PAUSE, answer};
use super::json;
use super::limits::Limited;
use super::metadata::grant_types;
use super::parameters::{is, read_body};
use super::redirect_uri::RedirectUri;
use super::rules::Rules;

/// Random bytes of a client id.
const ID: usize = 16;

/// Methods a client may ask for: it is answered `none`, which the ones with a secret can do too.
/// RFC 7591 section 2 lets the server replace what it was asked for. A client that brings keys of
/// its own would be misled by that.
const AUTH_METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

impl AuthorizationServer {
    /// Registers a client. Answers 201 with what is in force, or an [`OAuthError`].
    pub(crate) async fn register(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        match self.registered(&parts, body).await {
            Ok(registration) => answer(StatusCode::CREATED, &in_force(&registration, &self.rules)),
            Err(error) => {
                let from = audit::From::of(&parts);
                let entry = self.entry(Event::ClientRegistered).refused(error.code);
                entry.from(&from).write();
                error.into_response()
            }
        }
    }

    async fn registered(&self, parts: &Parts, body: Body) -> Result<Registration, OAuthError> {
        if !self.rules.registration {
            return Err(OAuthError {
                status: StatusCode::NOT_FOUND,
                ..OAuthError::invalid_request(
                    "clients cannot register themselves here: use a client id from the operator",
                )
            });
        }
        if self.site.of(&parts.extensions).is_none() {
            return Err(OAuthError::unavailable(PAUSE));
        }
        self.limit(Limited::Register, parts).await?;
        let metadata = read(parts, body, &self.rules).await?;
        let registration = Registration {
            id: random::token(&*self.random, ID),
            name: name::registered(metadata.name.as_deref()),
            redirect_uris: metadata
                .redirect_uris
                .iter()
                .map(|uri| uri.as_str().to_owned())
                .collect(),
            issued_at: self.tokens.now(),
            used_at: None,
        };
        let registration = self.admit_client(registration).await?;
        let target = metadata
            .redirect_uris
            .first()
            .map(RedirectUri::shown_target);
        self.entry(Event::ClientRegistered)
            .client(&registration.id, &registration.name)
            .redirect(target.as_deref().unwrap_or_default())
            .scope(&self.rules.scope)
            .from(&audit::From::of(parts))
            .write();
        Ok(registration)
    }
}

async fn read(parts: &Parts, body: Body, rules: &Rules) -> Result<ClientMetadata, OAuthError> {
    let bytes = read_body(body).await?;
    if bytes.is_empty() {
        return Err(invalid("the body must be a JSON object with redirect_uris"));
    }
    if !is(parts, "application/json") {
        return Err(OAuthError::unsupported_media_type("application/json"));
    }
    let members = json::object(&bytes).map_err(|problem| invalid(format!("the body {problem}")))?;
    let metadata = ClientMetadata::judge(&members, rules)
        .map_err(|problem| OAuthError::bad(problem.code(), problem.to_string()))?;
    if let Some(method) = &metadata.auth_method
        && !AUTH_METHODS.contains(&method.as_str())
    {
        let problem = MetadataProblem::NotOffered("token_endpoint_auth_method", "none");
        return Err(OAuthError::bad(problem.code(), problem.to_string()));
    }
    Ok(metadata)
}

fn invalid(description: impl Into<String>) -> OAuthError {
    OAuthError::bad("invalid_client_metadata", description)
}

/// The client information response. RFC 7591 section 3.2.1.
fn in_force(registration: &Registration, rules: &Rules) -> Value {
    json!({
        "client_id": registration.id,
        "client_id_issued_at": registration.issued_at,
        "client_name": registration.name,
        "redirect_uris": registration.redirect_uris,
        "grant_types": grant_types(rules),
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "scope": rules.scope,
    })
}

#[cfg(test)]
mod tests;
