//! What a runner says itself, with its own token as the credential.
//! <https://docs.gitlab.com/api/runners/#verify-authentication-for-a-registered-runner>

use serde_json::{Value, json};

use super::change::fresh_token;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Runner;
use crate::world::access::{MAINTAINER, OWNER};

pub(super) fn routes(table: &mut RouteTable) {
    table.post("runners", register).open();
    table.delete("runners", leave).open();
    table.post("runners/verify", verify).open();
    table
        .post("runners/reset_authentication_token", reset)
        .open();
    table.post("runners/reset_registration_token", |cx| {
        cx.admin()?;
        Ok(registration_token(cx))
    });
    table.post("projects/:id/runners/reset_registration_token", |cx| {
        cx.project_as(MAINTAINER)?;
        Ok(registration_token(cx))
    });
    table.post("groups/:id/runners/reset_registration_token", |cx| {
        cx.group_as(OWNER)?;
        Ok(registration_token(cx))
    });
}

/// The runner whose token the request carries.
pub(super) fn speaking(cx: &Cx<'_>) -> Result<Runner, ApiError> {
    let token = cx.params.required("token")?;
    let mut runners = cx.world.runners.values();
    let found = runners.find(|runner| runner.token == token).cloned();
    found.ok_or_else(ApiError::forbidden)
}

/// Registration tokens are a thing of the past: runners are made first, then they come.
fn register(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.params.required("token")?;
    Err(ApiError::message(
        410,
        "410 Gone - runner registration disallowed",
    ))
}

fn registration_token(cx: &mut Cx<'_>) -> Answer {
    let token = format!("GR1348941{}", cx.world.ids.hex("registration", 20));
    Answer::created(&json!({ "token": token, "token_expires_at": Value::Null }))
}

fn verify(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut runner = speaking(cx)?;
    runner.contacted_at = Some(cx.now);
    let shown = json!({ "id": runner.id, "token": runner.token, "token_expires_at": null });
    cx.world.runners.insert(runner.id, runner);
    Ok(Answer::json(&shown))
}

fn leave(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = speaking(cx)?;
    cx.world.runners.remove(&runner.id);
    Ok(Answer::no_content())
}

fn reset(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut runner = speaking(cx)?;
    runner.token = fresh_token(cx);
    let shown = json!({ "token": runner.token, "token_expires_at": Value::Null });
    cx.world.runners.insert(runner.id, runner);
    Ok(Answer::created(&shown))
}
