//! The package registry: packages of projects and groups and their files.
//! <https://docs.gitlab.com/api/packages/>

mod entity;
mod generic;
mod protection;

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, REPORTER};
use crate::world::{Home, Project, Record, Visibility};
use entity::{entity, file_entity};

const KIND: &str = "package";
const FILE: &str = "package file";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/packages", of_project).job_token();
    table.get("groups/:id/packages", of_group);
    let one = "projects/:id/packages/:package_id";
    table.get(one, get).job_token();
    table.delete(one, delete).job_token();
    table
        .get(&format!("{one}/package_files"), files)
        .job_token();
    table.delete(&format!("{one}/package_files/:file_id"), delete_file);
    table.get(&format!("{one}/pipelines"), pipelines);
    generic::routes(table);
    protection::routes(table);
}

/// The project of the path, if the caller may read its packages.
fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    let open = project.visibility != Visibility::Private;
    if open || cx.level_in(&project) >= REPORTER {
        Ok(project)
    } else {
        Err(ApiError::forbidden())
    }
}

fn filtered<'a>(
    cx: &Cx<'_>,
    rows: impl Iterator<Item = &'a Record>,
) -> Result<Vec<&'a Record>, ApiError> {
    const TYPES: [&str; 12] = [
        "conan",
        "maven",
        "npm",
        "pypi",
        "composer",
        "nuget",
        "helm",
        "terraform_module",
        "golang",
        "generic",
        "debian",
        "rubygems",
    ];
    let kind = cx.params.choice("package_type", &TYPES)?;
    let name = cx.params.filled("package_name");
    let version = cx.params.filled("package_version");
    let status = cx.params.choice(
        "status",
        &[
            "default",
            "hidden",
            "processing",
            "error",
            "pending_destruction",
            "deprecated",
        ],
    )?;
    let orders = ["created_at", "name", "version", "type", "project_path"];
    let order = cx.params.choice("order_by", &orders)?;
    let mut rows: Vec<&Record> = rows
        .filter(|one| {
            kind.is_none_or(|kind| one.text("package_type") == kind)
                && name
                    .as_ref()
                    .is_none_or(|name| one.text("name").contains(name.as_str()))
                && version.as_ref().is_none_or(|v| one.text("version") == v)
                && one.text("status") == status.unwrap_or("default")
        })
        .collect();
    match order {
        Some("name") => rows.sort_by_key(|one| (one.text("name"), one.id)),
        Some("version") => rows.sort_by_key(|one| (one.text("version"), one.id)),
        _ => {}
    }
    if !cx.params.ascending(true)? {
        rows.reverse();
    }
    Ok(rows)
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = filtered(cx, rows)?;
    pagination::offset(cx, &rows, |one| entity(cx, &project, one))
}

fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let below = !cx.params.is_set("exclude_subgroups")?;
    let projects: Vec<&Project> = cx
        .world
        .projects_below(group.id)
        .filter(|project| {
            let direct = project.namespace == crate::world::Namespace::Group(group.id);
            (below || direct) && cx.sees_project(project)
        })
        .filter(|project| {
            project.visibility != Visibility::Private || cx.level_in(project) >= REPORTER
        })
        .collect();
    let place = |one: &Record| {
        let mut projects = projects.iter();
        projects.find(|project| one.home == Home::Project(project.id))
    };
    let rows = cx.world.records_of_kind(KIND);
    let rows = filtered(cx, rows.filter(|one| place(one).is_some()))?;
    pagination::offset(cx, &rows, |one| {
        let project = place(one);
        let mut value = project.map_or(Value::Null, |project| entity(cx, project, one));
        if let (Value::Object(all), Some(project)) = (&mut value, project) {
            let path = cx.world.project_path(project);
            all.insert("project_id".to_owned(), json!(project.id));
            all.insert("project_path".to_owned(), json!(path));
        }
        value
    })
}

fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let id = cx.number("package_id", "Package")?;
    let found = cx.world.record(KIND, id);
    let found = found.filter(|one| one.home == Home::Project(project.id));
    found.cloned().ok_or_else(|| ApiError::not_found("Package"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let package = find(cx, &project)?;
    Ok(Answer::json(&entity(cx, &project, &package)))
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let package = find(cx, &project)?;
    cx.world.remove_record(KIND, package.id);
    Ok(Answer::no_content())
}

fn files(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let package = find(cx, &project)?;
    let rows = cx.world.records_in(FILE, Home::Record(KIND, package.id));
    let rows: Vec<&Record> = rows.collect();
    pagination::offset(cx, &rows, |file| file_entity(file))
}

/// A package without files goes too.
fn delete_file(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let package = find(cx, &project)?;
    let id = cx.number("file_id", "Package File")?;
    let home = Home::Record(KIND, package.id);
    let file = cx.world.record(FILE, id);
    let file = file.filter(|file| file.home == home);
    let id = file.map(|file| file.id);
    let id = id.ok_or_else(|| ApiError::not_found("Package File"))?;
    cx.world.remove_record(FILE, id);
    if cx.world.records_in(FILE, home).next().is_none() {
        cx.world.remove_record(KIND, package.id);
    }
    Ok(Answer::no_content())
}

/// Packages that are uploaded by hand have no pipelines.
fn pipelines(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    find(cx, &project)?;
    pagination::offset_or_cursor(cx, &[] as &[Value], "id", |_| 0, Value::clone)
}
