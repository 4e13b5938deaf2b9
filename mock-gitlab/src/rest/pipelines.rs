//! Pipelines. <https://docs.gitlab.com/api/pipelines/>

mod entity;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::jobs;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, OWNER};
use crate::world::{NewPipeline, Pipeline, Project};
pub(crate) use entity::{entity, full_entity};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/pipelines", list);
    table.get("projects/:id/pipelines/latest", latest);
    table.post("projects/:id/pipeline", create);
    let one = "projects/:id/pipelines/:pipeline_id";
    table.get(one, get);
    table.delete(one, delete);
    table.get(&format!("{one}/variables"), variables);
    table.get(&format!("{one}/test_report"), test_report);
    table.get(&format!("{one}/test_report_summary"), test_report);
    table.put(&format!("{one}/metadata"), get);
    table.post(&format!("{one}/retry"), retry);
    table.post(&format!("{one}/cancel"), cancel);
    table.get(&format!("{one}/jobs"), jobs::of_pipeline);
    // Both names of the same list: `bridges` until 19.1, `trigger_jobs` since.
    table.get(&format!("{one}/bridges"), jobs::bridges);
    table.get(&format!("{one}/trigger_jobs"), jobs::bridges);
}

/// The project in the path, its pipelines readable for the caller.
pub(crate) fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    if cx.reads_code(&project) {
        Ok(project)
    } else {
        Err(ApiError::forbidden())
    }
}

/// The pipeline in the path (`:pipeline_id`).
pub(crate) fn find(cx: &Cx<'_>) -> Result<Pipeline, ApiError> {
    let project = readable(cx)?;
    let id = cx.number("pipeline_id", "Pipeline")?;
    let pipeline = cx.world.pipelines.get(&id);
    let pipeline = pipeline.filter(|pipeline| pipeline.project == project.id);
    pipeline.cloned().ok_or_else(ApiError::gone)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let pipeline = find(cx)?;
    Ok(Answer::json(&full_entity(cx, &pipeline)))
}

/// The newest pipeline of the newest commit of `ref`, else of the default branch.
fn latest(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let default = cx.repository(&project)?.default_branch.clone();
    let name = cx.params.filled("ref").unwrap_or(default);
    let found = cx.world.pipelines.values().rev();
    let mut found = found.filter(|one| one.project == project.id && one.r#ref == name);
    let found = found.next().ok_or_else(ApiError::forbidden)?;
    Ok(Answer::json(&full_entity(cx, found)))
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let filter = Filter::read(cx)?;
    let all = cx.world.pipelines.values();
    let rows = all.filter(|one| one.project == project.id && filter.fits(cx, one));
    let mut rows: Vec<&Pipeline> = rows.collect();
    let orders = ["id", "status", "ref", "updated_at", "user_id"];
    match cx.params.choice("order_by", &orders)? {
        Some("status") => rows.sort_by(|a, b| (&a.status, a.id).cmp(&(&b.status, b.id))),
        Some("ref") => rows.sort_by(|a, b| (&a.r#ref, a.id).cmp(&(&b.r#ref, b.id))),
        Some("updated_at") => rows.sort_by_key(|one| (one.updated_at, one.id)),
        Some("user_id") => rows.sort_by_key(|one| (one.user, one.id)),
        _ => {}
    }
    if !cx.params.ascending(false)? {
        rows.reverse();
    }
    if matches!(filter.scope, Some("branches" | "tags")) {
        let mut seen: Vec<&str> = Vec::new();
        rows.retain(|one| {
            let new = !seen.contains(&one.r#ref.as_str());
            seen.push(one.r#ref.as_str());
            new
        });
    }
    pagination::offset(cx, &rows, |pipeline| entity(cx, pipeline))
}

/// The filters of the list.
struct Filter {
    scope: Option<&'static str>,
    status: Option<&'static str>,
    source: Option<String>,
    name: Option<String>,
    sha: Option<String>,
    user: Option<String>,
    after: Option<crate::clock::Timestamp>,
    before: Option<crate::clock::Timestamp>,
}

const STATUSES: [&str; 13] = [
    "created",
    "waiting_for_resource",
    "preparing",
    "waiting_for_callback",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
];

impl Filter {
    fn read(cx: &Cx<'_>) -> Result<Self, ApiError> {
        let params = &cx.params;
        let scopes = ["running", "pending", "finished", "branches", "tags"];
        Ok(Self {
            scope: params.choice("scope", &scopes)?,
            status: params.choice("status", &STATUSES)?,
            source: params.filled("source"),
            name: params.filled("ref"),
            sha: params.filled("sha"),
            user: params.filled("username"),
            after: params.time("updated_after")?,
            before: params.time("updated_before")?,
        })
    }

    fn fits(&self, cx: &Cx<'_>, pipeline: &Pipeline) -> bool {
        let status = pipeline.status.as_str();
        let scope = match self.scope {
            Some("finished") => matches!(status, "success" | "failed" | "canceled"),
            Some("tags") => pipeline.tag,
            Some("branches") => !pipeline.tag,
            Some(word) => status == word,
            None => true,
        };
        let user = cx.world.users.get(&pipeline.user);
        scope
            && self.status.is_none_or(|word| status == word)
            && self
                .source
                .as_ref()
                .is_none_or(|source| pipeline.source == *source)
            && self
                .name
                .as_ref()
                .is_none_or(|name| pipeline.r#ref == *name)
            && self
                .sha
                .as_ref()
                .is_none_or(|sha| pipeline.sha.starts_with(sha.as_str()))
            && self
                .user
                .as_ref()
                .is_none_or(|name| user.is_some_and(|user| user.username == *name))
            && self.after.is_none_or(|bound| pipeline.updated_at > bound)
            && self.before.is_none_or(|bound| pipeline.updated_at < bound)
    }
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let name = cx.params.required("ref")?;
    start(cx, &project, &name, "api")
}

/// Starts a pipeline on a branch or tag and answers 201 with it.
pub(crate) fn start(
    cx: &mut Cx<'_>,
    project: &Project,
    name: &str,
    source: &str,
) -> Result<Answer, ApiError> {
    cx.require(project, DEVELOPER)?;
    let user = cx.user()?.id;
    let mut variables = Vec::new();
    for one in cx.params.objects("variables").unwrap_or_default() {
        let key = one.filled("key");
        let key = key.ok_or_else(|| ApiError::error(400, "variables[0][key] is missing"))?;
        variables.push((key, one.text("value").unwrap_or_default()));
    }
    let new = NewPipeline {
        project: project.id,
        r#ref: name,
        source,
        user,
        variables,
    };
    let started = cx.world.start_pipeline(new, cx.now);
    let id = started.map_err(|problem| ApiError::validation("base", &problem.to_string()))?;
    let pipeline = cx.world.pipelines.get(&id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&full_entity(cx, pipeline)))
}

/// Values of variables are for those who may run pipelines.
fn variables(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let pipeline = find(cx)?;
    cx.require(&project, DEVELOPER)?;
    let rows = pipeline.variables.iter().map(|(key, value)| {
        json!({ "variable_type": "env_var", "key": key, "value": value, "raw": false })
    });
    Ok(Answer::json(&rows.collect()))
}

fn test_report(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    find(cx)?;
    Ok(Answer::json(&json!({
        "total_time": 0, "total_count": 0, "success_count": 0, "failed_count": 0,
        "skipped_count": 0, "error_count": 0, "test_suites": Value::Array(Vec::new()),
    })))
}

fn retry(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let pipeline = writable(cx)?;
    let user = cx.user()?.id;
    cx.world.retry_pipeline(pipeline.id, user, cx.now);
    let pipeline = find(cx)?;
    Ok(Answer::created(&full_entity(cx, &pipeline)))
}

fn cancel(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let pipeline = writable(cx)?;
    cx.world.cancel_pipeline(pipeline.id, cx.now);
    let pipeline = find(cx)?;
    Ok(Answer::created(&full_entity(cx, &pipeline)))
}

fn writable(cx: &Cx<'_>) -> Result<Pipeline, ApiError> {
    let project = readable(cx)?;
    let pipeline = find(cx)?;
    cx.require(&project, DEVELOPER)?;
    Ok(pipeline)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let pipeline = find(cx)?;
    cx.require(&project, OWNER)?;
    cx.world.remove_pipeline(pipeline.id);
    Ok(Answer::no_content())
}
