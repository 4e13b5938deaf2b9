//! Blocking, banning, deactivating and approving users.
//! <https://docs.gitlab.com/api/user_moderation/>

use serde_json::{Value, json};

use super::admin::wanted;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Home, User};

pub(super) fn routes(table: &mut RouteTable) {
    table.post("users/:id/block", block);
    table.post("users/:id/unblock", unblock);
    table.post("users/:id/ban", ban);
    table.post("users/:id/unban", unban);
    table.post("users/:id/deactivate", deactivate);
    table.post("users/:id/activate", activate);
    table.post("users/:id/approve", approve);
    table.post("users/:id/reject", reject);
}

fn subject(cx: &Cx<'_>) -> Result<User, ApiError> {
    cx.admin()?;
    wanted(cx)
}

fn set(cx: &mut Cx<'_>, user: User, state: &str) -> Answer {
    let event = format!("user_{state}");
    cx.audit(Home::User(user.id), &event, &user.username);
    let user = User {
        state: state.to_owned(),
        ..user
    };
    cx.world.users.insert(user.id, user);
    Answer::created(&json!(true))
}

/// A blocked user answers `null`: GitLab does nothing and says so.
fn block(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    if cx.caller.user == Some(user.id) {
        return Err(ApiError::forbidden_because(
            "The API initiating user cannot be blocked by the API",
        ));
    }
    if user.state == "blocked" {
        return Ok(Answer::created(&Value::Null));
    }
    Ok(set(cx, user, "blocked"))
}

fn unblock(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    match user.state.as_str() {
        "blocked" => Ok(set(cx, user, "active")),
        "deactivated" => Err(ApiError::forbidden_because(
            "Deactivated users cannot be unblocked by the API",
        )),
        _ => Ok(Answer::created(&json!(false))),
    }
}

fn ban(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    if user.state == "active" {
        return Ok(set(cx, user, "banned"));
    }
    let text = format!("You cannot ban {} users.", user.state);
    Err(ApiError::message(403, text))
}

fn unban(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    if user.state == "banned" {
        return Ok(set(cx, user, "active"));
    }
    let text = format!("You cannot unban {} users.", user.state);
    Err(ApiError::message(403, text))
}

fn deactivate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    match user.state.as_str() {
        "deactivated" => Ok(Answer::created(&Value::Null)),
        "active" => Ok(set(cx, user, "deactivated")),
        _ => Err(ApiError::forbidden_because(
            "A blocked user cannot be deactivated by the API",
        )),
    }
}

fn activate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    match user.state.as_str() {
        "active" | "deactivated" => Ok(set(cx, user, "active")),
        _ => Err(ApiError::forbidden_because(
            "A blocked user must be unblocked to be activated",
        )),
    }
}

fn pending(user: &User) -> bool {
    user.state == "blocked_pending_approval"
}

fn approve(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    if !pending(&user) {
        return Err(ApiError::conflict(
            "The user you are trying to approve is not pending approval",
        ));
    }
    set(cx, user, "active");
    Ok(Answer::created(&json!({ "message": "Success" })))
}

/// A rejected user is gone.
fn reject(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = subject(cx)?;
    if !pending(&user) {
        return Err(ApiError::conflict("User does not have a pending request"));
    }
    let now = cx.now;
    cx.world.remove_user(user.id, true, now);
    Ok(Answer::json(&json!({ "message": "Success" })))
}
