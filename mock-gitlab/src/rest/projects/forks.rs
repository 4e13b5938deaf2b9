//! Forks. <https://docs.gitlab.com/api/project_forks/>

use super::change::{check_new_path, namespace_for_new, visibility};
use super::entity::full;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
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
