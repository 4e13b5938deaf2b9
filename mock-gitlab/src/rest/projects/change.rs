//! Creating and changing projects.

use serde_json::Value;

use super::entity::full;
use super::settings;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::avatars;
use crate::world::access::{DEVELOPER, MAINTAINER, OWNER};
use crate::world::repository::Change;
use crate::world::{Namespace, NewProject, Visibility};

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let (name, path) = match (cx.params.filled("name"), cx.params.filled("path")) {
        (None, None) => {
            return Err(ApiError::error(
                400,
                "name, path are missing, at least one parameter must be provided",
            ));
        }
        (Some(name), None) => (name.clone(), slug(&name)),
        (None, Some(path)) => (path.clone(), path),
        (Some(name), Some(path)) => (name, path),
    };
    let namespace = namespace_for_new(cx, "namespace_id")?.unwrap_or(Namespace::User(user.id));
    check_new_path(cx, namespace, &path, &name)?;
    let visibility = visibility(cx)?.unwrap_or(Visibility::Private);
    let description = cx.params.text("description").unwrap_or_default();
    let avatar = avatars::changed(cx, None)?;
    let new = NewProject {
        name: &name,
        path: &path,
        namespace,
        description: &description,
        visibility,
    };
    let (now, default_branch) = (cx.now, cx.params.filled("default_branch"));
    let id = cx.world.add_project(new, user.id, now);
    let branch = default_branch.unwrap_or_else(|| "main".to_owned());
    let readme = cx.params.is_set("initialize_with_readme")?;
    let author = cx.person(&user);
    if let Some(repository) = cx.world.repositories.get_mut(&id) {
        repository.default_branch.clone_from(&branch);
        if readme {
            let file = [Change::create(
                "README.md",
                &format!("# {name}\n\n{description}\n"),
            )];
            repository
                .commit_to(&branch, &file, &author, "Initial commit")
                .ok();
        }
    }
    cx.world.protect_branch(id, &branch);
    let topics = cx
        .params
        .list("topics")
        .or_else(|| cx.params.list("tag_list"));
    if let Some(project) = cx.world.projects.get_mut(&id) {
        project.avatar = avatar;
        project.topics = topics.unwrap_or_default();
    }
    change_settings(cx, id);
    created(cx, id)
}

fn created(cx: &Cx<'_>, id: u64) -> Result<Answer, ApiError> {
    let project = cx
        .world
        .projects
        .get(&id)
        .ok_or_else(|| ApiError::not_found("Project"))?;
    Ok(Answer::created(&full(cx, project)))
}

/// The namespace a parameter names, by number or path, if the caller may create there.
pub(crate) fn namespace_for_new(
    cx: &Cx<'_>,
    parameter: &str,
) -> Result<Option<Namespace>, ApiError> {
    let Some(wanted) = cx.params.filled(parameter) else {
        return Ok(None);
    };
    let user = cx.user()?;
    if wanted == user.namespace_id.to_string() || wanted.eq_ignore_ascii_case(&user.username) {
        return Ok(Some(Namespace::User(user.id)));
    }
    let other = cx.world.users.values().find(|other| {
        wanted == other.namespace_id.to_string() || wanted.eq_ignore_ascii_case(&other.username)
    });
    if let Some(other) = other.filter(|_| user.admin) {
        return Ok(Some(Namespace::User(other.id)));
    }
    let hidden = || ApiError::validation("namespace", "is not valid");
    let group = cx.group_named(&wanted).map_err(|_| hidden())?;
    if cx.level_in_group(&group) >= DEVELOPER {
        Ok(Some(Namespace::Group(group.id)))
    } else {
        Err(hidden())
    }
}

/// A path must look like one and be free.
pub(crate) fn check_new_path(
    cx: &Cx<'_>,
    namespace: Namespace,
    path: &str,
    name: &str,
) -> Result<(), ApiError> {
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = [".git", ".atom", "."]
        .iter()
        .any(|ending| path.ends_with(ending));
    if path.is_empty()
        || path.len() > 255
        || !path.chars().all(sane)
        || path.starts_with('-')
        || ends
    {
        return Err(ApiError::validation(
            "path",
            "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
        ));
    }
    let taken = |field: &str, same: &dyn Fn(&crate::world::Project) -> bool| {
        let exists = cx
            .world
            .projects
            .values()
            .any(|p| p.namespace == namespace && same(p));
        if exists {
            Err(ApiError::validation(field, "has already been taken"))
        } else {
            Ok(())
        }
    };
    taken("path", &|project| project.path.eq_ignore_ascii_case(path))?;
    taken("name", &|project| project.name.eq_ignore_ascii_case(name))
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(MAINTAINER)?;
    let visibility = visibility(cx)?;
    if visibility.is_some_and(|v| v != project.visibility) && cx.level_in(&project) < OWNER {
        return Err(ApiError::forbidden());
    }
    project.visibility = visibility.unwrap_or(project.visibility);
    let former = cx.world.project_path(&project);
    if let Some(path) = cx
        .params
        .filled("path")
        .filter(|path| *path != project.path)
    {
        check_new_path(cx, project.namespace, &path, "")?;
        project.former_paths.push(former);
        project.path = path;
    }
    if let Some(name) = cx.params.filled("name") {
        project.name = name;
    }
    if let Some(text) = cx.params.text("description") {
        project.description = text;
    }
    if let Some(topics) = cx
        .params
        .list("topics")
        .or_else(|| cx.params.list("tag_list"))
    {
        project.topics = topics;
    }
    if let Some(branch) = cx.params.filled("default_branch") {
        let repository = cx.world.repositories.get_mut(&project.id);
        let known = repository.filter(|repository| repository.branches.contains_key(&branch));
        match known {
            Some(repository) => repository.default_branch = branch,
            None => {
                return Err(ApiError::validation(
                    "base",
                    "Could not change HEAD: branch does not exist",
                ));
            }
        }
    }
    project.avatar = avatars::changed(cx, project.avatar)?;
    let id = project.id;
    cx.world.projects.insert(id, project);
    change_settings(cx, id);
    let project = cx.project_named(&id.to_string())?;
    Ok(Answer::json(&full(cx, &project)))
}

/// Takes over every parameter that is a setting and has the setting's type.
fn change_settings(cx: &mut Cx<'_>, id: u64) {
    let mut changes = Vec::new();
    for (name, default) in settings::defaults() {
        let value = match default {
            Value::Bool(_) => cx.params.flag(&name).ok().flatten().map(Value::Bool),
            Value::Number(_) => cx.params.integer(&name).ok().flatten().map(Value::from),
            Value::String(_) | Value::Null => cx.params.text(&name).map(Value::String),
            Value::Array(_) | Value::Object(_) => None,
        };
        changes.extend(value.map(|value| (name, value)));
    }
    if let Some(project) = cx.world.projects.get_mut(&id) {
        project.settings.extend(changes);
    }
}

pub(super) fn visibility(cx: &Cx<'_>) -> Result<Option<Visibility>, ApiError> {
    let word = cx
        .params
        .choice("visibility", &["private", "internal", "public"])?;
    Ok(word.and_then(Visibility::parse))
}

/// `My Music Box!` becomes `my-music-box`.
fn slug(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') {
            c
        } else {
            '-'
        }
    };
    let dashed: String = name.to_lowercase().chars().map(plain).collect();
    dashed
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Moves a project to another namespace; its old path redirects from then on.
pub(super) fn transfer(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut project = cx.project_as(OWNER)?;
    cx.params.required("namespace")?;
    let hidden = || ApiError::not_found("Namespace");
    let namespace = namespace_for_new(cx, "namespace")
        .map_err(|_| hidden())?
        .ok_or_else(hidden)?;
    if namespace == project.namespace {
        return Err(ApiError::bad_request(
            "Project is already in this namespace.",
        ));
    }
    if check_new_path(cx, namespace, &project.path, &project.name).is_err() {
        let text = "Project with same name or path in target namespace already exists";
        return Err(ApiError::bad_request(text));
    }
    project.former_paths.push(cx.world.project_path(&project));
    project.namespace = namespace;
    cx.world.projects.insert(project.id, project.clone());
    Ok(Answer::json(&full(cx, &project)))
}
