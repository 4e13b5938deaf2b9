//! Templates for files of a repository. <https://docs.gitlab.com/api/templates/dockerfiles/>
//!
//! The names are GitLab's; the contents are short ones of the mock.

mod catalogue;
mod licenses;

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use catalogue::Template;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("templates/dockerfiles", |cx| {
        list(cx, catalogue::dockerfiles)
    });
    table.get("templates/dockerfiles/:key", |cx| {
        get(cx, catalogue::dockerfiles)
    });
    table.get("templates/gitignores", |cx| list(cx, catalogue::gitignores));
    table.get("templates/gitignores/:key", |cx| {
        get(cx, catalogue::gitignores)
    });
    table.get("templates/gitlab_ci_ymls", |cx| {
        list(cx, catalogue::pipelines)
    });
    table.get("templates/gitlab_ci_ymls/:key", |cx| {
        get(cx, catalogue::pipelines)
    });
    table.get("templates/licenses", licenses::list);
    table.get("templates/licenses/:key", licenses::get);
    table.get("projects/:id/templates/:kind", list_in_project);
    table.get("projects/:id/templates/:kind/:key", get_in_project);
}

type All = fn() -> Vec<Template>;

fn list(cx: &mut Cx<'_>, all: All) -> Result<Answer, ApiError> {
    pagination::offset(
        cx,
        &all(),
        |template| json!({ "key": template.name, "name": template.name }),
    )
}

fn get(cx: &mut Cx<'_>, all: All) -> Result<Answer, ApiError> {
    let key = cx.path.get("key");
    let found = all().into_iter().find(|template| template.name == key);
    let template = found.ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity(&template)))
}

fn entity(template: &Template) -> Value {
    json!({ "name": template.name, "content": template.content })
}

fn of_kind(kind: &str) -> Result<All, ApiError> {
    match kind {
        "dockerfiles" => Ok(catalogue::dockerfiles),
        "gitignores" => Ok(catalogue::gitignores),
        "gitlab_ci_ymls" => Ok(catalogue::pipelines),
        // Nobody has put issue or merge request templates into the repository's folder.
        "issues" | "merge_requests" => Ok(Vec::new),
        _ => Err(ApiError::not_a_choice("type")),
    }
}

fn list_in_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project()?;
    match cx.path.get("kind") {
        "licenses" => licenses::list(cx),
        kind => list(cx, of_kind(kind)?),
    }
}

fn get_in_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.project()?;
    match cx.path.get("kind") {
        "licenses" => licenses::get(cx),
        kind => get(cx, of_kind(kind)?),
    }
}
