//! Merging, now or when the checks pass.
//! <https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request>

use serde_json::json;

use super::{entity, find, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::DEVELOPER;
use crate::world::{MergeOptions, MergeRequest, Noteable, Project};

/// Whether the caller may merge into the target branch, protection considered.
pub(crate) fn may_merge(cx: &Cx<'_>, project: &Project, request: &MergeRequest) -> bool {
    let level = cx.level_in(project);
    let rules = project.protected_branches.iter();
    let rules: Vec<_> = rules
        .filter(|rule| rule.covers(&request.target_branch))
        .collect();
    let allowed = |wanted: u8| wanted > 0 && level >= wanted;
    let open = rules.is_empty()
        || rules
            .iter()
            .any(|rule| allowed(rule.merge_level) || allowed(rule.push_level));
    level >= DEVELOPER && open && !project.archived
}

/// Statuses that go away by themselves.
const PASSING: [&str; 4] = [
    "ci_still_running",
    "not_approved",
    "discussions_not_resolved",
    "checking",
];

pub(super) fn merge(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let user = cx.user()?;
    if !may_merge(cx, &project, &request) {
        return Err(ApiError::unauthorized());
    }
    let before = cx
        .world
        .watched(&Noteable::MergeRequest(request.id))
        .unwrap_or_default();
    let auto =
        cx.params.is_set("auto_merge")? || cx.params.is_set("merge_when_pipeline_succeeds")?;
    let status = cx.world.merge_status(&request, cx.now);
    // Without anything to wait for, auto-merge merges at once.
    let busy = cx.world.is_pipeline_busy(&request);
    let waits = auto && (PASSING.contains(&status) || (status == "mergeable" && busy));
    match status {
        "conflict" => return Err(ApiError::message(422, "Branch cannot be merged")),
        "mergeable" => {}
        _ if waits => {}
        _ => return Err(ApiError::not_allowed()),
    }
    if let Some(sha) = cx.params.filled("sha").filter(|sha| *sha != request.sha) {
        drop(sha);
        let text = format!("SHA does not match HEAD of source branch: {}", request.sha);
        return Err(ApiError::conflict(text));
    }
    let options = MergeOptions {
        squash: cx.params.flag("squash")?.unwrap_or(request.squash),
        message: cx.params.filled("merge_commit_message"),
        squash_message: cx.params.filled("squash_commit_message"),
        remove_source_branch: cx
            .params
            .flag("should_remove_source_branch")?
            .unwrap_or(request.remove_source_branch),
    };
    if waits {
        if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
            request.auto_merge = true;
            request.merged_by = Some(user.id);
            request.squash = options.squash;
            request.remove_source_branch = options.remove_source_branch;
            request.updated_at = cx.now;
        }
    } else {
        let merged = cx.world.merge(request.id, &options, user.id, cx.now);
        merged.map_err(|problem| ApiError::message(422, problem.to_string()))?;
        cx.world
            .pushed(request.project, &request.target_branch, user.id, cx.now);
    }
    let noteable = Noteable::MergeRequest(request.id);
    cx.world.write_history(&noteable, &before, user.id, cx.now);
    let request = cx
        .world
        .merge_requests
        .get(&request.id)
        .ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity::single(cx, request)))
}

pub(super) fn cancel_auto_merge(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let user = cx.user()?;
    if !may_merge(cx, &project, &request) && request.author != user.id {
        return Err(ApiError::unauthorized());
    }
    if !request.auto_merge {
        return Err(ApiError::message(406, "Can't cancel the automatic merge"));
    }
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.auto_merge = false;
        request.merged_by = None;
    }
    Ok(Answer::created(&json!({ "status": "success" })))
}

/// The commit a merge would lead to; the head of the source branch stands for it.
pub(super) fn merge_ref(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    if cx.world.has_conflicts(&request) {
        return Err(ApiError::bad_request("Merge request is not mergeable"));
    }
    Ok(Answer::json(&json!({ "commit_id": request.sha })))
}
