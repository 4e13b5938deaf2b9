//! Checking CI/CD configurations. <https://docs.gitlab.com/api/lint/>

use serde_json::{Value, json};

use super::conventions::repositories::revision;
use super::pipelines;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::World;
use crate::world::access::DEVELOPER;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/ci/lint", of_project);
    table.post("projects/:id/ci/lint", of_text);
}

fn answer(cx: &Cx<'_>, text: &str, status: u16) -> Result<Answer, ApiError> {
    let lint = World::lint(text);
    let valid = lint.errors.is_empty();
    let mut value = json!({
        "valid": valid,
        "errors": lint.errors,
        "warnings": [],
        "merged_yaml": if valid { json!(text) } else { Value::Null },
        "includes": [],
    });
    if let (true, Value::Object(all)) = (cx.params.is_set("include_jobs")?, &mut value) {
        let jobs = lint.jobs.iter().map(|(name, stage, script)| {
            json!({
                "name": name, "stage": stage, "before_script": [], "script": script,
                "after_script": [], "tag_list": [], "only": { "refs": ["branches", "tags"] },
                "except": null, "environment": null, "when": "on_success",
                "allow_failure": false, "needs": null,
            })
        });
        all.insert("jobs".to_owned(), jobs.collect());
    }
    Ok(Answer::json_with(status, &value))
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = pipelines::readable(cx)?;
    let repository = cx.repository(&project)?;
    let name = ["content_ref", "ref", "sha"];
    let name = name.iter().find_map(|name| cx.params.filled(name));
    let name = name.unwrap_or_else(|| "HEAD".to_owned());
    let text = match revision(repository, &name, "Commit") {
        Err(error) if name != "HEAD" => return Err(error),
        Err(_) => None,
        Ok(commit) => repository
            .entry_at(commit, ".gitlab-ci.yml")
            .and_then(|entry| repository.blob(&entry.id))
            .map(|blob| String::from_utf8_lossy(blob).into_owned()),
    };
    answer(cx, text.as_deref().unwrap_or_default(), 200)
}

fn of_text(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = pipelines::readable(cx)?;
    cx.require(&project, DEVELOPER)?;
    let text = cx.params.text("content");
    let text = text.ok_or_else(|| ApiError::missing("content"))?;
    answer(cx, &text, 200)
}
