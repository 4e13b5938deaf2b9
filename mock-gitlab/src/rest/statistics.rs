//! Counts of the whole instance, as text. <https://docs.gitlab.com/api/statistics/>

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("application/statistics", get);
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let world = &cx.world;
    let forks = world
        .projects
        .values()
        .filter(|project| project.forked_from.is_some());
    let users = world.users.values();
    let active = users.clone().filter(|user| user.state == "active");
    let text = |count: usize| count.to_string();
    Ok(Answer::json(&json!({
        "forks": text(forks.count()),
        "issues": text(world.issues.len()),
        "merge_requests": text(world.merge_requests.len()),
        "notes": text(world.notes.len()),
        "snippets": text(world.records_of_kind("snippet").count()),
        "ssh_keys": text(world.ssh_keys.len()),
        "milestones": text(world.milestones.len()),
        "users": text(users.len()),
        "groups": text(world.groups.len()),
        "projects": text(world.projects.len()),
        "active_users": text(active.count()),
    })))
}
