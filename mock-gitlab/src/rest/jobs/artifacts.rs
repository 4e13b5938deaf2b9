//! What jobs leave behind. <https://docs.gitlab.com/api/job_artifacts/>

use serde_json::{Value, json};

use super::{entity, find, readable, zip};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::routes::RouteTable;
use crate::world::Job;
use crate::world::access::MAINTAINER;

pub(super) fn routes(table: &mut RouteTable, one: &str) {
    table.get(&format!("{one}/artifacts"), download).job_token();
    table.delete(&format!("{one}/artifacts"), delete);
    table.post(&format!("{one}/artifacts/keep"), keep);
    table.get(&format!("{one}/artifacts/tree"), tree);
    table
        .get(&format!("{one}/artifacts/*path"), file)
        .job_token();
    table.get("projects/:id/jobs/artifacts/:ref/download", download_by_ref);
    table.get("projects/:id/jobs/artifacts/:ref/raw/*path", file_by_ref);
}

/// The newest successful job of a name on a branch or tag.
fn by_ref(cx: &Cx<'_>) -> Result<Job, ApiError> {
    let project = readable(cx)?;
    let name = cx.params.required("job")?;
    let branch = cx.path.get("ref");
    let mut jobs = cx.world.jobs.values().rev().filter(|job| {
        let pipeline = cx.world.pipelines.get(&job.pipeline);
        job.project == project.id
            && job.name == name
            && job.status == "success"
            && pipeline.is_some_and(|pipeline| pipeline.r#ref == branch)
    });
    jobs.next().cloned().ok_or_else(ApiError::gone)
}

fn zipped(job: &Job) -> Result<Answer, ApiError> {
    if job.artifacts.is_empty() {
        return Err(ApiError::gone());
    }
    let answer = Answer::bytes("application/zip", zip::archive(&job.artifacts));
    let name = "attachment; filename=\"artifacts.zip\"; filename*=UTF-8''artifacts.zip";
    Ok(answer.header("Content-Disposition", name))
}

fn single(job: &Job, path: &str) -> Result<Answer, ApiError> {
    let found = job.artifacts.iter().find(|(name, _)| name == path);
    let (_, content) = found.ok_or_else(ApiError::gone)?;
    Ok(Answer::bytes("application/octet-stream", content.clone()))
}

fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    zipped(&find(cx)?)
}

fn download_by_ref(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    zipped(&by_ref(cx)?)
}

fn file(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    single(&find(cx)?, cx.path.get("path"))
}

fn file_by_ref(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    single(&by_ref(cx)?, cx.path.get("path"))
}

/// Files and directories below `path`, all levels with `recursive`.
fn tree(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = find(cx)?;
    if job.artifacts.is_empty() {
        return Err(ApiError::gone());
    }
    let below = cx.params.filled("path").unwrap_or_default();
    let below = below.trim_matches('/');
    let recursive = cx.params.is_set("recursive")?;
    let mut rows: Vec<(String, Option<usize>)> = Vec::new();
    for (path, content) in &job.artifacts {
        let rest = if below.is_empty() {
            Some(path.as_str())
        } else {
            path.strip_prefix(below)
                .and_then(|rest| rest.strip_prefix('/'))
        };
        let Some(rest) = rest else { continue };
        let prefix = path.strip_suffix(rest).unwrap_or_default();
        let mut inside: Vec<(String, Option<usize>)> = rest
            .match_indices('/')
            .filter_map(|(at, _)| rest.get(..at))
            .map(|directory| (format!("{prefix}{directory}"), None))
            .collect();
        inside.push((path.clone(), Some(content.len())));
        let depth = if recursive { inside.len() } else { 1 };
        rows.extend(inside.into_iter().take(depth));
    }
    rows.sort();
    rows.dedup();
    pagination::offset(cx, &rows, |(path, size)| row(path, *size))
}

fn row(path: &str, size: Option<usize>) -> Value {
    let name = path.rsplit('/').next().unwrap_or(path);
    let kind = if size.is_some() { "file" } else { "directory" };
    json!({ "name": name, "path": path, "type": kind, "size": size, "mode": "100644" })
}

fn keep(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = find(cx)?;
    Ok(Answer::json(&entity::job(cx, &job)))
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let job = find(cx)?;
    cx.require(&project, MAINTAINER)?;
    if let Some(job) = cx.world.jobs.get_mut(&job.id) {
        job.artifacts.clear();
    }
    Ok(Answer::no_content())
}
