//! Entries of spent time. <https://docs.gitlab.com/api/graphql/reference/#timelog>

use serde_json::{Value, json};

use super::Refusal;
use super::mutations::Resolved;
use super::shape::{gid, number_of, text};
use crate::context::Cx;
use crate::rest::users;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Record, TIMELOG};

/// The entries of an issue by its global id, oldest first.
pub(super) fn of_issue(cx: &Cx<'_>, id: u64) -> Value {
    let entries = cx.world.records_in(TIMELOG, Home::Issue(id));
    entries.map(|one| entity(cx, one)).collect()
}

fn entity(cx: &Cx<'_>, entry: &Record) -> Value {
    let user = cx.world.users.get(&entry.author);
    json!({
        "id": gid("Timelog", entry.id),
        "timeSpent": entry.fields.get("time_spent"),
        "summary": entry.text("summary"),
        "spentAt": entry.created_at,
        "user": user.map(|user| users::basic(cx.site, user)),
    })
}

/// For whoever spent the time, and maintainers.
pub(super) fn delete(cx: &mut Cx<'_>, input: &Value) -> Resolved {
    let id = number_of(text(input, "id"), &["Timelog"]).ok_or(Refusal::Missing)?;
    let entry = cx.world.record(TIMELOG, id).ok_or(Refusal::Missing)?;
    let project = match entry.home {
        Home::Issue(id) => cx.world.issues.get(&id).map(|one| one.project),
        Home::MergeRequest(id) => cx.world.merge_requests.get(&id).map(|one| one.project),
        _ => None,
    };
    let project = project.and_then(|id| cx.world.projects.get(&id));
    let level = project.map_or(0, |project| cx.level_in(project));
    let own = cx.caller.user == Some(entry.author) && level > 0;
    if !own && level < MAINTAINER {
        return Err(Refusal::Missing);
    }
    let gone = entity(cx, entry);
    cx.world.remove_timelog(id);
    Ok(json!({ "timelog": gone }))
}
