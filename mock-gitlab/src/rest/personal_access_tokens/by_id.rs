//! Tokens by their number: seen, revoked, rotated, made for others.
//! <https://docs.gitlab.com/api/personal_access_tokens/#rotate-a-personal-access-token>

use std::time::Duration;

use serde_json::{Value, json};

use super::entity;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::{Token, TokenKind};

/// The token in the path, if it is the caller's own or the caller is an administrator.
fn wanted(cx: &Cx<'_>) -> Result<(String, Token), ApiError> {
    let user = cx.user()?;
    let id = cx.number("token_id", "Personal Access Token")?;
    let mut tokens = cx.world.tokens.iter();
    let found = tokens.find(|(_, token)| token.kind == TokenKind::Personal && token.id == id);
    match found.filter(|(_, token)| user.admin || token.user == user.id) {
        Some((value, token)) => Ok((value.clone(), token.clone())),
        // Whether a foreign token exists is nobody's business, yet administrators get 404.
        None if user.admin => Err(ApiError::not_found("Personal Access Token")),
        None => Err(ApiError::unauthorized()),
    }
}

pub(super) fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, token) = wanted(cx)?;
    Ok(Answer::json(&entity(&token, cx.now)))
}

pub(super) fn revoke(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (value, _) = wanted(cx)?;
    if let Some(token) = cx.world.tokens.get_mut(&value) {
        token.revoked = true;
    }
    Ok(Answer::no_content())
}

pub(super) fn rotate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (value, _) = wanted(cx)?;
    replace(cx, &value)
}

/// Revokes a token and answers with its successor, value included: the only time it
/// is shown. Without `expires_at` the successor lives for a week.
pub(crate) fn replace(cx: &mut Cx<'_>, value: &str) -> Result<Answer, ApiError> {
    let week = cx.now.plus(Duration::from_hours(24 * 7));
    let expires_at = cx.params.time("expires_at")?.unwrap_or(week);
    let former = cx
        .world
        .tokens
        .get_mut(value)
        .ok_or_else(ApiError::unauthorized)?;
    if !former.is_active(cx.now) {
        return Err(ApiError::bad_request(
            "400 Bad request - Token already revoked",
        ));
    }
    former.revoked = true;
    let successor = Token {
        created_at: cx.now,
        expires_at: Some(expires_at),
        revoked: false,
        last_used_at: None,
        ..former.clone()
    };
    Ok(Answer::json(&mint(cx, successor)))
}

/// Stores a token under a fresh value and number.
pub(crate) fn mint(cx: &mut Cx<'_>, token: Token) -> Value {
    let value = cx.world.ids.personal_access_token();
    let token = Token {
        id: cx.world.next_id("personal token"),
        ..token
    };
    let mut shown = entity(&token, cx.now);
    if let Value::Object(all) = &mut shown {
        all.insert("token".to_owned(), json!(value));
    }
    cx.world.tokens.insert(value, token);
    shown
}

/// For administrators only.
pub(super) fn create_for(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    if !cx.is_admin() {
        return Err(ApiError::forbidden());
    }
    let user = cx.number("user_id", "User")?;
    if !cx.world.users.contains_key(&user) {
        return Err(ApiError::not_found("User"));
    }
    let name = cx.params.required("name")?;
    let scopes = cx
        .params
        .list("scopes")
        .ok_or_else(|| ApiError::missing("scopes"))?;
    let expires_at: Option<Timestamp> = cx.params.time("expires_at")?;
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let token = Token::personal(0, user, &name, &scopes, cx.now);
    Ok(Answer::created(&mint(
        cx,
        Token {
            expires_at,
            ..token
        },
    )))
}
