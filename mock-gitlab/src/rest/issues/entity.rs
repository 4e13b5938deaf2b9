//! How an issue looks from outside.

use serde_json::{Value, json};

use super::fields;
use crate::context::Cx;
use crate::rest::iterations;
use crate::rest::users::basic_by_id;
use crate::world::{Issue, Noteable};

/// An issue, as in lists.
pub(crate) fn entity(cx: &Cx<'_>, issue: &Issue) -> Value {
    let details = cx.params.is_set("with_labels_details").unwrap_or(false);
    let mut value = json!({
        "id": issue.id,
        "iid": issue.iid,
        "project_id": issue.project,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "closed_by": issue.closed_by.map(|user| basic_by_id(cx, user)),
        "labels": fields::labels(cx, issue.project, &issue.labels, details),
        "milestone": fields::milestone(cx, issue.milestone),
        "assignees": fields::users(cx, &issue.assignees),
        "author": basic_by_id(cx, issue.author),
        "type": issue.issue_type.to_uppercase(),
        "assignee": issue.assignees.first().map(|user| basic_by_id(cx, *user)),
        "user_notes_count": notes_count(cx, &Noteable::Issue(issue.id)),
        "merge_requests_count": super::relations::related(cx, issue).len(),
        "upvotes": fields::votes(&issue.awards, "thumbsup"),
        "downvotes": fields::votes(&issue.awards, "thumbsdown"),
        "due_date": issue.due_date,
        "confidential": issue.confidential,
        "discussion_locked": issue.discussion_locked.then_some(true),
        "issue_type": issue.issue_type,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut value, surroundings(cx, issue)) {
        all.extend(more);
    }
    value
}

fn surroundings(cx: &Cx<'_>, issue: &Issue) -> Value {
    let project = cx.world.projects.get(&issue.project);
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    let api = format!("/projects/{}", issue.project);
    let own = format!("{api}/issues/{}", issue.iid);
    let (tasks, done) = fields::tasks(&issue.description);
    let blockers = cx.world.issues.values().flat_map(|other| &other.links);
    let blockers = blockers.filter(|link| link.target == issue.id && link.kind == "blocks");
    json!({
        "web_url": cx.site.url(&format!("/{path}/-/issues/{}", issue.iid)),
        "time_stats": fields::time_stats(issue.time_estimate, issue.total_time_spent),
        "task_completion_status": { "count": tasks, "completed_count": done },
        "weight": issue.weight,
        "blocking_issues_count": blockers.count(),
        "has_tasks": tasks > 0,
        "task_status": if tasks > 0 { json!(format!("{done} of {tasks} checklist items completed")) } else { json!("0 of 0 checklist items completed") },
        "_links": {
            "self": cx.site.api_url(&own),
            "notes": cx.site.api_url(&format!("{own}/notes")),
            "award_emoji": cx.site.api_url(&format!("{own}/award_emoji")),
            "project": cx.site.api_url(&api),
            "closed_as_duplicate_of": null,
        },
        "references": fields::references(cx, project, '#', issue.iid),
        "severity": "UNKNOWN",
        "moved_to_id": null,
        "imported": false,
        "imported_from": "none",
        "service_desk_reply_to": null,
        "epic_iid": null,
        "epic": null,
        "iteration": iteration(cx, issue),
        "health_status": null,
    })
}

fn iteration(cx: &Cx<'_>, issue: &Issue) -> Option<Value> {
    let id = cx.world.work_items.get(&issue.id)?.iteration?;
    let iteration = cx.world.iterations.get(&id)?;
    Some(iterations::entity(cx, iteration))
}

/// One issue, with what only the single form has.
pub(crate) fn single(cx: &Cx<'_>, issue: &Issue) -> Value {
    let mut value = entity(cx, issue);
    if let Value::Object(all) = &mut value {
        let involved = cx
            .caller
            .user
            .is_some_and(|user| issue.author == user || issue.assignees.contains(&user));
        all.insert("subscribed".to_owned(), json!(involved));
    }
    value
}

/// Notes written by people.
pub(crate) fn notes_count(cx: &Cx<'_>, noteable: &Noteable) -> usize {
    cx.world
        .notes_on(noteable)
        .filter(|note| !note.system)
        .count()
}
