//! Templates of a project: its own for issues and merge requests, from the repository.
//! <https://docs.gitlab.com/api/project_templates/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;

pub(super) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/templates/:type", list);
    table.get("projects/:id/templates/:type/:name", get);
}

/// Name and content of the templates of the path's type.
fn templates(cx: &Cx<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let project = cx.readable_project()?;
    let directory = match cx.path.get("type") {
        "issues" => ".gitlab/issue_templates/",
        "merge_requests" => ".gitlab/merge_request_templates/",
        // Those the instance brings along are listed under `/templates`.
        "dockerfiles" | "gitignores" | "gitlab_ci_ymls" | "licenses" => return Ok(Vec::new()),
        _ => return Err(ApiError::not_a_choice("type")),
    };
    let repository = cx.repository(&project)?;
    let Some(head) = repository.resolve("HEAD") else {
        return Ok(Vec::new());
    };
    let files = repository.files(head);
    let files = files.iter().filter_map(|(path, entry)| {
        let name = path.strip_prefix(directory)?.strip_suffix(".md")?;
        let blob = repository.blob(&entry.blob)?;
        Some((name.to_owned(), String::from_utf8_lossy(blob).into_owned()))
    });
    Ok(files.collect())
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let rows = templates(cx)?;
    pagination::offset(cx, &rows, |(name, _)| json!({ "key": name, "name": name }))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let name = cx.path.get("name").to_owned();
    let found = templates(cx)?.into_iter().find(|(key, _)| *key == name);
    let (name, content) = found.ok_or_else(|| ApiError::not_found("Template"))?;
    let value: Value = json!({ "name": name, "content": content });
    Ok(Answer::json(&value))
}
