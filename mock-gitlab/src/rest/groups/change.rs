//! Creating, changing and deleting groups.

use super::{entity, visibility};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{NewGroup, Visibility};

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let (name, path) = (cx.params.required("name")?, cx.params.required("path")?);
    let parent = match cx.params.filled("parent_id") {
        None => None,
        Some(reference) => {
            let parent = cx.group_named(&reference)?;
            if cx.level_in_group(&parent) < MAINTAINER {
                return Err(ApiError::forbidden());
            }
            Some(parent.id)
        }
    };
    check_path(cx, parent, &path)?;
    let visibility = visibility(cx)?.unwrap_or(Visibility::Private);
    let description = cx.params.text("description").unwrap_or_default();
    let new = NewGroup {
        name: &name,
        path: &path,
        parent,
        description: &description,
        visibility,
    };
    let id = cx.world.add_group(new, user.id, cx.now);
    let group = cx.group_named(&id.to_string())?;
    Ok(Answer::created(&entity(cx, &group)))
}

fn check_path(cx: &Cx<'_>, parent: Option<u64>, path: &str) -> Result<(), ApiError> {
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if path.is_empty() || path.len() > 255 || !path.chars().all(sane) || path.starts_with('-') {
        return Err(ApiError::bad_request(
            "Failed to save group {:path=>[\"is invalid\"]}",
        ));
    }
    let groups = cx.world.groups.values();
    let mut siblings = groups.filter(|group| group.parent == parent);
    let by_user = parent.is_none() && cx.world.users.values().any(|u| u.username == path);
    if by_user || siblings.any(|group| group.path.eq_ignore_ascii_case(path)) {
        return Err(ApiError::bad_request(
            "Failed to save group {:path=>[\"has already been taken\"]}",
        ));
    }
    Ok(())
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    if let Some(path) = cx.params.filled("path").filter(|path| *path != group.path) {
        check_path(cx, group.parent, &path)?;
        group.path = path;
    }
    if let Some(name) = cx.params.filled("name") {
        group.name = name;
    }
    if let Some(text) = cx.params.text("description") {
        group.description = text;
    }
    group.visibility = visibility(cx)?.unwrap_or(group.visibility);
    cx.world.groups.insert(group.id, group.clone());
    Ok(Answer::json(&entity(cx, &group)))
}

/// A mark first, as with projects.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    if group.marked_for_deletion_on.is_none() {
        group.marked_for_deletion_on = Some(cx.now.date());
        cx.world.groups.insert(group.id, group);
        return Ok(Answer::accepted());
    }
    if !cx.params.is_set("permanently_remove")? {
        return Err(ApiError::bad_request(
            "Group has been already marked for deletion",
        ));
    }
    if cx.params.text("full_path").as_deref() != Some(&cx.world.group_path(group.id)) {
        return Err(ApiError::bad_request(
            "`full_path` is incorrect. You must enter the complete path for the subgroup.",
        ));
    }
    cx.world.remove_group(group.id);
    Ok(Answer::accepted())
}

pub(super) fn restore(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    group.marked_for_deletion_on = None;
    cx.world.groups.insert(group.id, group.clone());
    Ok(Answer::created(&entity(cx, &group)))
}
