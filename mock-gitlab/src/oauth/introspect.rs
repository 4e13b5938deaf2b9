//! `/oauth/introspect`: RFC 7662, as Doorkeeper reads it.

use serde_json::json;

use super::error::TokenTrouble;
use super::{OAuthError, bearer, client, info};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Token, TokenKind};

pub(super) fn routes(table: &mut RouteTable) {
    table.post("oauth/introspect", create);
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let value = cx.params.filled("token").unwrap_or_default();
    let application = authenticated(cx, &value)?;
    let access = cx.world.access_token_of(&value).unwrap_or(&value);
    let token = cx.world.tokens.get(access);
    let token = token.filter(|token| {
        token.kind == TokenKind::OAuth
            && token.is_active(cx.now)
            && token.application == application
    });
    let body = match token {
        None => json!({ "active": false }),
        Some(token) => json!({
            "active": true,
            "scope": token.scopes.join(" "),
            "client_id": client_id(cx, token),
            "token_type": "Bearer",
            "exp": token.expires_at.map(crate::clock::Timestamp::as_seconds),
            "iat": token.created_at.as_seconds(),
        }),
    };
    Ok(super::json(200, &body))
}

/// The application that may ask: by its own credentials, or by another of its tokens.
fn authenticated(cx: &Cx<'_>, introspected: &str) -> Result<Option<u64>, OAuthError> {
    if let Some(credentials) = client::presented(cx) {
        let application = client::check(cx, &credentials).ok_or(OAuthError::InvalidClient)?;
        return Ok(Some(application.id));
    }
    let value = bearer(cx, true).ok_or(OAuthError::NotAuthorized)?;
    if value == introspected {
        return Err(OAuthError::InvalidToken(TokenTrouble::Unknown));
    }
    Ok(info::living(cx, &value)?.application)
}

fn client_id(cx: &Cx<'_>, token: &Token) -> Option<String> {
    let application = token
        .application
        .and_then(|id| cx.world.applications.get(&id));
    application.map(|application| application.uid.clone())
}
