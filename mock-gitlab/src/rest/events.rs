//! Events, derived from what is there: issues, merge requests, pushes.
//! <https://docs.gitlab.com/api/events/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::search::{visible_issues, visible_merge_requests};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("events", own).also(&["read_user"]);
    table
        .get("users/:user_id/events", of_user)
        .also(&["read_user"]);
    table.get("projects/:id/events", of_project);
}

fn own(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    answer(cx, Some(user.id), None)
}

fn of_user(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx
        .world
        .find_user(cx.path.get("user_id"))
        .map(|user| user.id);
    answer(
        cx,
        Some(user.ok_or_else(|| ApiError::not_found("User"))?),
        None,
    )
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    answer(cx, None, Some(project.id))
}

/// One thing that happened.
struct Event<'a> {
    project: u64,
    author: u64,
    action: &'static str,
    kind: &'static str,
    target: (u64, u64, &'a str),
    at: Timestamp,
}

fn events<'a>(cx: &'a Cx<'_>) -> Vec<Event<'a>> {
    let issues = visible_issues(cx).map(|issue| Event {
        project: issue.project,
        author: issue.author,
        action: "opened",
        kind: "Issue",
        target: (issue.id, issue.iid, &issue.title),
        at: issue.created_at,
    });
    let merge_requests = visible_merge_requests(cx).flat_map(|mr| {
        let target = (mr.id, mr.iid, mr.title.as_str());
        let event = |action, author, at| Event {
            project: mr.project,
            author,
            action,
            kind: "MergeRequest",
            target,
            at,
        };
        let merged = mr
            .merged_at
            .map(|at| event("accepted", mr.merged_by.unwrap_or(mr.author), at));
        [Some(event("opened", mr.author, mr.created_at)), merged]
            .into_iter()
            .flatten()
    });
    issues.chain(merge_requests).collect()
}

fn answer(cx: &Cx<'_>, user: Option<u64>, project: Option<u64>) -> Result<Answer, ApiError> {
    let action = cx
        .params
        .filled("action")
        .map(|action| match action.as_str() {
            "created" => "opened".to_owned(),
            "merged" => "accepted".to_owned(),
            _ => action,
        });
    let kind = cx
        .params
        .filled("target_type")
        .map(|kind| kind.replace('_', "").to_lowercase());
    let (before, after) = (cx.params.time("before")?, cx.params.time("after")?);
    let mut found = events(cx);
    found.retain(|event| {
        user.is_none_or(|user| event.author == user)
            && project.is_none_or(|project| event.project == project)
            && action.as_ref().is_none_or(|action| event.action == action)
            && kind
                .as_ref()
                .is_none_or(|kind| event.kind.to_lowercase() == *kind)
            && before.is_none_or(|bound| event.at < bound)
            && after.is_none_or(|bound| event.at > bound)
    });
    found.sort_by_key(|event| event.at);
    if !cx.params.ascending(false)? {
        found.reverse();
    }
    pagination::offset(cx, &found, |event| entity(cx, event))
}

fn entity(cx: &Cx<'_>, event: &Event<'_>) -> Value {
    let author = cx.world.users.get(&event.author);
    let (id, iid, title) = event.target;
    json!({
        "id": id * 10 + u64::from(event.action == "accepted") + u64::from(event.kind == "Issue") * 5,
        "project_id": event.project,
        "action_name": event.action,
        "target_id": id,
        "target_iid": iid,
        "target_type": event.kind,
        "author_id": event.author,
        "target_title": title,
        "created_at": event.at,
        "author": super::users::basic_by_id(cx, event.author),
        "imported": false,
        "author_username": author.map(|user| user.username.clone()),
    })
}
