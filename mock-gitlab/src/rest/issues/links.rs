//! Links between issues. <https://docs.gitlab.com/api/issue_links/>

use serde_json::{Value, json};

use super::{entity, find, shown};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::GUEST;
use crate::world::{Issue, IssueLink, Noteable};

/// A link as one side sees it: the other issue, and the kind read from here.
struct Seen<'a> {
    link: &'a IssueLink,
    other: &'a Issue,
    kind: &'static str,
}

/// The links of an issue whose other ends the caller may see.
fn seen<'a>(cx: &'a Cx<'_>, issue: &Issue) -> Vec<Seen<'a>> {
    let mut found = Vec::new();
    for source in cx.world.issues.values() {
        for link in &source.links {
            let blocks = link.kind == "blocks";
            let (other, kind) = if source.id == issue.id {
                let kind = if blocks { "blocks" } else { "relates_to" };
                (cx.world.issues.get(&link.target), kind)
            } else if link.target == issue.id {
                let kind = if blocks {
                    "is_blocked_by"
                } else {
                    "relates_to"
                };
                (Some(source), kind)
            } else {
                continue;
            };
            if let Some(other) = other.filter(|other| reachable(cx, other)) {
                found.push(Seen { link, other, kind });
            }
        }
    }
    found.sort_by_key(|seen| seen.link.id);
    found
}

fn reachable(cx: &Cx<'_>, issue: &Issue) -> bool {
    let project = cx.world.projects.get(&issue.project);
    project.is_some_and(|project| cx.sees_project(project)) && shown(cx, issue)
}

/// Not paged, as at GitLab.
pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let links = seen(cx, &issue);
    let rows = links.iter().map(|seen| {
        let mut value = entity(cx, seen.other);
        if let Value::Object(all) = &mut value {
            all.insert("issue_link_id".to_owned(), json!(seen.link.id));
            all.insert("link_type".to_owned(), json!(seen.kind));
            all.insert("link_created_at".to_owned(), json!(seen.link.created_at));
            all.insert("link_updated_at".to_owned(), json!(seen.link.created_at));
        }
        value
    });
    Ok(Answer::json(&rows.collect()))
}

fn link_entity(cx: &Cx<'_>, issue: &Issue, seen: &Seen<'_>) -> Value {
    json!({
        "id": seen.link.id,
        "source_issue": entity(cx, issue),
        "target_issue": entity(cx, seen.other),
        "link_type": seen.kind,
    })
}

fn one(cx: &Cx<'_>, issue: &Issue, id: u64) -> Result<Value, ApiError> {
    let links = seen(cx, issue);
    let found = links.iter().find(|seen| seen.link.id == id);
    found
        .map(|seen| link_entity(cx, issue, seen))
        .ok_or_else(ApiError::gone)
}

pub(super) fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let id = cx.number("link_id", "Issue Link")?;
    Ok(Answer::json(&one(cx, &issue, id)?))
}

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let issue = find(cx)?;
    let user = cx.user()?;
    let place = cx.params.required("target_project_id")?;
    let iid = cx.params.required_id("target_issue_iid")?;
    let kinds = ["relates_to", "blocks", "is_blocked_by"];
    let kind = cx
        .params
        .choice("link_type", &kinds)?
        .unwrap_or("relates_to");
    if cx.level_in(&project) < GUEST {
        return Err(ApiError::forbidden());
    }
    let target = cx.project_named(&place)?;
    let target = cx
        .world
        .issue(target.id, iid)
        .filter(|issue| shown(cx, issue))
        .cloned();
    let target = target.ok_or_else(|| ApiError::not_found("Issue"))?;
    if target.id == issue.id {
        return Err(ApiError::message(
            400,
            "Validation failed: cannot be related to itself",
        ));
    }
    if seen(cx, &issue)
        .iter()
        .any(|seen| seen.other.id == target.id)
    {
        return Err(ApiError::conflict("Issue(s) already assigned"));
    }
    let id = cx.world.next_id("issue link");
    let (from, to) = if kind == "is_blocked_by" {
        (target.id, issue.id)
    } else {
        (issue.id, target.id)
    };
    let stored = if kind == "relates_to" { kind } else { "blocks" };
    let link = IssueLink {
        id,
        target: to,
        kind: stored.to_owned(),
        created_at: cx.now,
    };
    if let Some(source) = cx.world.issues.get_mut(&from) {
        source.links.push(link);
    }
    let text = format!("marked this issue as related to #{}", target.iid);
    cx.world
        .add_system_note(Noteable::Issue(issue.id), user.id, &text, cx.now);
    Ok(Answer::created(&one(cx, &issue, id)?))
}

/// 200 with the link that was there.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let issue = find(cx)?;
    let id = cx.number("link_id", "Issue Link")?;
    if cx.level_in(&project) < GUEST {
        return Err(ApiError::forbidden());
    }
    let value = one(cx, &issue, id)?;
    for issue in cx.world.issues.values_mut() {
        issue.links.retain(|link| link.id != id);
    }
    Ok(Answer::json(&value))
}
