//! Templates of a project: its own for issues and merge requests, from the repository.
//! <https://docs.gitlab.com/api/project_templates/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;

pub(super) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/templates/issues", |cx| list(cx, ISSUES));
    table.get("projects/:id/templates/issues/:name", |cx| get(cx, ISSUES));
    table.get("projects/:id/templates/merge_requests", |cx| {
        list(cx, MERGE_REQUESTS)
    });
    table.get("projects/:id/templates/merge_requests/:name", |cx| {
        get(cx, MERGE_REQUESTS)
    });
}

const ISSUES: &str = ".gitlab/issue_templates/";
const MERGE_REQUESTS: &str = ".gitlab/merge_request_templates/";

/// Name and content of the templates in a directory.
fn templates(cx: &Cx<'_>, directory: &str) -> Result<Vec<(String, String)>, ApiError> {
    let project = cx.readable_project()?;
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

fn list(cx: &mut Cx<'_>, directory: &str) -> Result<Answer, ApiError> {
    let rows = templates(cx, directory)?;
    pagination::offset(cx, &rows, |(name, _)| json!({ "key": name, "name": name }))
}

fn get(cx: &mut Cx<'_>, directory: &str) -> Result<Answer, ApiError> {
    let name = cx.path.get("name").to_owned();
    let found = templates(cx, directory)?
        .into_iter()
        .find(|(key, _)| *key == name);
    let (name, content) = found.ok_or_else(|| ApiError::not_found("Template"))?;
    let value: Value = json!({ "name": name, "content": content });
    Ok(Answer::json(&value))
}
