//! Groups. <https://docs.gitlab.com/api/groups/>

mod change;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::projects;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Group, Namespace, Visibility};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("groups", list);
    table.post("groups", change::create);
    table.get("groups/:id", get);
    table.put("groups/:id", change::update);
    table.delete("groups/:id", change::delete);
    table.post("groups/:id/restore", change::restore);
    table.get("groups/:id/subgroups", |cx| below(cx, false));
    table.get("groups/:id/descendant_groups", |cx| below(cx, true));
    table.get("groups/:id/projects", group_projects);
}

/// How a group looks from outside.
pub(crate) fn entity(cx: &Cx<'_>, group: &Group) -> Value {
    let path = cx.world.group_path(group.id);
    json!({
        "id": group.id,
        "web_url": cx.site.url(&format!("/groups/{path}")),
        "name": group.name,
        "path": group.path,
        "description": group.description,
        "visibility": group.visibility.name(),
        "share_with_group_lock": false,
        "require_two_factor_authentication": false,
        "two_factor_grace_period": 48,
        "project_creation_level": "developer",
        "auto_devops_enabled": null,
        "subgroup_creation_level": "maintainer",
        "emails_disabled": false,
        "emails_enabled": true,
        "mentions_disabled": null,
        "lfs_enabled": true,
        "archived": false,
        "default_branch": null,
        "default_branch_protection": 2,
        "avatar_url": null,
        "request_access_enabled": true,
        "full_name": cx.world.group_name(group.id),
        "full_path": path,
        "created_at": group.created_at,
        "parent_id": group.parent,
        "organization_id": 1,
        "shared_runners_setting": "enabled",
        "marked_for_deletion_on": group.marked_for_deletion_on,
    })
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

fn below(cx: &mut Cx<'_>, all: bool) -> Result<Answer, ApiError> {
    let top = cx.group()?.id;
    let fits = |group: &&Group| {
        let is_below = group.id != top && cx.world.lies_below(group.id, top);
        (group.parent == Some(top) || (all && is_below)) && cx.sees_group(group)
    };
    let groups: Vec<Group> = cx.world.groups.values().filter(fits).cloned().collect();
    answer(cx, groups)
}

fn answer(cx: &Cx<'_>, mut groups: Vec<Group>) -> Result<Answer, ApiError> {
    let params = &cx.params;
    let search = params.filled("search").map(|text| text.to_lowercase());
    let (owned, top_only) = (params.is_set("owned")?, params.is_set("top_level_only")?);
    let skipped = params.ids("skip_groups")?.unwrap_or_default();
    let at_least = params.integer("min_access_level")?.unwrap_or(0);
    let visibility = params.choice("visibility", &["private", "internal", "public"])?;
    let everyone = params.is_set("all_available")? || cx.caller.user.is_none();
    let mine = !everyone && params.flag("all_available")? == Some(false);
    groups.retain(|group| {
        let level = cx.level_in_group(group);
        let path = cx.world.group_path(group.id).to_lowercase();
        let named = |text: &String| group.name.to_lowercase().contains(text) || path.contains(text);
        search.as_ref().is_none_or(named)
            && (!owned || level >= OWNER)
            && (!mine || level > 0)
            && (!top_only || group.parent.is_none())
            && !skipped.contains(&group.id)
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
    all.insert("shared_with_groups".to_owned(), json!([]));
    all.insert(
        "prevent_sharing_groups_outside_hierarchy".to_owned(),
        json!(false),
    );
    if cx.params.flag("with_projects")?.unwrap_or(true) {
        let projects: Vec<Value> = cx
            .world
            .projects
            .values()
            .filter(|p| p.namespace == Namespace::Group(group.id) && cx.sees_project(p))
            .map(|project| projects::full(cx, project))
            .collect();
        all.insert("projects".to_owned(), json!(projects));
        all.insert("shared_projects".to_owned(), json!([]));
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
