//! Moving groups, and projects into groups.
//! <https://docs.gitlab.com/api/groups/#transfer-a-group>

use super::change::check_path;
use super::entity::{entity, short};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Group, Namespace};

fn failed(reason: &str) -> ApiError {
    ApiError::bad_request(&format!("Transfer failed: {reason}"))
}

/// Below another group, or to the top when none is named.
pub(super) fn transfer(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    let target = match cx.params.filled("group_id") {
        None => None,
        Some(reference) => Some(cx.group_named(&reference)?),
    };
    match &target {
        None if group.parent.is_none() => {
            return Err(failed("Group is already a root group."));
        }
        Some(target) if group.parent == Some(target.id) => {
            return Err(failed("Group is already associated to the parent group."));
        }
        Some(target) if cx.world.lies_below(target.id, group.id) => {
            return Err(failed("Cannot transfer group to one of its subgroup."));
        }
        Some(target) if cx.level_in_group(target) < OWNER => {
            return Err(failed("You don't have enough permissions."));
        }
        _ => {}
    }
    let parent = target.as_ref().map(|target| target.id);
    if check_path(cx, parent, &group.path).is_err() {
        return Err(failed(
            "The parent group already has a subgroup or a project with the same path.",
        ));
    }
    if target.is_some_and(|target| target.visibility < group.visibility) {
        return Err(failed(
            "The visibility of the group is higher than that of its parent.",
        ));
    }
    remember_paths(cx, group.id);
    group.parent = parent;
    cx.world.groups.insert(group.id, group.clone());
    Ok(Answer::created(&entity(cx, &group)))
}

/// The projects below redirect from where they were.
fn remember_paths(cx: &mut Cx<'_>, group: u64) {
    let below = cx.world.projects_below(group);
    let paths: Vec<(u64, String)> = below
        .map(|project| (project.id, cx.world.project_path(project)))
        .collect();
    for (id, path) in paths {
        if let Some(project) = cx.world.projects.get_mut(&id) {
            project.former_paths.push(path);
        }
    }
}

/// Where the caller could move the group to.
pub(super) fn locations(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let fits = |other: &&Group| {
        cx.level_in_group(other) >= OWNER
            && group.parent != Some(other.id)
            && !cx.world.lies_below(other.id, group.id)
            && other.name.to_lowercase().contains(&search)
    };
    let found: Vec<&Group> = cx.world.groups.values().filter(fits).collect();
    pagination::offset(cx, &found, |group| short(cx, group))
}

/// For administrators. <https://docs.gitlab.com/api/groups/#transfer-a-project-to-a-group>
pub(super) fn take_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let group = cx.group_as(MAINTAINER)?;
    let mut project = cx.project_named(cx.path.get("project_id"))?;
    let namespace = Namespace::Group(group.id);
    let mut others = cx.world.projects.values();
    if others.any(|other| other.namespace == namespace && other.path == project.path) {
        return Err(failed(
            "Project with same name or path in target namespace already exists",
        ));
    }
    project.former_paths.push(cx.world.project_path(&project));
    project.namespace = namespace;
    cx.world.projects.insert(project.id, project);
    Ok(Answer::created(&entity(cx, &group)))
}
