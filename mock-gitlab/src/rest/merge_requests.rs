//! Merge requests. <https://docs.gitlab.com/api/merge_requests/>

mod change;
mod diffs;
mod draft_notes;
mod entity;
mod list;
mod merge;
mod rebase;
mod suggestions;

use serde_json::json;

use super::commits;
use super::conventions::pagination;
use super::issues::{fields, writers};
use super::pipelines;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{MergeRequest, Noteable, Project};
pub(crate) use change::{changes_merge_request, close, reopen, with_draft};
pub(crate) use entity::entity;
pub(crate) use merge::may_merge;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("merge_requests", list::everywhere);
    table.get("groups/:id/merge_requests", list::of_group);
    table.get("projects/:id/merge_requests", list::of_project);
    table.post("projects/:id/merge_requests", change::create);
    let one = "projects/:id/merge_requests/:iid";
    table.get(one, get);
    table.put(one, change::update);
    table.delete(one, change::delete);
    table.put(&format!("{one}/merge"), merge::merge);
    table.put(&format!("{one}/rebase"), rebase::rebase);
    table.post(
        &format!("{one}/cancel_merge_when_pipeline_succeeds"),
        merge::cancel_auto_merge,
    );
    table.get(&format!("{one}/merge_ref"), merge::merge_ref);
    table.get(&format!("{one}/participants"), participants);
    table.get(&format!("{one}/reviewers"), reviewers);
    table.get(&format!("{one}/closes_issues"), closes_issues);
    table.get(&format!("{one}/commits"), commit_list);
    table.get(&format!("{one}/pipelines"), pipeline_list);
    table.post(&format!("{one}/pipelines"), start_pipeline);
    diffs::routes(table, one);
    draft_notes::routes(table, one);
    suggestions::routes(table);
}

/// The project in the path, its merge requests readable for the caller.
pub(crate) fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    if cx.reads_code(&project) {
        Ok(project)
    } else {
        Err(ApiError::forbidden())
    }
}

/// The merge request in the path (`:id`, `:iid`), readable for the caller.
pub(crate) fn find(cx: &Cx<'_>) -> Result<MergeRequest, ApiError> {
    let project = readable(cx)?;
    let iid = cx.number("iid", "Merge Request")?;
    let request = cx.world.merge_request(project.id, iid).cloned();
    request.ok_or_else(|| ApiError::not_found("Merge Request"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    Ok(Answer::json(&entity::single(cx, &request)))
}

/// Everyone who has to do with a merge request.
fn involved(cx: &Cx<'_>, request: &MergeRequest) -> Vec<u64> {
    let mut people = vec![request.author];
    people.extend(&request.assignees);
    people.extend(&request.reviewers);
    people.extend(writers(cx, &Noteable::MergeRequest(request.id)));
    fields::known_users(cx, people)
}

fn participants(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    Ok(Answer::json(&fields::users(cx, &involved(cx, &request))))
}

fn reviewers(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let rows = request.reviewers.iter().map(|user| {
        let state = if request.approved_by.contains(user) {
            "approved"
        } else if request.changes_requested_by.contains(user) {
            "requested_changes"
        } else {
            "unreviewed"
        };
        json!({
            "user": super::users::basic_by_id(cx, *user),
            "state": state,
            "created_at": request.created_at,
        })
    });
    Ok(Answer::json(&rows.collect()))
}

fn closes_issues(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let ids = cx.world.issues_closed_by(&request);
    let issues = ids.iter().filter_map(|id| cx.world.issues.get(id));
    let rows: Vec<_> = issues
        .filter(|issue| super::issues::shown(cx, issue))
        .collect();
    pagination::offset(cx, &rows, |issue| super::issues::entity(cx, issue))
}

fn commit_list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let rows = cx.world.commits_of_merge_request(&request);
    pagination::offset(cx, &rows, |commit| commits::entity(cx, &project, commit))
}

fn pipeline_list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let rows = cx.world.pipelines_of(&request);
    pagination::offset(cx, &rows, |pipeline| pipelines::entity(cx, pipeline))
}

fn start_pipeline(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    pipelines::start(cx, &project, &request.source_branch, "merge_request_event")
}
