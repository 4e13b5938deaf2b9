//! Tokens with which administrators act as somebody else.
//! <https://docs.gitlab.com/api/user_tokens/#list-all-impersonation-tokens-for-a-user>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::personal_access_tokens::{entity, mint};
use super::ssh_keys::others;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Token, TokenKind};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("users/:id/impersonation_tokens", list);
    table.post("users/:id/impersonation_tokens", create);
    table.get("users/:id/impersonation_tokens/:token_id", get);
    table.delete("users/:id/impersonation_tokens/:token_id", revoke);
}

fn marked(mut value: Value) -> Value {
    if let Value::Object(all) = &mut value {
        all.insert("impersonation".to_owned(), json!(true));
    }
    value
}

fn belongs(token: &Token, user: u64) -> bool {
    token.kind == TokenKind::Impersonation && token.user == user
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = others(cx)?;
    let state = cx.params.choice("state", &["all", "active", "inactive"])?;
    let fits = |token: &&Token| {
        let active = token.is_active(cx.now);
        belongs(token, user)
            && match state {
                Some("active") => active,
                Some("inactive") => !active,
                _ => true,
            }
    };
    let mut found: Vec<&Token> = cx.world.tokens.values().filter(fits).collect();
    found.sort_by_key(|token| token.id);
    pagination::offset(cx, &found, |token| marked(entity(token, cx.now)))
}

fn find(cx: &Cx<'_>) -> Result<(String, Token), ApiError> {
    let user = others(cx)?;
    let id = cx.number("token_id", "Impersonation Token")?;
    let mut tokens = cx.world.tokens.iter();
    let found = tokens.find(|(_, token)| belongs(token, user) && token.id == id);
    let found = found.map(|(value, token)| (value.clone(), token.clone()));
    found.ok_or_else(|| ApiError::not_found("Impersonation Token"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, token) = find(cx)?;
    Ok(Answer::json(&marked(entity(&token, cx.now))))
}

/// The value is shown this once.
fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = others(cx)?;
    let name = cx.params.required("name")?;
    let scopes = cx.params.list("scopes").unwrap_or_default();
    if scopes.is_empty() {
        return Err(ApiError::missing("scopes"));
    }
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let token = Token {
        kind: TokenKind::Impersonation,
        expires_at: cx.params.time("expires_at")?,
        ..Token::personal(0, user, &name, &scopes, cx.now)
    };
    Ok(Answer::created(&marked(mint(cx, token))))
}

fn revoke(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (value, token) = find(cx)?;
    let revoked = Token {
        revoked: true,
        ..token
    };
    cx.world.tokens.insert(value, revoked);
    Ok(Answer::no_content())
}
