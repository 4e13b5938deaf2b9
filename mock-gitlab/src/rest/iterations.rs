//! Iterations of groups and projects. <https://docs.gitlab.com/api/group_iterations/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Iteration, Namespace};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("groups/:id/iterations", of_group);
    table.get("projects/:id/iterations", of_project);
}

/// How an iteration looks from outside, also inside issues.
pub(crate) fn entity(cx: &Cx<'_>, iteration: &Iteration) -> Value {
    let path = cx.world.group_path(iteration.group);
    let state = match iteration.state(&cx.now.date()) {
        "upcoming" => 1,
        "current" => 2,
        _ => 3,
    };
    json!({
        "id": iteration.id,
        "iid": iteration.iid,
        "sequence": iteration.sequence,
        "group_id": iteration.group,
        "title": iteration.title,
        "description": iteration.description,
        "state": state,
        "created_at": iteration.created_at,
        "updated_at": iteration.updated_at,
        "start_date": iteration.start_date,
        "due_date": iteration.due_date,
        "web_url": cx.site.url(&format!("/groups/{path}/-/iterations/{}", iteration.id)),
    })
}

fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    list(cx, Some(group.id))
}

/// A project has the iterations of the groups above it.
fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let above = match project.namespace {
        Namespace::Group(id) => Some(id),
        Namespace::User(_) => None,
    };
    list(cx, above)
}

/// The iterations that those who see the group see: its own, those above and, on request, below.
fn list(cx: &Cx<'_>, group: Option<u64>) -> Result<Answer, ApiError> {
    let params = &cx.params;
    let states = ["opened", "upcoming", "current", "started", "closed", "all"];
    let state = params.choice("state", &states)?.unwrap_or("all");
    let search = params.filled("search").unwrap_or_default().to_lowercase();
    let fields = params.list("in").unwrap_or_default();
    if !fields.iter().all(|name| is_field(name)) {
        return Err(ApiError::not_a_choice("in"));
    }
    let ancestors = params.flag("include_ancestors")?.unwrap_or(true);
    let descendants = params.is_set("include_descendants")?;
    let (before, after) = (
        params.time("updated_before")?,
        params.time("updated_after")?,
    );
    let today = cx.now.date();
    let belongs = |owner: u64| {
        group.is_some_and(|group| {
            owner == group
                || (ancestors && cx.world.ancestry(group).any(|above| above.id == owner))
                || (descendants && cx.world.lies_below(owner, group))
        })
    };
    let found = |text: &str| text.to_lowercase().contains(&search);
    let fits = |iteration: &&Iteration| {
        let now = iteration.state(&today);
        let in_state = match state {
            "all" => true,
            "opened" => now != "closed",
            "started" => now == "current",
            other => now == other,
        };
        let titled = fields.is_empty() || fields.iter().any(|name| name == "title");
        let in_title = titled && iteration.title.as_deref().is_some_and(found);
        let in_cadence =
            fields.iter().any(|name| name == "cadence_title") && found(&iteration.cadence);
        belongs(iteration.group)
            && in_state
            && (search.is_empty() || in_title || in_cadence)
            && before.is_none_or(|bound| iteration.updated_at <= bound)
            && after.is_none_or(|bound| iteration.updated_at >= bound)
    };
    let mut rows: Vec<&Iteration> = cx.world.iterations.values().filter(fits).collect();
    rows.sort_by(|one, two| (&one.start_date, one.id).cmp(&(&two.start_date, two.id)));
    pagination::offset(cx, &rows, |iteration| entity(cx, iteration))
}

fn is_field(name: &str) -> bool {
    matches!(name, "title" | "cadence_title")
}
