//! Approvals of merge requests. <https://docs.gitlab.com/api/merge_request_approvals/>

use serde_json::{Value, json};

use super::approval_rules;
use super::issues::fields;
use super::merge_requests::{find, readable};
use super::users::basic_by_id;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{MergeRequest, Noteable, Project};

pub(crate) fn routes(table: &mut RouteTable) {
    let one = "projects/:id/merge_requests/:iid";
    table.get(&format!("{one}/approvals"), get);
    table.post(&format!("{one}/approvals"), configure);
    table.get(&format!("{one}/approval_state"), state);
    table.get(&format!("{one}/approval_rules"), rules);
    table.post(&format!("{one}/approve"), approve);
    table.post(&format!("{one}/unapprove"), unapprove);
    table.put(&format!("{one}/reset_approvals"), reset);
}

/// Developers and above; the author only where the project allows it.
fn may_approve(cx: &Cx<'_>, project: &Project, request: &MergeRequest) -> bool {
    let own = cx.caller.user == Some(request.author);
    let author_may = project.settings.get("merge_requests_author_approval");
    let author_may = author_may.and_then(Value::as_bool).unwrap_or(false);
    cx.level_in(project) >= DEVELOPER && (!own || author_may)
}

fn entity(cx: &Cx<'_>, project: &Project, request: &MergeRequest) -> Value {
    let me = cx.caller.user;
    let approvers = request
        .approved_by
        .iter()
        .map(|user| json!({ "user": basic_by_id(cx, *user), "approved_at": request.updated_at }));
    let left = cx.world.approvals_left(request);
    json!({
        "id": request.id,
        "iid": request.iid,
        "project_id": request.project,
        "title": request.title,
        "description": request.description,
        "state": request.state,
        "created_at": request.created_at,
        "updated_at": request.updated_at,
        "merge_status": if cx.world.has_conflicts(request) { "cannot_be_merged" } else { "can_be_merged" },
        "approved": left == 0,
        "approvals_required": cx.world.approvals_required(request.project),
        "approvals_left": left,
        "require_password_to_approve": false,
        "approved_by": approvers.collect::<Value>(),
        "suggested_approvers": [],
        "approvers": [],
        "approver_groups": [],
        "user_has_approved": me.is_some_and(|me| request.approved_by.contains(&me)),
        "user_can_approve": may_approve(cx, project, request) && request.is_open()
            && me.is_some_and(|me| !request.approved_by.contains(&me)),
        "approval_rules_left": [],
        "has_approval_rules": false,
        "merge_request_approvers_available": true,
        "multiple_approval_rules_available": true,
        "invalid_approvers_rules": [],
    })
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    Ok(Answer::json(&entity(cx, &project, &request)))
}

/// `approvals_required` per merge request is gone at GitLab; the answer is the state.
fn configure(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    cx.require(&project, MAINTAINER)?;
    Ok(Answer::created(&entity(cx, &project, &request)))
}

fn rule(cx: &Cx<'_>, request: &MergeRequest) -> Value {
    json!({
        "id": request.id,
        "name": "All Members",
        "rule_type": "any_approver",
        "report_type": null,
        "eligible_approvers": [],
        "approvals_required": cx.world.approvals_required(request.project),
        "users": [],
        "groups": [],
        "contains_hidden_groups": false,
        "section": null,
        "source_rule": null,
        "overridden": false,
    })
}

fn state(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let mut value = rule(cx, &request);
    if let Value::Object(all) = &mut value {
        all.insert("code_owner".to_owned(), json!(false));
        all.insert(
            "approved_by".to_owned(),
            fields::users(cx, &request.approved_by),
        );
        all.insert(
            "approved".to_owned(),
            json!(cx.world.approvals_left(&request) == 0),
        );
    }
    Ok(Answer::json(&json!({
        "approval_rules_overwritten": false,
        "rules": [value],
    })))
}

fn rules(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = find(cx)?;
    let rules = cx.world.rules_for(&request);
    if rules.is_empty() {
        return Ok(Answer::json(&json!([rule(cx, &request)])));
    }
    let rules = rules
        .into_iter()
        .map(|rule| approval_rules::for_merge_request(cx, rule));
    Ok(Answer::json(&rules.collect()))
}

fn approve(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let user = cx.user()?.id;
    let again = request.approved_by.contains(&user);
    if !may_approve(cx, &project, &request) || again || !request.is_open() {
        return Err(ApiError::unauthorized());
    }
    if cx
        .params
        .filled("sha")
        .is_some_and(|sha| sha != request.sha)
    {
        let text = format!("SHA does not match HEAD of source branch: {}", request.sha);
        return Err(ApiError::conflict(text));
    }
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.approved_by.push(user);
        request.changes_requested_by.retain(|other| *other != user);
        request.updated_at = cx.now;
    }
    let text = "approved this merge request";
    cx.world
        .add_system_note(Noteable::MergeRequest(request.id), user, text, cx.now);
    let request = find(cx)?;
    Ok(Answer::created(&entity(cx, &project, &request)))
}

fn unapprove(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    let user = cx.user()?.id;
    if !request.approved_by.contains(&user) {
        return Err(ApiError::gone());
    }
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.approved_by.retain(|other| *other != user);
    }
    let text = "unapproved this merge request";
    cx.world
        .add_system_note(Noteable::MergeRequest(request.id), user, text, cx.now);
    let request = find(cx)?;
    Ok(Answer::created(&entity(cx, &project, &request)))
}

/// For bots with merge rights at GitLab; here for maintainers.
fn reset(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    if cx.level_in(&project) < MAINTAINER {
        return Err(ApiError::unauthorized());
    }
    if let Some(request) = cx.world.merge_requests.get_mut(&request.id) {
        request.approved_by.clear();
    }
    Ok(Answer::json_with(
        202,
        &json!({ "message": "202 Accepted" }),
    ))
}
