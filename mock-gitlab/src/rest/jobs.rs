//! Jobs. <https://docs.gitlab.com/api/jobs/>

mod artifacts;
mod entity;
pub(crate) mod zip;

use serde_json::Value;

use super::conventions::pagination;
use super::pipelines::{self, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{Job, Project};

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

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/jobs", of_project);
    let one = "projects/:id/jobs/:job_id";
    table.get(one, get);
    table.get(&format!("{one}/trace"), trace);
    table.post(&format!("{one}/play"), play);
    table.post(&format!("{one}/retry"), retry);
    table.post(&format!("{one}/cancel"), cancel);
    table.post(&format!("{one}/erase"), erase);
    artifacts::routes(table, one);
}

/// A job by number.
pub(crate) fn entity(cx: &Cx<'_>, id: u64) -> Result<Value, ApiError> {
    let job = cx.world.jobs.get(&id);
    let job = job.ok_or_else(|| ApiError::not_found("Job"))?;
    Ok(entity::job(cx, job))
}

/// The job in the path (`:job_id`).
fn find(cx: &Cx<'_>) -> Result<Job, ApiError> {
    let project = readable(cx)?;
    let id = cx.number("job_id", "Job")?;
    let job = cx
        .world
        .jobs
        .get(&id)
        .filter(|job| job.project == project.id);
    job.cloned().ok_or_else(ApiError::gone)
}

/// `scope[]`, or one word; unknown words are a 400.
fn scope(cx: &Cx<'_>) -> Result<Option<Vec<String>>, ApiError> {
    let list = cx.params.list("scope").filter(|list| !list.is_empty());
    let sane = |list: &Vec<String>| list.iter().all(|word| STATUSES.contains(&word.as_str()));
    match list {
        Some(list) if !sane(&list) => Err(ApiError::not_a_choice("scope")),
        list => Ok(list),
    }
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let scope = scope(cx)?;
    let rows = cx.world.jobs.values().rev().filter(|job| {
        job.project == project.id
            && !job.bridge
            && scope
                .as_ref()
                .is_none_or(|scope| scope.contains(&job.status))
    });
    let rows: Vec<Job> = rows.cloned().collect();
    pagination::offset_or_keyset(cx, rows, |job| job.id, |job| entity::job(cx, job))
}

/// The newest try of each job, newest first; all tries with `include_retried`.
pub(crate) fn of_pipeline(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let rows = wanted(cx, false)?;
    pagination::offset(cx, &rows, |job| entity::job(cx, job))
}

/// Jobs that start pipelines elsewhere.
pub(crate) fn bridges(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let rows = wanted(cx, true)?;
    pagination::offset(cx, &rows, |job| entity::bridge(cx, job))
}

fn wanted(cx: &Cx<'_>, bridge: bool) -> Result<Vec<Job>, ApiError> {
    let pipeline = pipelines::find(cx)?;
    let scope = scope(cx)?;
    let retried = cx.params.is_set("include_retried")?;
    let jobs = cx.world.jobs_of(pipeline.id).filter(|job| {
        job.bridge == bridge
            && (retried || !job.retried)
            && scope
                .as_ref()
                .is_none_or(|scope| scope.contains(&job.status))
    });
    let mut rows: Vec<Job> = jobs.cloned().collect();
    rows.reverse();
    Ok(rows)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = find(cx)?;
    Ok(Answer::json(&entity::job(cx, &job)))
}

fn trace(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = find(cx)?;
    Ok(Answer::text(200, job.trace()))
}

/// A job the caller may start or stop: protected branches need more.
fn writable(cx: &Cx<'_>) -> Result<(Project, Job), ApiError> {
    let project = readable(cx)?;
    let job = find(cx)?;
    cx.require(&project, DEVELOPER)?;
    Ok((project, job))
}

fn play(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, job) = writable(cx)?;
    let user = cx.user()?.id;
    let branch = cx
        .world
        .pipelines
        .get(&job.pipeline)
        .map(|pipeline| pipeline.r#ref.clone());
    if !branch.is_some_and(|branch| cx.pushes_to(&project, &branch)) {
        return Err(ApiError::forbidden());
    }
    if !job.is_waiting_for_play() {
        return Err(ApiError::bad_request("400 Bad request - Unplayable Job"));
    }
    cx.world.play_job(job.id, user, cx.now);
    let job = find(cx)?;
    // GitLab answers 200 here, not 201.
    Ok(Answer::json(&entity::job(cx, &job)))
}

fn retry(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, job) = writable(cx)?;
    let user = cx.user()?.id;
    let done = matches!(job.status.as_str(), "success" | "failed" | "canceled");
    if !done || job.retried {
        return Err(ApiError::forbidden_because("Job is not retryable"));
    }
    let new = cx.world.retry_job(job.id, user, cx.now);
    let new = new
        .and_then(|id| cx.world.jobs.get(&id))
        .ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity::job(cx, new)))
}

fn cancel(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (_, job) = writable(cx)?;
    if cx.params.is_set("force")? && job.status != "canceling" {
        return Err(ApiError::unprocessable());
    }
    cx.world.cancel_job(job.id, cx.now);
    let job = find(cx)?;
    Ok(Answer::created(&entity::job(cx, &job)))
}

/// Maintainers, or whoever started the job.
fn erase(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, job) = writable(cx)?;
    if cx.level_in(&project) < MAINTAINER && cx.caller.user != Some(job.user) {
        return Err(ApiError::forbidden());
    }
    if job.is_active() || job.erased_at.is_some() || job.finished_at.is_none() {
        return Err(ApiError::forbidden_because("Job is not erasable!"));
    }
    cx.world.erase_job(job.id, cx.now);
    let job = find(cx)?;
    Ok(Answer::created(&entity::job(cx, &job)))
}
