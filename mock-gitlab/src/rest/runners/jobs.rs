//! What a runner does: it asks for a job, writes its log and says how it ended. The
//! credential is the runner's token at first, the token of the job afterwards. The routes are
//! those of GitLab Runner, <https://gitlab.com/gitlab-org/gitlab-runner>.

use super::machine::speaking;
use super::payload;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Job, TokenKind};

/// The longest log, in bytes.
const LONGEST_LOG: usize = 100 * 1024 * 1024;

/// What a runner may name as the reason of a failure.
pub(super) const REASONS: [&str; 8] = [
    "script_failure",
    "runner_system_failure",
    "runner_unsupported",
    "job_execution_timeout",
    "image_pull_failure",
    "configuration_error",
    "job_canceled",
    "unknown_failure",
];

pub(super) fn routes(table: &mut RouteTable) {
    table.post("jobs/request", request).open();
    table.put("jobs/:job_id", update).open();
    table.patch("jobs/:job_id/trace", write_log).open();
}

/// 201 with everything the job needs, or 204 when none waits for this runner.
fn request(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut runner = speaking(cx)?;
    runner.contacted_at = Some(cx.now);
    let id = runner.id;
    cx.world.runners.insert(id, runner);
    match cx.world.pick_job(id, cx.now) {
        Some(job) => Ok(Answer::created(&payload::of(cx, job)?)),
        None => Ok(Answer::no_content().header("X-GitLab-Last-Update", cx.now.to_string())),
    }
}

/// The job of the path, if the request carries its token: 403 otherwise, whatever is wrong.
fn own(cx: &Cx<'_>) -> Result<Job, ApiError> {
    let id = cx.number("job_id", "Job")?;
    let header = cx.request.header("job-token").map(str::to_owned);
    let value = header.or_else(|| cx.params.filled("token"));
    let token = value.and_then(|value| cx.world.tokens.get(&value));
    let fits = token.filter(|token| token.kind == TokenKind::Job && token.job == Some(id));
    let job = cx.world.jobs.get(&id);
    let job = job.filter(|job| job.runner.is_some() && fits.is_some());
    job.cloned().ok_or_else(ApiError::forbidden)
}

/// The same while it runs. A job that was cancelled says so to its runner.
fn running(cx: &Cx<'_>) -> Result<Job, ApiError> {
    let job = own(cx)?;
    if job.status == "running" {
        return Ok(job);
    }
    let refusal: Answer = ApiError::forbidden_because("Job is not running").into();
    Err(refusal.header("Job-Status", job.status).into())
}

/// `state` ends the job; without it the runner only says that it is alive.
fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = running(cx)?;
    let states = ["running", "success", "failed"];
    let state = cx.params.choice("state", &states)?.unwrap_or("running");
    let reason = cx.params.filled("failure_reason");
    let reason = reason.filter(|reason| REASONS.contains(&reason.as_str()));
    if state != "running" {
        let end = (state, reason.as_deref());
        cx.world.end_job(job.id, end, cx.now);
    }
    let answer = Answer::json(&serde_json::json!(200));
    Ok(answer.header("Job-Status", state))
}

/// Appends a part of the log that begins where the last one ended; 416 tells where that is.
fn write_log(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let job = running(cx)?;
    let range = cx.request.header("content-range");
    let range = range.ok_or_else(|| ApiError::error(400, "400 Missing header Content-Range"))?;
    let first = range.split('-').next().and_then(|text| text.parse().ok());
    let first: usize = first.ok_or_else(|| ApiError::error(400, "400 Invalid Content-Range"))?;
    let written = job.written.len();
    if first != written {
        let answer = Answer::text(416, "416 Range Not Satisfiable");
        return Err(answer.header("Range", format!("0-{written}")).into());
    }
    let part = &cx.request.body;
    if written.saturating_add(part.len()) > LONGEST_LOG {
        cx.world
            .end_job(job.id, ("failed", Some("trace_size_exceeded")), cx.now);
        return Err(ApiError::forbidden_because("Trace size exceeded"));
    }
    let log = cx.world.jobs.get_mut(&job.id).map(|job| {
        job.written.extend_from_slice(part);
        job.written.len()
    });
    let end = log.unwrap_or(written);
    let answer = Answer::json_with(202, &serde_json::json!(202));
    Ok(answer
        .header("Range", format!("0-{end}"))
        .header("Job-Status", job.status)
        .header("X-GitLab-Trace-Update-Interval", "3"))
}
