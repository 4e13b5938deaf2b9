//! `/oauth/token/info` and `/oauth/userinfo`.
//! <https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information>,
//! <https://docs.gitlab.com/integration/openid_connect_provider/>

use serde_json::{Value, json};

use super::error::TokenTrouble;
use super::{OAuthError, bearer, cross_origin};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Token, TokenKind, User};

pub(super) fn routes(table: &mut RouteTable) {
    table.get("oauth/token/info", token);
    table.get("oauth/userinfo", user);
    table.post("oauth/userinfo", user);
    table.options("oauth/userinfo", cross_origin::before_both);
}

/// An OAuth token that is good, by its value.
pub(super) fn living(cx: &Cx<'_>, value: &str) -> Result<Token, OAuthError> {
    let token = cx.world.tokens.get(value);
    let token = token.filter(|token| token.kind == TokenKind::OAuth);
    let token = token.ok_or(OAuthError::InvalidToken(TokenTrouble::Unknown))?;
    if token.revoked {
        return Err(OAuthError::InvalidToken(TokenTrouble::Revoked));
    }
    if token.expires_at.is_some_and(|end| end <= cx.now) {
        return Err(OAuthError::InvalidToken(TokenTrouble::Expired));
    }
    Ok(token.clone())
}

/// Every kind of trouble reads the same here.
fn token(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let header_counts = !cx.world.quirks.token_info_without_bearer;
    let value = bearer(cx, header_counts).unwrap_or_default();
    let unknown = OAuthError::InvalidToken(TokenTrouble::Unknown);
    let token = living(cx, &value).map_err(|_| unknown)?;
    let application = token
        .application
        .and_then(|id| cx.world.applications.get(&id));
    let until_end = token
        .expires_at
        .map(|end| end.as_seconds() - cx.now.as_seconds());
    let left = cx.world.quirks.token_info_expires_in.clone();
    let left = left.unwrap_or_else(|| json!(until_end));
    let user = Some(token.user).filter(|user| *user != 0);
    Ok(super::json(
        200,
        &json!({
            "resource_owner_id": user,
            "scope": token.scopes,
            "expires_in": left,
            "application": { "uid": application.map(|application| &application.uid) },
            "created_at": token.created_at.as_seconds(),
            "scopes": token.scopes,
            "expires_in_seconds": left,
        }),
    ))
}

fn user(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let answer = userinfo(cx).map_err(ApiError::from);
    cross_origin::open(cx, cross_origin::BOTH, answer)
}

fn userinfo(cx: &Cx<'_>) -> Result<Answer, OAuthError> {
    let unknown = OAuthError::InvalidToken(TokenTrouble::Unknown);
    let value = bearer(cx, true).ok_or(unknown.clone())?;
    let token = living(cx, &value)?;
    let has = |scope: &str| token.scopes.iter().any(|have| have == scope);
    if !has("openid") {
        return Err(OAuthError::InsufficientScope("openid"));
    }
    let user = cx.world.users.get(&token.user).ok_or(unknown)?;
    let mut body = json!({ "sub": user.id.to_string() });
    if has("profile") {
        merge(&mut body, profile(cx, user));
    }
    if has("email") {
        merge(
            &mut body,
            json!({ "email": user.email, "email_verified": true }),
        );
    }
    Ok(super::json(200, &body))
}

fn profile(cx: &Cx<'_>, user: &User) -> Value {
    let groups = cx.world.groups.values();
    let groups = groups.filter(|group| cx.world.group_level(user.id, group.id) > 0);
    let groups: Vec<String> = groups.map(|group| cx.world.group_path(group.id)).collect();
    json!({
        "name": user.name,
        "nickname": user.username,
        "preferred_username": user.username,
        "profile": cx.site.url(&format!("/{}", user.username)),
        "picture": null,
        "groups": groups,
    })
}

fn merge(body: &mut Value, more: Value) {
    if let (Some(all), Value::Object(more)) = (body.as_object_mut(), more) {
        all.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
}
