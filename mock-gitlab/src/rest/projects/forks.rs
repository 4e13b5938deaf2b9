//! Forks. <https://docs.gitlab.com/api/project_forks/>

use super::change::{check_new_path, namespace_for_new, visibility};
use super::entity::full;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::world::access::OWNER;
use crate::world::{Namespace, NewProject, Project};

pub(super) fn fork(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let origin = cx.readable_project()?;
    let user = cx.user()?;
    let mut namespace = Namespace::User(user.id);
    for parameter in ["namespace_id", "namespace_path", "namespace"] {
        match namespace_for_new(cx, parameter) {
            Ok(Some(found)) => namespace = found,
            Ok(None) => {}
            Err(_) => return Err(ApiError::not_found("Target Namespace")),
        }
    }
    let path = cx
        .params
        .filled("path")
        .unwrap_or_else(|| origin.path.clone());
    let name = cx
        .params
        .filled("name")
        .unwrap_or_else(|| origin.name.clone());
    if check_new_path(cx, namespace, &path, &name).is_err() {
        let text = "Project namespace name has already been taken";
        return Err(ApiError::conflict(serde_json::json!([
            text,
            "Name has already been taken",
            "Path has already been taken"
        ])));
    }
    let visibility = visibility(cx)?
        .unwrap_or(origin.visibility)
        .min(origin.visibility);
    let description = cx
        .params
        .text("description")
        .unwrap_or_else(|| origin.description.clone());
    let new = NewProject {
        name: &name,
        path: &path,
        namespace,
        description: &description,
        visibility,
    };
    let id = cx.world.add_project(new, user.id, cx.now);
    if let Some(copy) = cx.world.repositories.get(&origin.id).cloned() {
        cx.world.protect_branch(id, &copy.default_branch);
        cx.world.repositories.insert(id, copy);
    }
    if let Some(project) = cx.world.projects.get_mut(&id) {
        project.forked_from = Some(origin.id);
        project.settings.clone_from(&origin.settings);
    }
    let project = cx.project_named(&id.to_string())?;
    Ok(Answer::created(&full(cx, &project)))
}

pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let origin = cx.project()?;
    let forks: Vec<&Project> = cx
        .world
        .projects
        .values()
        .filter(|project| project.forked_from == Some(origin.id) && cx.sees_project(project))
        .collect();
    pagination::offset(cx, &forks, |project| full(cx, project))
}

/// Makes a project the fork of another one after the fact: for administrators.
pub(super) fn relate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let project = cx.project()?;
    let origin = cx.project_named(cx.path.get("forked_from_id"))?;
    if project.forked_from.is_some() {
        return Err(ApiError::conflict("Project already forked"));
    }
    if origin.id == project.id {
        return Err(ApiError::validation(
            "base",
            "Project is already in its own fork network",
        ));
    }
    if let Some(project) = cx.world.projects.get_mut(&project.id) {
        project.forked_from = Some(origin.id);
    }
    let project = cx.project()?;
    Ok(Answer::created(&full(cx, &project)))
}

/// Cuts the relation; 304 when there is none.
pub(super) fn unrelate(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(OWNER)?;
    if project.forked_from.is_none() {
        return Ok(Answer::text(304, ""));
    }
    if let Some(project) = cx.world.projects.get_mut(&project.id) {
        project.forked_from = None;
    }
    Ok(Answer::no_content())
}
