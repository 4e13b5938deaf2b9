//! Groups. <https://docs.gitlab.com/api/groups/>

mod change;
mod entity;
mod transfer;

pub(crate) use entity::{entity, short, takes_requests};

use serde_json::{Value, json};

use super::conventions::pagination;
use super::{custom_attributes, projects, shares};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Group, Namespace, Owner, Subject, Visibility};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("groups", list);
    table.post("groups", change::create);
    table.get("groups/:id", get);
    table.put("groups/:id", change::update);
    table.delete("groups/:id", change::delete);
    table.post("groups/:id/restore", change::restore);
    table.post("groups/:id/archive", |cx| change::set_archived(cx, true));
    table.post("groups/:id/unarchive", |cx| change::set_archived(cx, false));
    table.post("groups/:id/transfer", transfer::transfer);
    table.get("groups/:id/transfer_locations", transfer::locations);
    table.post("groups/:id/projects/:project_id", transfer::take_project);
    table.get("groups/:id/subgroups", |cx| below(cx, false));
    table.get("groups/:id/descendant_groups", |cx| below(cx, true));
    table.get("groups/:id/projects", group_projects);
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let groups: Vec<Group> = cx
        .world
        .groups
        .values()
        .filter(|group| cx.sees_group(group))
        .cloned()
        .collect();
    answer(cx, groups)
}

/// Direct subgroups, or all below.
fn below(cx: &mut Cx<'_>, all: bool) -> Result<Answer, ApiError> {
    let top = cx.group()?.id;
    let fits = |group: &&Group| {
        let is_below = group.id != top && cx.world.lies_below(group.id, top);
        (group.parent == Some(top) || (all && is_below)) && cx.sees_group(group)
    };
    let groups: Vec<Group> = cx.world.groups.values().filter(fits).cloned().collect();
    answer(cx, groups)
}

/// A page of groups after the filters every list of groups has.
pub(crate) fn answer(cx: &Cx<'_>, mut groups: Vec<Group>) -> Result<Answer, ApiError> {
    let params = &cx.params;
    let search = params.filled("search").map(|text| text.to_lowercase());
    let (owned, top_only) = (params.is_set("owned")?, params.is_set("top_level_only")?);
    let skipped = params.ids("skip_groups")?.unwrap_or_default();
    let at_least = params.integer("min_access_level")?.unwrap_or(0);
    let visibility = params.choice("visibility", &["private", "internal", "public"])?;
    let everyone = params.is_set("all_available")? || cx.caller.user.is_none();
    let mine = !everyone && params.flag("all_available")? == Some(false);
    let (archived, active) = (params.flag("archived")?, params.flag("active")?);
    let is_active = |group: &Group| !group.archived && group.marked_for_deletion_on.is_none();
    groups.retain(|group| {
        let level = cx.level_in_group(group);
        let path = cx.world.group_path(group.id).to_lowercase();
        let named = |text: &String| group.name.to_lowercase().contains(text) || path.contains(text);
        search.as_ref().is_none_or(named)
            && (!owned || level >= OWNER)
            && (!mine || level > 0)
            && (!top_only || group.parent.is_none())
            && !skipped.contains(&group.id)
            && archived.is_none_or(|wanted| group.archived == wanted)
            && active.is_none_or(|wanted| is_active(group) == wanted)
            && custom_attributes::fits(cx, Subject::Group(group.id))
            && i64::from(level) >= at_least
            && visibility.is_none_or(|wanted| group.visibility.name() == wanted)
    });
    match params
        .choice("order_by", &["name", "path", "id", "similarity"])?
        .unwrap_or("name")
    {
        "path" => groups.sort_by_key(|group| group.path.clone()),
        "id" => groups.sort_by_key(|group| group.id),
        _ => groups.sort_by_key(|group| (group.name.to_lowercase(), group.id)),
    }
    if !params.ascending(true)? {
        groups.reverse();
    }
    pagination::offset_or_cursor(
        cx,
        &groups,
        "name",
        |group| group.id,
        |group| entity(cx, group),
    )
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let mut value = entity(cx, &group);
    let Value::Object(all) = &mut value else {
        return Err(ApiError::gone());
    };
    let owner = Owner::Group(group.id);
    all.insert("shared_with_groups".to_owned(), shares::shown(cx, owner));
    if cx.params.flag("with_projects")?.unwrap_or(true) {
        let projects: Vec<Value> = cx
            .world
            .projects
            .values()
            .filter(|p| p.namespace == Namespace::Group(group.id) && cx.sees_project(p))
            .map(|project| projects::full(cx, project))
            .collect();
        all.insert("projects".to_owned(), json!(projects));
        let shared = shares::projects_of(cx, group.id);
        let shared: Vec<Value> = shared.iter().map(|p| projects::full(cx, p)).collect();
        all.insert("shared_projects".to_owned(), json!(shared));
    }
    Ok(Answer::json(&value))
}

fn group_projects(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let nested = cx.params.is_set("include_subgroups")?;
    let mut found = projects::visible_projects(cx);
    found.retain(|project| match project.namespace {
        Namespace::Group(id) => id == group.id || (nested && cx.world.lies_below(id, group.id)),
        Namespace::User(_) => false,
    });
    let found = projects::filtered(cx, found)?;
    projects::answer(cx, found)
}

fn visibility(cx: &Cx<'_>) -> Result<Option<Visibility>, ApiError> {
    let word = cx
        .params
        .choice("visibility", &["private", "internal", "public"])?;
    Ok(word.and_then(Visibility::parse))
}
