//! The token that is used, seen by itself; and the job behind a job token.
//! <https://docs.gitlab.com/api/personal_access_tokens/>

mod by_id;

pub(crate) use by_id::{mint, replace};

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Token, TokenKind};

/// Any scope may look at itself.
const ANY: &[&str] = &[
    "read_user",
    "read_repository",
    "write_repository",
    "self_rotate",
    "read_registry",
    "write_registry",
    "sudo",
    "create_runner",
    "manage_runner",
    "ai_features",
    "k8s_proxy",
];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("personal_access_tokens", list);
    table.get("personal_access_tokens/self", current).also(ANY);
    table
        .delete("personal_access_tokens/self", revoke_current)
        .also(ANY);
    table
        .post("personal_access_tokens/self/rotate", rotate_current)
        .also(&["self_rotate"]);
    table.get("personal_access_tokens/:token_id", by_id::get);
    table.delete("personal_access_tokens/:token_id", by_id::revoke);
    table.post("personal_access_tokens/:token_id/rotate", by_id::rotate);
    table.post("users/:user_id/personal_access_tokens", by_id::create_for);
    table.get("job", job).job_token();
}

pub(crate) fn entity(token: &Token, now: Timestamp) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": token.created_at,
        "description": null,
        "scopes": token.scopes,
        "user_id": token.user,
        "last_used_at": token.last_used_at,
        "active": token.is_active(now),
        "expires_at": token.expires_at.map(Timestamp::date),
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let wanted = cx.params.id("user_id")?;
    if wanted.is_some_and(|id| id != user.id) && !user.admin {
        return Err(ApiError::forbidden());
    }
    let revoked = cx.params.flag("revoked")?;
    let active = cx
        .params
        .choice("state", &["active", "inactive"])?
        .map(|state| state == "active");
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let mut tokens: Vec<&Token> = cx.world.tokens.values().collect();
    tokens.retain(|token| {
        token.kind == TokenKind::Personal
            && (token.user == wanted.unwrap_or(user.id) || (user.admin && wanted.is_none()))
            && revoked.is_none_or(|wanted| token.revoked == wanted)
            && active.is_none_or(|wanted| token.is_active(cx.now) == wanted)
            && token.name.to_lowercase().contains(&search)
    });
    tokens.sort_by_key(|token| token.id);
    pagination::offset(cx, &tokens, |token| entity(token, cx.now))
}

fn own<'a>(cx: &'a Cx<'_>) -> Result<&'a Token, ApiError> {
    cx.user()?;
    let token = cx
        .caller
        .token
        .as_ref()
        .and_then(|value| cx.world.tokens.get(value));
    let personal = |token: &&Token| !matches!(token.kind, TokenKind::OAuth | TokenKind::Job);
    // GitLab has no personal access token to show to other credentials.
    token.filter(personal).ok_or_else(|| {
        ApiError::bad_request(
            "400 Bad request - This endpoint requires token type to be a personal access token",
        )
    })
}

fn current(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(Answer::json(&entity(own(cx)?, cx.now)))
}

fn revoke_current(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    own(cx)?;
    let value = cx.caller.token.clone().unwrap_or_default();
    if let Some(token) = cx.world.tokens.get_mut(&value) {
        token.revoked = true;
    }
    Ok(Answer::no_content())
}

fn rotate_current(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    own(cx)?;
    let value = cx.caller.token.clone().unwrap_or_default();
    replace(cx, &value)
}

/// <https://docs.gitlab.com/api/jobs/#get-job-tokens-job>
fn job(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let token = cx
        .caller
        .token
        .as_ref()
        .and_then(|value| cx.world.tokens.get(value));
    let id = token
        .filter(|token| token.kind == TokenKind::Job)
        .and_then(|token| token.job);
    let id = id.ok_or_else(ApiError::unauthorized)?;
    Ok(Answer::json(&super::jobs::entity(cx, id)?))
}
