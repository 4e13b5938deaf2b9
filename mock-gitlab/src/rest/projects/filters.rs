//! Which projects a list shows, and in which order.

use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::OWNER;
use crate::world::{Project, Visibility};

/// Everything the caller may see.
pub(crate) fn visible_projects(cx: &Cx<'_>) -> Vec<Project> {
    cx.world
        .projects
        .values()
        .filter(|project| cx.sees_project(project))
        .cloned()
        .collect()
}

/// The filters and orders of `GET /projects` and `GET /groups/:id/projects`.
pub(crate) fn filtered(cx: &Cx<'_>, mut projects: Vec<Project>) -> Result<Vec<Project>, ApiError> {
    by_relation(cx, &mut projects)?;
    by_property(cx, &mut projects)?;
    by_text(cx, &mut projects)?;
    sort(cx, &mut projects)?;
    Ok(projects)
}

/// What the caller is to the project.
fn by_relation(cx: &Cx<'_>, projects: &mut Vec<Project>) -> Result<(), ApiError> {
    let (owned, member) = (cx.params.is_set("owned")?, cx.params.is_set("membership")?);
    let at_least = cx.params.integer("min_access_level")?.unwrap_or(0);
    if !owned && !member && at_least == 0 {
        return Ok(());
    }
    let Some(user) = cx.caller.user else {
        projects.clear();
        return Ok(());
    };
    projects.retain(|project| {
        let level = cx.world.project_level(user, project);
        (!owned || level >= OWNER) && (!member || level > 0) && i64::from(level) >= at_least
    });
    Ok(())
}

fn by_property(cx: &Cx<'_>, projects: &mut Vec<Project>) -> Result<(), ApiError> {
    let params = &cx.params;
    let visibility = params.choice("visibility", &["private", "internal", "public"])?;
    let visibility = visibility.and_then(Visibility::parse);
    let archived = params.flag("archived")?;
    let active = params.flag("active")?;
    let starred = params.is_set("starred")?;
    let after = params.id("id_after")?;
    let before = params.id("id_before")?;
    let (active_after, active_before) = (
        params.time("last_activity_after")?,
        params.time("last_activity_before")?,
    );
    let topics = params.list("topic").unwrap_or_default();
    let issues = params.is_set("with_issues_enabled")?;
    let merge_requests = params.is_set("with_merge_requests_enabled")?;
    let enabled = |project: &Project, name: &str| {
        project
            .settings
            .get(name)
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(true)
    };
    projects.retain(|project| {
        let gone = project.archived || project.marked_for_deletion_on.is_some();
        visibility.is_none_or(|wanted| project.visibility == wanted)
            && archived.is_none_or(|wanted| project.archived == wanted)
            && active.is_none_or(|wanted| wanted != gone)
            && (!starred || project.star_count > 0)
            && after.is_none_or(|bound| project.id > bound)
            && before.is_none_or(|bound| project.id < bound)
            && active_after.is_none_or(|bound| project.last_activity_at >= bound)
            && active_before.is_none_or(|bound| project.last_activity_at <= bound)
            && topics.iter().all(|topic| project.topics.contains(topic))
            && (!issues || enabled(project, "issues_enabled"))
            && (!merge_requests || enabled(project, "merge_requests_enabled"))
    });
    Ok(())
}

fn by_text(cx: &Cx<'_>, projects: &mut Vec<Project>) -> Result<(), ApiError> {
    let Some(search) = cx.params.filled("search") else {
        return Ok(());
    };
    let search = search.to_lowercase();
    let with_namespace = cx.params.is_set("search_namespaces")? || search.contains('/');
    projects.retain(|project| {
        let path = cx.world.project_path(project).to_lowercase();
        project.name.to_lowercase().contains(&search)
            || project.path.to_lowercase().contains(&search)
            || project.description.to_lowercase().contains(&search)
            || (with_namespace && path.contains(&search))
    });
    Ok(())
}

fn sort(cx: &Cx<'_>, projects: &mut [Project]) -> Result<(), ApiError> {
    const ORDERS: [&str; 12] = [
        "id",
        "name",
        "path",
        "created_at",
        "updated_at",
        "last_activity_at",
        "similarity",
        "star_count",
        "repository_size",
        "storage_size",
        "packages_size",
        "wiki_size",
    ];
    let order = cx
        .params
        .choice("order_by", &ORDERS)?
        .unwrap_or("created_at");
    match order {
        "name" => projects.sort_by_key(|project| project.name.to_lowercase()),
        "path" => projects.sort_by_key(|project| project.path.clone()),
        "updated_at" | "last_activity_at" => projects.sort_by_key(|p| (p.last_activity_at, p.id)),
        "star_count" => projects.sort_by_key(|project| (project.star_count, project.id)),
        "created_at" => projects.sort_by_key(|project| (project.created_at, project.id)),
        _ => projects.sort_by_key(|project| project.id),
    }
    if !cx.params.ascending(false)? {
        projects.reverse();
    }
    Ok(())
}
