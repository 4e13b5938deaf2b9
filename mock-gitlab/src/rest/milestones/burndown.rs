//! What the burndown chart of a milestone is drawn from.
//! <https://docs.gitlab.com/api/milestones/>

use serde_json::{Value, json};

use super::{Resolve, find};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::search::visible_issues;
use crate::world::changes::STATE_EVENT;
use crate::world::{Home, Issue};

/// One event for each issue that was created, closed or reopened up to the last day. Without
/// both days there is no chart, and so no event.
pub(super) fn events(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let (owner, _) = resolve(cx)?;
    let milestone = find(cx, owner)?;
    let due = milestone
        .due_date
        .filter(|_| milestone.start_date.is_some());
    let mut rows: Vec<(Timestamp, &'static str, i64)> = Vec::new();
    if let Some(due) = due {
        let inside = |issue: &&Issue| issue.milestone == Some(milestone.id);
        for issue in visible_issues(cx).filter(inside) {
            let all = history(cx, issue);
            let weight = issue.weight.unwrap_or(0);
            let early = all.into_iter().filter(|(at, _)| at.date() <= due);
            rows.extend(early.map(|(at, action)| (at, action, weight)));
        }
    }
    rows.sort_by_key(|(at, ..)| *at);
    pagination::offset(cx, &rows, |(at, action, weight)| -> Value {
        json!({ "created_at": at, "weight": weight, "action": action })
    })
}

/// When an issue was created, closed and reopened. What was closed when the world began has
/// no event of that.
fn history(cx: &Cx<'_>, issue: &Issue) -> Vec<(Timestamp, &'static str)> {
    let mut all = vec![(issue.created_at, "created")];
    let events = cx.world.records_in(STATE_EVENT, Home::Issue(issue.id));
    all.extend(events.filter_map(|event| match event.text("state") {
        "closed" => Some((event.created_at, "closed")),
        "reopened" => Some((event.created_at, "reopened")),
        _ => None,
    }));
    if let Some(at) = issue.closed_at
        && !all.contains(&(at, "closed"))
    {
        all.push((at, "closed"));
    }
    all
}
