//! Creating, changing and deleting groups.

use super::entity::{entity, settings};
use super::visibility;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::avatars;
use crate::rest::settings as instance_settings;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Home, NewGroup, Visibility};

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    if user.details.get("can_create_group") == Some(&false.into()) {
        return Err(ApiError::forbidden());
    }
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
    let visibility = visibility(cx)?.unwrap_or_else(|| usual_visibility(cx));
    check_visibility(cx, parent, visibility)?;
    let (settings, avatar) = (settings(cx)?, avatars::changed(cx, None)?);
    let description = cx.params.text("description").unwrap_or_default();
    let new = NewGroup {
        name: &name,
        path: &path,
        parent,
        description: &description,
        visibility,
    };
    let id = cx.world.add_group(new, user.id, cx.now);
    if let Some(group) = cx.world.groups.get_mut(&id) {
        group.settings = settings;
        group.avatar = avatar;
    }
    let group = cx.group_named(&id.to_string())?;
    cx.audit(Home::Group(id), "group_created", &group.path);
    Ok(Answer::created(&entity(cx, &group)))
}

fn usual_visibility(cx: &Cx<'_>) -> Visibility {
    let set = instance_settings::changed(cx.world, "default_group_visibility");
    let set = set
        .and_then(|value| value.as_str())
        .and_then(Visibility::parse);
    set.unwrap_or(Visibility::Private)
}

/// Nothing is more visible than what it lies in.
fn check_visibility(cx: &Cx<'_>, parent: Option<u64>, wanted: Visibility) -> Result<(), ApiError> {
    let above = parent.and_then(|id| cx.world.groups.get(&id));
    match above.filter(|above| above.visibility < wanted) {
        None => Ok(()),
        Some(above) => Err(ApiError::bad_request(&format!(
            "Failed to save group {{:visibility_level=>[\"{} is not allowed since the parent group has a {} visibility.\"]}}",
            wanted.name(),
            above.visibility.name()
        ))),
    }
}

/// Nor does it become less visible than what lies in it.
fn check_contents(cx: &Cx<'_>, group: u64, wanted: Visibility) -> Result<(), ApiError> {
    let mut groups = cx.world.groups.values().filter(|g| g.parent == Some(group));
    let in_group = crate::world::Namespace::Group(group);
    let mut projects = cx
        .world
        .projects
        .values()
        .filter(|p| p.namespace == in_group);
    let because = |what: &str| {
        let text = format!(
            "{} is not allowed since {what} with higher visibility.",
            wanted.name()
        );
        Err(ApiError::validation("visibility_level", &text))
    };
    if projects.any(|project| project.visibility > wanted) {
        return because("this group contains projects");
    }
    if groups.any(|group| group.visibility > wanted) {
        return because("there are sub-groups");
    }
    Ok(())
}

pub(super) fn check_path(cx: &Cx<'_>, parent: Option<u64>, path: &str) -> Result<(), ApiError> {
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
    if let Some(wanted) = visibility(cx)?.filter(|wanted| *wanted != group.visibility) {
        check_visibility(cx, group.parent, wanted)?;
        check_contents(cx, group.id, wanted)?;
        group.visibility = wanted;
    }
    group.settings.extend(settings(cx)?);
    group.avatar = avatars::changed(cx, group.avatar)?;
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

/// Read-only and back; 422 when it is so already.
pub(super) fn set_archived(cx: &mut Cx<'_>, archived: bool) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    if group.archived == archived {
        let text = if archived {
            "Group is already archived!"
        } else {
            "Group is already unarchived!"
        };
        return Err(ApiError::message(422, text));
    }
    group.archived = archived;
    cx.world.groups.insert(group.id, group.clone());
    Ok(Answer::created(&entity(cx, &group)))
}

pub(super) fn restore(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut group = cx.group_as(OWNER)?;
    group.marked_for_deletion_on = None;
    cx.world.groups.insert(group.id, group.clone());
    Ok(Answer::created(&entity(cx, &group)))
}
