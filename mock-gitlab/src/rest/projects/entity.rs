//! How a project looks from outside.

use serde_json::{Map, Value, json};

use super::settings;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::{avatars, shares, users};
use crate::world::access::MAINTAINER;
use crate::world::{Namespace, Owner, Project, Repository, Visibility};

/// The short form of lists and nested places.
pub(crate) fn short(cx: &Cx<'_>, project: &Project) -> Value {
    let path = cx.world.project_path(project);
    let url = cx.site.url(&format!("/{path}"));
    let space = match project.namespace {
        Namespace::User(id) => cx
            .world
            .users
            .get(&id)
            .map_or_else(String::new, |u| u.name.clone()),
        Namespace::Group(id) => cx.world.group_name(id),
    };
    json!({
        "id": project.id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": format!("{space} / {}", project.name),
        "path": project.path,
        "path_with_namespace": path,
        "created_at": project.created_at,
        "default_branch": default_branch(cx, project),
        "tag_list": project.topics,
        "topics": project.topics,
        "ssh_url_to_repo": format!("git@{}:{path}.git", cx.site.host()),
        "http_url_to_repo": format!("{url}.git"),
        "web_url": url,
        "readme_url": readme(cx, project).map(|(branch, file)| format!("{url}/-/blob/{branch}/{file}")),
        "forks_count": cx.world.projects.values().filter(|p| p.forked_from == Some(project.id)).count(),
        "avatar_url": avatars::url(cx.site, "project", project.id, project.avatar.as_ref()),
        "star_count": project.star_count,
        "last_activity_at": project.last_activity_at,
        "visibility": project.visibility.name(),
        "namespace": namespace(cx, project.namespace),
    })
}

/// What signed-in callers get.
pub(crate) fn full(cx: &Cx<'_>, project: &Project) -> Value {
    let mut value = short(cx, project);
    let path = cx.world.project_path(project);
    let api = |rest: &str| cx.site.api_url(&format!("/projects/{}{rest}", project.id));
    let Value::Object(all) = &mut value else {
        return value;
    };
    let open_issues = cx
        .world
        .issues
        .values()
        .filter(|i| i.project == project.id && i.state == "opened")
        .count();
    put(
        all,
        json!({
            "container_registry_image_prefix": format!("registry.{}/{path}", cx.site.host()),
            "_links": {
                "self": api(""),
                "issues": api("/issues"),
                "merge_requests": api("/merge_requests"),
                "repo_branches": api("/repository/branches"),
                "labels": api("/labels"),
                "events": api("/events"),
                "members": api("/members"),
                "cluster_agents": api("/cluster_agents"),
            },
            "marked_for_deletion_at": project.marked_for_deletion_on,
            "marked_for_deletion_on": project.marked_for_deletion_on,
            "packages_enabled": true,
            "empty_repo": cx.world.repositories.get(&project.id).is_none_or(Repository::is_empty),
            "archived": project.archived,
            "resolve_outdated_diff_discussions": false,
            "creator_id": project.creator,
            "import_status": if project.forked_from.is_some() { "finished" } else { "none" },
            "open_issues_count": open_issues,
            "description_html": format!("<p dir=\"auto\">{}</p>", escape(&project.description)),
            "updated_at": project.last_activity_at,
        }),
    );
    if let Namespace::User(owner) = project.namespace {
        all.insert("owner".to_owned(), users::basic_by_id(cx, owner));
    }
    all.extend(settings::defaults());
    put(all, Value::Object(project.settings.clone()));
    let shares = shares::shown(cx, Owner::Project(project.id));
    all.insert("shared_with_groups".to_owned(), shares);
    if let Some(origin) = project
        .forked_from
        .and_then(|id| cx.world.projects.get(&id))
    {
        all.insert("forked_from_project".to_owned(), short(cx, origin));
    }
    if cx.level_in(project) >= MAINTAINER {
        // Really there, really secret: clients must not hand it on.
        all.insert(
            "runners_token".to_owned(),
            json!(format!("GR1348941mock-{:06}", project.id)),
        );
    }
    all.insert("permissions".to_owned(), permissions(cx, project));
    value
}

/// `statistics=true` and `license=true`.
pub(super) fn with_details(
    cx: &Cx<'_>,
    project: &Project,
    value: &mut Value,
) -> Result<(), ApiError> {
    let Value::Object(all) = value else {
        return Ok(());
    };
    if cx.params.is_set("statistics")? && cx.level_in(project) > 0 {
        let repository = cx.world.repositories.get(&project.id);
        let size = repository.map_or(0, Repository::size);
        let commits = repository
            .and_then(|repository| Some(repository.log(&[repository.resolve("HEAD")?]).len()))
            .unwrap_or(0);
        put(
            all,
            json!({"statistics": {
                "commit_count": commits, "storage_size": size, "repository_size": size,
                "wiki_size": 0, "lfs_objects_size": 0, "job_artifacts_size": 0,
                "pipeline_artifacts_size": 0, "packages_size": 0, "snippets_size": 0, "uploads_size": 0,
                "container_registry_size": 0,
            }}),
        );
    }
    if cx.params.is_set("license")? {
        put(all, json!({ "license_url": null, "license": null }));
    }
    Ok(())
}

/// The namespace block of projects, and the answer of `/namespaces`.
pub(crate) fn namespace(cx: &Cx<'_>, namespace: Namespace) -> Value {
    match namespace {
        Namespace::User(id) => cx.world.users.get(&id).map_or(Value::Null, |user| {
            json!({
                "id": user.namespace_id, "name": user.name, "path": user.username, "kind": "user",
                "full_path": user.username, "parent_id": null, "avatar_url": null,
                "web_url": cx.site.url(&format!("/{}", user.username)),
            })
        }),
        Namespace::Group(id) => cx.world.groups.get(&id).map_or(Value::Null, |group| {
            let path = cx.world.group_path(id);
            json!({
                "id": id, "name": group.name, "path": group.path, "kind": "group",
                "full_path": path, "parent_id": group.parent, "avatar_url": null,
                "web_url": cx.site.url(&format!("/groups/{path}")),
            })
        }),
    }
}

fn permissions(cx: &Cx<'_>, project: &Project) -> Value {
    let access = |level: Option<u8>| {
        level
            .filter(|level| *level > 0)
            .map(|level| json!({ "access_level": level, "notification_level": 3 }))
    };
    let Some(user) = cx.caller.user else {
        return Value::Null;
    };
    let direct = project
        .members
        .iter()
        .find(|member| member.user == user)
        .map(|m| m.level);
    let group = match project.namespace {
        Namespace::Group(id) => Some(cx.world.group_level(user, id)),
        Namespace::User(_) => None,
    };
    json!({ "project_access": access(direct), "group_access": access(group) })
}

fn default_branch(cx: &Cx<'_>, project: &Project) -> Option<String> {
    let repository = cx.world.repositories.get(&project.id)?;
    let seen = project.visibility != Visibility::Private || cx.reads_code(project);
    Some(repository.default_branch.clone()).filter(|_| seen && !repository.is_empty())
}

fn readme(cx: &Cx<'_>, project: &Project) -> Option<(String, &'static str)> {
    let repository = cx.world.repositories.get(&project.id)?;
    let head = repository.resolve("HEAD")?;
    repository.entry_at(head, "README.md")?;
    Some((repository.default_branch.clone(), "README.md"))
}

fn put(all: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        all.extend(more);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
