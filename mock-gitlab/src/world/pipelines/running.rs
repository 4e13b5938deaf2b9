//! How pipelines move on with the clock: created, pending, running, done.
//! <https://docs.gitlab.com/ci/pipelines/#pipeline-status>

use std::time::Duration;

use super::{Job, Pipeline};
use crate::clock::Timestamp;
use crate::world::World;

/// From the creation of a pipeline to its first job.
const TO_START: Duration = Duration::from_secs(2);
/// From a job being ready to a runner taking it.
const TO_RUNNER: Duration = Duration::from_secs(3);

/// A job together with what came before it.
enum Stage {
    /// Everything so far is fine since then.
    Open(Timestamp),
    /// Something is still going on.
    Busy,
    /// Something failed.
    Broken,
}

impl World {
    /// Brings every pipeline that still has something ahead to the present.
    pub(in crate::world) fn advance_pipelines(&mut self, now: Timestamp) {
        let active = self
            .pipelines
            .values()
            .filter(|pipeline| pipeline.is_active());
        let active: Vec<u64> = active.map(|pipeline| pipeline.id).collect();
        for id in active {
            self.advance_pipeline(id, now);
        }
    }

    pub(super) fn advance_pipeline(&mut self, id: u64, now: Timestamp) {
        let wait = self.quirks.jobs_wait_for_runners;
        let Some(pipeline) = self.pipelines.get(&id) else {
            return;
        };
        let mut stage = Stage::Open(pipeline.created_at.plus(TO_START));
        let mut names: Vec<String> = Vec::new();
        for job in self.jobs_of(id) {
            if !names.contains(&job.stage) {
                names.push(job.stage.clone());
            }
        }
        for name in names {
            let jobs = self.jobs.values_mut();
            let mut jobs: Vec<&mut Job> = jobs
                .filter(|job| job.pipeline == id && job.stage == name && !job.retried)
                .collect();
            for job in &mut jobs {
                advance(job, &stage, (now, wait));
            }
            stage = after(&stage, &jobs);
        }
        self.sum_up(id, now);
    }

    /// Works out the status of a pipeline from its jobs.
    pub(super) fn sum_up(&mut self, id: u64, now: Timestamp) {
        let jobs: Vec<&Job> = self.jobs_of(id).filter(|job| !job.retried).collect();
        let status = status_of(&jobs);
        let started = jobs.iter().filter_map(|job| job.started_at).min();
        let finished = jobs.iter().filter_map(|job| job.finished_at).max();
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            pipeline.started_at = started;
            pipeline.finished_at = finished.filter(|_| status != "running" && status != "pending");
            if pipeline.status != status {
                pipeline.updated_at = pipeline
                    .finished_at
                    .or(started)
                    .unwrap_or(now)
                    .max(pipeline.created_at);
                status.clone_into(&mut pipeline.status);
            }
        }
    }
}

/// One step of a job that no runner took; with `wait` it stays where a runner has to come.
fn advance(job: &mut Job, stage: &Stage, (now, wait): (Timestamp, bool)) {
    match stage {
        Stage::Busy => return,
        Stage::Broken => {
            if matches!(job.status.as_str(), "created" | "manual") {
                "skipped".clone_into(&mut job.status);
            }
            return;
        }
        Stage::Open(since) => {
            if job.status == "created" && *since <= now {
                "pending".clone_into(&mut job.status);
                job.queued_at = Some((*since).max(job.created_at));
            }
        }
    }
    if job.status == "pending" && !wait {
        let start = job.queued_at.unwrap_or(job.created_at).plus(TO_RUNNER);
        if start <= now {
            "running".clone_into(&mut job.status);
            job.started_at = Some(start);
        }
    }
    if job.status == "running" && job.runner.is_none() {
        let end = job
            .started_at
            .unwrap_or(now)
            .plus(Duration::from_secs(job.seconds));
        if end <= now {
            finish(job, &job.outcome.clone(), end);
        }
    }
}

/// Ends a job.
pub(super) fn finish(job: &mut Job, outcome: &str, at: Timestamp) {
    outcome.clone_into(&mut job.status);
    job.queued_at = job.queued_at.or(Some(job.created_at));
    job.started_at = job.started_at.or(Some(at));
    job.finished_at = Some(at);
    if outcome == "success" && job.artifacts.is_empty() {
        job.artifacts.clone_from(&job.produces);
    }
    job.failure_reason = (outcome == "failed").then(|| "script_failure".to_owned());
}

/// What the next stage finds.
fn after(stage: &Stage, jobs: &[&mut Job]) -> Stage {
    let Stage::Open(since) = stage else {
        return match stage {
            Stage::Broken => Stage::Broken,
            _ => Stage::Busy,
        };
    };
    let blocked =
        |job: &&mut Job| job.is_active() || (job.status == "manual" && !job.allow_failure);
    let failed =
        |job: &&mut Job| matches!(job.status.as_str(), "failed" | "canceled") && !job.allow_failure;
    if jobs.iter().any(blocked) {
        Stage::Busy
    } else if jobs.iter().any(failed) {
        Stage::Broken
    } else {
        let last = jobs.iter().filter_map(|job| job.finished_at).max();
        Stage::Open(last.unwrap_or(*since).max(*since))
    }
}

fn status_of(jobs: &[&Job]) -> &'static str {
    let any = |status: &str| jobs.iter().any(|job| job.status == status);
    let hard = |status: &str| {
        jobs.iter()
            .any(|job| job.status == status && !job.allow_failure)
    };
    let begun = jobs.iter().any(|job| job.started_at.is_some());
    if any("running") {
        "running"
    } else if any("pending") || (any("created") && !hard("manual")) {
        match (begun, any("pending")) {
            (true, _) => "running",
            (false, true) => "pending",
            (false, false) => "created",
        }
    } else if hard("failed") {
        "failed"
    } else if hard("canceled") {
        "canceled"
    } else if hard("manual") {
        "manual"
    } else if any("success") || any("failed") {
        "success"
    } else if any("manual") {
        "manual"
    } else {
        "skipped"
    }
}

impl Pipeline {
    /// Seconds from its first job to its last.
    pub fn duration_seconds(&self) -> Option<i64> {
        let (start, end) = (self.started_at?, self.finished_at?);
        Some(end.as_seconds() - start.as_seconds())
    }
}
