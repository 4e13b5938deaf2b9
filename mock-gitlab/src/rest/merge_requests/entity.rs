//! How a merge request looks from outside.

use serde_json::{Map, Value, json};

use crate::context::Cx;
use crate::rest::issues::{fields, notes_count};
use crate::rest::pipelines;
use crate::rest::users::basic_by_id;
use crate::world::{MergeRequest, Noteable};

/// A merge request, as in lists. Old and new names of a field both appear.
pub(crate) fn entity(cx: &Cx<'_>, request: &MergeRequest) -> Value {
    let details = cx.params.is_set("with_labels_details").unwrap_or(false);
    let status = cx.world.merge_status(request, cx.now);
    let conflicts = cx.world.has_conflicts(request);
    let merger = request.merged_by.map(|user| basic_by_id(cx, user));
    let mut value = json!({
        "id": request.id,
        "iid": request.iid,
        "project_id": request.project,
        "title": request.title,
        "description": request.description,
        "state": request.state,
        "created_at": request.created_at,
        "updated_at": request.updated_at,
        "merged_by": if request.merged_at.is_some() { json!(merger) } else { Value::Null },
        "merge_user": merger,
        "merged_at": request.merged_at,
        "closed_by": request.closed_by.map(|user| basic_by_id(cx, user)),
        "closed_at": request.closed_at,
        "target_branch": request.target_branch,
        "source_branch": request.source_branch,
        "user_notes_count": notes_count(cx, &Noteable::MergeRequest(request.id)),
        "upvotes": fields::votes(&request.awards, "thumbsup"),
        "downvotes": fields::votes(&request.awards, "thumbsdown"),
        "author": basic_by_id(cx, request.author),
        "assignees": fields::users(cx, &request.assignees),
        "assignee": request.assignees.first().map(|user| basic_by_id(cx, *user)),
        "reviewers": fields::users(cx, &request.reviewers),
        "source_project_id": request.source_project,
        "target_project_id": request.project,
        "labels": fields::labels(cx, request.project, &request.labels, details),
        "draft": request.is_draft(),
        "imported": false,
        "imported_from": "none",
        "work_in_progress": request.is_draft(),
        "milestone": fields::milestone(cx, request.milestone),
        "merge_when_pipeline_succeeds": request.auto_merge,
        "merge_status": merge_status(status, conflicts),
        "detailed_merge_status": status,
        "has_conflicts": conflicts,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut value, outcome(cx, request)) {
        all.extend(more);
    }
    value
}

/// The older word: it only knows whether git could merge.
fn merge_status(detailed: &str, conflicts: bool) -> &'static str {
    match detailed {
        "checking" | "preparing" => "checking",
        "unchecked" => "unchecked",
        _ if conflicts => "cannot_be_merged",
        _ => "can_be_merged",
    }
}

fn outcome(cx: &Cx<'_>, request: &MergeRequest) -> Value {
    let project = cx.world.projects.get(&request.project);
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    let (tasks, done) = fields::tasks(&request.description);
    let open_threads = cx
        .world
        .has_open_threads(&Noteable::MergeRequest(request.id));
    json!({
        "merge_after": null,
        "sha": request.sha,
        "merge_commit_sha": request.merge_commit_sha,
        "squash_commit_sha": request.squash_commit_sha,
        "discussion_locked": request.discussion_locked.then_some(true),
        "should_remove_source_branch": null,
        "force_remove_source_branch": request.remove_source_branch,
        "prepared_at": request.checking_until.unwrap_or(request.created_at),
        "reference": format!("!{}", request.iid),
        "references": fields::references(cx, project, '!', request.iid),
        "web_url": cx.site.url(&format!("/{path}/-/merge_requests/{}", request.iid)),
        "time_stats": fields::time_stats(request.time_estimate, request.total_time_spent),
        "squash": request.squash,
        "squash_on_merge": request.squash,
        "task_completion_status": { "count": tasks, "completed_count": done },
        "blocking_discussions_resolved": !open_threads,
        "approvals_before_merge": null,
    })
}

/// One merge request, with what only the single form has.
pub(super) fn single(cx: &Cx<'_>, request: &MergeRequest) -> Value {
    let mut value = entity(cx, request);
    if let Value::Object(all) = &mut value {
        details(cx, request, all);
    }
    value
}

fn details(cx: &Cx<'_>, request: &MergeRequest, all: &mut Map<String, Value>) {
    let me = cx.caller.user;
    let project = cx.world.projects.get(&request.project);
    let may = project.is_some_and(|project| super::may_merge(cx, project, request));
    let pipeline = cx.world.head_pipeline(request);
    let refs = request.versions.last().map(|version| {
        json!({
            "base_sha": version.base,
            "head_sha": version.head,
            "start_sha": version.start,
        })
    });
    let changes = cx.world.diff_of_merge_request(request).len();
    let more = json!({
        "subscribed": me.is_some_and(|me| super::involved(cx, request).contains(&me)),
        "changes_count": changes.to_string(),
        "latest_build_started_at": pipeline.and_then(|pipeline| pipeline.started_at),
        "latest_build_finished_at": pipeline.and_then(|pipeline| pipeline.finished_at),
        "first_deployed_to_production_at": null,
        "pipeline": pipeline.map(|pipeline| pipelines::entity(cx, pipeline)),
        "head_pipeline": pipeline.map(|pipeline| pipelines::full_entity(cx, pipeline)),
        "diff_refs": refs,
        "merge_error": null,
        "first_contribution": false,
        "user": { "can_merge": may },
    });
    if let Value::Object(more) = more {
        all.extend(more);
    }
    let asked = |name: &str| cx.params.is_set(name).unwrap_or(false);
    if asked("include_diverged_commits_count") {
        all.insert(
            "diverged_commits_count".to_owned(),
            json!(diverged(cx, request)),
        );
    }
    if asked("include_rebase_in_progress") {
        all.insert("rebase_in_progress".to_owned(), json!(false));
    }
}

/// Commits of the target branch the source branch lacks.
fn diverged(cx: &Cx<'_>, request: &MergeRequest) -> usize {
    let count = || {
        let repository = cx.world.repositories.get(&request.project)?;
        let target = repository.resolve(&request.target_branch)?;
        Some(
            repository
                .between(repository.commit(&request.sha)?, target)
                .len(),
        )
    };
    count().unwrap_or(0)
}
