//! Issues. <https://docs.gitlab.com/api/issues/>

mod change;
mod entity;
pub(crate) mod fields;
pub(crate) mod filter;
mod links;
mod list;
mod relations;
mod time;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Issue;
pub(crate) use change::changes_issue;
pub(crate) use entity::{entity, notes_count};
pub(crate) use list::shown;
pub(crate) use relations::writers;
pub(crate) use time::{set as set_times, times};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("issues", list::everywhere);
    table.get("groups/:id/issues", list::of_group);
    table.get("projects/:id/issues", list::of_project);
    table.post("projects/:id/issues", change::create);
    table.get("issues/:id", get_by_id);
    table.get("projects/:id/issues/:iid", get);
    table.put("projects/:id/issues/:iid", change::update);
    table.delete("projects/:id/issues/:iid", change::delete);
    table.post("projects/:id/issues/:iid/subscribe", relations::subscribe);
    table.post(
        "projects/:id/issues/:iid/unsubscribe",
        relations::unsubscribe,
    );
    table.get(
        "projects/:id/issues/:iid/participants",
        relations::participants,
    );
    table.get(
        "projects/:id/issues/:iid/related_merge_requests",
        relations::related_merge_requests,
    );
    table.get("projects/:id/issues/:iid/closed_by", relations::closed_by);
    table.get("projects/:id/issues/:iid/links", links::list);
    table.post("projects/:id/issues/:iid/links", links::create);
    table.get("projects/:id/issues/:iid/links/:link_id", links::get);
    table.delete("projects/:id/issues/:iid/links/:link_id", links::delete);
    for kind in ["issues", "merge_requests"] {
        let below = format!("projects/:id/{kind}/:iid");
        table.get(&format!("{below}/time_stats"), time::stats);
        table.post(&format!("{below}/time_estimate"), time::estimate);
        table.post(
            &format!("{below}/reset_time_estimate"),
            time::reset_estimate,
        );
        table.post(&format!("{below}/add_spent_time"), time::spend);
        table.post(&format!("{below}/reset_spent_time"), time::reset_spent);
    }
}

/// The issue in the path (`:id`, `:iid`), visible to the caller.
pub(crate) fn find(cx: &Cx<'_>) -> Result<Issue, ApiError> {
    let project = cx.project()?;
    let iid = cx.number("iid", "Issue")?;
    let issue = cx.world.issue(project.id, iid);
    let issue = issue.filter(|issue| shown(cx, issue)).cloned();
    issue.ok_or_else(|| ApiError::not_found("Issue"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    Ok(Answer::json(&entity::single(cx, &issue)))
}

/// By global id: for administrators.
fn get_by_id(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    if !cx.is_admin() {
        return Err(ApiError::forbidden());
    }
    let id = cx.number("id", "Issue")?;
    let issue = cx.world.issues.get(&id);
    let issue = issue.ok_or_else(|| ApiError::not_found("Issue"))?;
    Ok(Answer::json(&entity::single(cx, issue)))
}
