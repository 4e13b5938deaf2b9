//! Letting the members of a group into a project or another group.
//! <https://docs.gitlab.com/api/groups/#share-groups-with-groups>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::{groups, projects};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GUEST, MAINTAINER, OWNER};
use crate::world::{Group, Namespace, Owner, Project, Share};

pub(crate) fn routes(table: &mut RouteTable) {
    table.post("groups/:id/share", share_group);
    table.delete("groups/:id/share/:group_id", |cx| unshare(cx, group));
    table.get("groups/:id/invited_groups", |cx| invited(cx, seen_group));
    table.get("groups/:id/groups/shared", shared_groups);
    table.get("groups/:id/projects/shared", shared_projects);
    table.post("projects/:id/share", share_project);
    table.delete("projects/:id/share/:group_id", |cx| unshare(cx, project));
    table.get("projects/:id/invited_groups", |cx| {
        invited(cx, seen_project)
    });
    table.get("projects/:id/groups", groups_of_project);
}

type Resolve = fn(&Cx<'_>) -> Result<Owner, ApiError>;

fn group(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Group(cx.group_as(OWNER)?.id))
}

fn project(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Project(cx.project_as(MAINTAINER)?.id))
}

fn seen_group(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Group(cx.group()?.id))
}

fn seen_project(cx: &Cx<'_>) -> Result<Owner, ApiError> {
    Ok(Owner::Project(cx.project()?.id))
}

/// The groups something is shared with, as they stand in its own answer.
pub(crate) fn shown(cx: &Cx<'_>, owner: Owner) -> Value {
    let shares = cx.world.shares.iter().filter(|share| share.owner == owner);
    let rows: Vec<Value> = shares
        .filter_map(|share| {
            let group = cx.world.groups.get(&share.group)?;
            Some(json!({
                "group_id": group.id,
                "group_name": group.name,
                "group_full_path": cx.world.group_path(group.id),
                "group_access_level": share.level,
                "expires_at": share.expires_at,
            }))
        })
        .collect();
    json!(rows)
}

/// The projects shared with a group that the caller sees.
pub(crate) fn projects_of(cx: &Cx<'_>, group: u64) -> Vec<Project> {
    let shares = cx.world.shares.iter().filter(|share| share.group == group);
    let projects = shares.filter_map(|share| match share.owner {
        Owner::Project(id) => cx.world.projects.get(&id),
        Owner::Group(_) => None,
    });
    projects
        .filter(|project| cx.sees_project(project))
        .cloned()
        .collect()
}

/// What a request wants to share, and with whom.
fn wanted(cx: &Cx<'_>, owner: Owner) -> Result<Share, ApiError> {
    let reference = cx.params.required("group_id")?;
    let level = cx.params.required_id("group_access")?;
    let level = u8::try_from(level).ok();
    let level = level.filter(|level| (GUEST..=OWNER).contains(level) && level % 5 == 0);
    let level = level.ok_or_else(|| ApiError::not_a_choice("group_access"))?;
    let group = cx.group_named(&reference)?.id;
    Ok(Share {
        owner,
        group,
        level,
        expires_at: cx.params.time("expires_at")?.map(crate::Timestamp::date),
    })
}

fn known(cx: &Cx<'_>, owner: Owner, group: u64) -> bool {
    let mut shares = cx.world.shares.iter();
    shares.any(|share| share.owner == owner && share.group == group)
}

fn share_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let owner = group(cx)?;
    let share = wanted(cx, owner)?;
    if known(cx, owner, share.group) {
        return Err(ApiError::conflict(
            "The group has already been shared with this group",
        ));
    }
    if owner == Owner::Group(share.group) {
        return Err(ApiError::conflict("A group cannot be shared with itself"));
    }
    cx.world.shares.push(share);
    let group = cx.group()?;
    let mut value = groups::entity(cx, &group);
    if let Value::Object(all) = &mut value {
        all.insert("shared_with_groups".to_owned(), shown(cx, owner));
    }
    Ok(Answer::created(&value))
}

fn share_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let place = cx.project_as(MAINTAINER)?;
    let owner = Owner::Project(place.id);
    let share = wanted(cx, owner)?;
    if place.namespace == Namespace::Group(share.group) {
        return Err(ApiError::conflict(
            "Group cannot share a project with a group it is in or one of its ancestors.",
        ));
    }
    if known(cx, owner, share.group) {
        return Err(ApiError::conflict("Group already shared with this group"));
    }
    // Nobody gives more than they have.
    if share.level > cx.level_in(&place) {
        return Err(ApiError::forbidden());
    }
    let answer = json!({
        "id": cx.world.next_id("share"),
        "project_id": place.id,
        "group_id": share.group,
        "group_access": share.level,
        "expires_at": share.expires_at,
    });
    cx.world.shares.push(share);
    Ok(Answer::created(&answer))
}

fn unshare(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = resolve(cx)?;
    let group = cx.number("group_id", "Group Link")?;
    if !known(cx, owner, group) {
        return Err(ApiError::gone());
    }
    let shares = &mut cx.world.shares;
    shares.retain(|share| share.owner != owner || share.group != group);
    Ok(Answer::no_content())
}

fn invited(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let owner = resolve(cx)?;
    let shares = cx.world.shares.iter().filter(|share| share.owner == owner);
    let found = shares.filter_map(|share| cx.world.groups.get(&share.group));
    let found: Vec<Group> = found
        .filter(|group| cx.sees_group(group))
        .cloned()
        .collect();
    groups::answer(cx, found)
}

/// The groups that let the members of this group in.
fn shared_groups(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?.id;
    let shares = cx.world.shares.iter().filter(|share| share.group == group);
    let found = shares.filter_map(|share| match share.owner {
        Owner::Group(id) => cx.world.groups.get(&id),
        Owner::Project(_) => None,
    });
    let found: Vec<Group> = found
        .filter(|group| cx.sees_group(group))
        .cloned()
        .collect();
    groups::answer(cx, found)
}

fn shared_projects(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?.id;
    let found = projects::filtered(cx, projects_of(cx, group))?;
    projects::answer(cx, found)
}

/// The groups above a project and, with `with_shared`, those it is shared with.
fn groups_of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let skipped = cx.params.ids("skip_groups")?.unwrap_or_default();
    let only_seen = cx.params.is_set("shared_visible_only")?;
    let at_least = cx.params.integer("shared_min_access_level")?.unwrap_or(0);
    let mut found: Vec<&Group> = match project.namespace {
        Namespace::Group(id) => cx.world.ancestry(id).collect(),
        Namespace::User(_) => Vec::new(),
    };
    if cx.params.is_set("with_shared")? {
        let owner = Owner::Project(project.id);
        let shares = cx.world.shares.iter().filter(|share| share.owner == owner);
        let shares = shares.filter(|share| i64::from(share.level) >= at_least);
        let invited = shares.filter_map(|share| cx.world.groups.get(&share.group));
        found.extend(invited.filter(|group| !only_seen || cx.sees_group(group)));
    }
    found.retain(|group| {
        !skipped.contains(&group.id) && group.name.to_lowercase().contains(&search)
    });
    found.sort_by_key(|group| group.id);
    found.dedup_by_key(|group| group.id);
    pagination::offset(cx, &found, |group| groups::short(cx, group))
}
