//! `POST /-/mock/edit`: changes of the world that no client could make, one operation
//! per call.

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::Token;

/// What can be edited; the word is the parameter `do`.
const OPERATIONS: [&str; 12] = [
    "block_user",
    "mint_token",
    "mint_job_token",
    "revoke_token",
    "expire_token",
    "set_scopes",
    "finish_job",
    "conflict",
    "set_device_grant",
    "remove_application",
    "approve_device",
    "deny_device",
];

/// `{"do":"revoke_token","token":"glpat-…"}`
pub(super) fn edit(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let operation = cx.params.choice("do", &OPERATIONS)?;
    match operation.ok_or_else(|| ApiError::missing("do"))? {
        "block_user" => {
            let id = user(cx)?;
            if let Some(user) = cx.world.users.get_mut(&id) {
                "blocked".clone_into(&mut user.state);
            }
        }
        "mint_token" => return mint(cx),
        "mint_job_token" => return mint_for_job(cx),
        "finish_job" => finish_job(cx)?,
        "conflict" => conflict(cx)?,
        "set_device_grant" | "remove_application" => on_application(cx)?,
        "approve_device" | "deny_device" => on_device(cx)?,
        other => on_token(cx, other)?,
    }
    Ok(Answer::no_content())
}

fn user(cx: &Cx<'_>) -> Result<u64, ApiError> {
    let name = cx.params.required("user")?;
    let user = cx.world.find_user(&name);
    user.map(|user| user.id)
        .ok_or_else(|| ApiError::not_found("User"))
}

/// `user`, `scopes`, and `expires_at` if it is to die: answers the value.
fn mint(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let owner = user(cx)?;
    let scopes = cx
        .params
        .list("scopes")
        .unwrap_or_else(|| vec!["api".to_owned()]);
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let expires_at = cx.params.time("expires_at")?;
    let value = cx.world.ids.personal_access_token();
    let id = cx.world.next_id("personal token");
    let token = Token::personal(id, owner, "made by a test", &scopes, cx.now);
    let token = Token {
        expires_at,
        ..token
    };
    cx.world.tokens.insert(value.clone(), token);
    Ok(Answer::created(&json!({ "token": value })))
}

fn on_token(cx: &mut Cx<'_>, operation: &str) -> Result<(), ApiError> {
    let value = cx.params.required("token")?;
    let scopes = cx.params.list("scopes").unwrap_or_default();
    let now = cx.now;
    let token = cx.world.tokens.get_mut(&value);
    let token = token.ok_or_else(|| ApiError::not_found("Token"))?;
    match operation {
        "revoke_token" => token.revoked = true,
        "expire_token" => token.expires_at = Some(now),
        _ => token.scopes = scopes,
    }
    Ok(())
}

/// `job`: answers the value its script would find in `CI_JOB_TOKEN`.
fn mint_for_job(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let id = cx.params.required_id("job")?;
    if !cx.world.jobs.contains_key(&id) {
        return Err(ApiError::not_found("Job"));
    }
    let value = cx.world.job_token(id, cx.now);
    Ok(Answer::created(&json!({ "token": value })))
}

/// `application` is a client id; `value` says whether it may use the device grant.
fn on_application(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    let uid = cx.params.required("application")?;
    let found = cx.world.application_by_uid(&uid).map(|one| one.id);
    let id = found.ok_or_else(|| ApiError::not_found("Application"))?;
    if cx.params.required("do")? == "remove_application" {
        cx.world.remove_application(id);
        return Ok(());
    }
    let value = cx.params.flag("value")?.unwrap_or(true);
    if let Some(application) = cx.world.applications.get_mut(&id) {
        application.device = value;
    }
    Ok(())
}

/// `user_code`, and `user` when it is approved: no browser is needed.
fn on_device(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    let code = cx.params.required("user_code")?;
    let approved = cx.params.required("do")? == "approve_device";
    let user = approved.then(|| user(cx)).transpose()?;
    let device = cx.world.waiting_device_mut(&code);
    let device = device.ok_or_else(|| ApiError::not_found("Device"))?;
    device.user = user;
    device.denied = !approved;
    Ok(())
}

/// Ends a job at once: `job` and `status` (`success` or `failed`).
fn finish_job(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    let id = cx.params.required_id("job")?;
    let outcome = cx.params.choice("status", &["success", "failed"])?;
    let now = cx.now;
    let job = cx.world.jobs.get_mut(&id);
    let job = job.ok_or_else(|| ApiError::not_found("Job"))?;
    outcome.unwrap_or("success").clone_into(&mut job.outcome);
    // A job that would end by itself in no time: the state machine does the rest.
    job.seconds = 0;
    cx.world.catch_up(now);
    Ok(())
}

/// Makes a merge request conflict: `project`, `iid`, and `value` (true).
fn conflict(cx: &mut Cx<'_>) -> Result<(), ApiError> {
    let project = cx.params.required("project")?;
    let iid = cx.params.required_id("iid")?;
    let value = cx.params.flag("value")?.unwrap_or(true);
    let request = cx.world.merge_request_mut(&project, iid);
    request
        .ok_or_else(|| ApiError::not_found("Merge Request"))?
        .conflict = value;
    Ok(())
}
