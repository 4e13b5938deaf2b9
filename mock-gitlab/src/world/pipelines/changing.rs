//! What people do to pipelines and jobs: retry, cancel, play, erase.
//! <https://docs.gitlab.com/api/jobs/>

use super::Job;
use super::running::finish;
use crate::clock::Timestamp;
use crate::world::{Token, TokenKind, World};

impl World {
    /// Tries a finished job again and returns the id of the new try.
    pub fn retry_job(&mut self, id: u64, by: u64, now: Timestamp) -> Option<u64> {
        let mut old = self.jobs.get(&id)?.clone();
        if old.runner.take().is_some() {
            old.written.clear();
        }
        let new = self.next_id("job");
        let job = Job {
            id: new,
            status: "pending".to_owned(),
            user: by,
            failure_reason: None,
            created_at: now,
            queued_at: Some(now),
            started_at: None,
            finished_at: None,
            erased_at: None,
            ..old
        };
        if let Some(old) = self.jobs.get_mut(&id) {
            old.retried = true;
        }
        let pipeline = job.pipeline;
        self.jobs.insert(new, job);
        self.wake_skipped(pipeline);
        self.set_running(pipeline, now);
        Some(new)
    }

    /// Tries every failed and cancelled job of a pipeline again.
    pub fn retry_pipeline(&mut self, id: u64, by: u64, now: Timestamp) {
        let failed =
            |job: &&Job| !job.retried && matches!(job.status.as_str(), "failed" | "canceled");
        let again: Vec<u64> = self.jobs_of(id).filter(failed).map(|job| job.id).collect();
        for job in again {
            self.retry_job(job, by, now);
        }
    }

    /// Starts a job that waits for somebody.
    pub fn play_job(&mut self, id: u64, by: u64, now: Timestamp) {
        if let Some(job) = self.jobs.get_mut(&id) {
            "pending".clone_into(&mut job.status);
            job.user = by;
            job.queued_at = Some(now);
            let pipeline = job.pipeline;
            self.set_running(pipeline, now);
        }
    }

    /// Stops a job.
    pub fn cancel_job(&mut self, id: u64, now: Timestamp) {
        let Some(job) = self.jobs.get_mut(&id).filter(|job| job.is_active()) else {
            return;
        };
        "canceled".clone_into(&mut job.status);
        job.finished_at = Some(now);
        let pipeline = job.pipeline;
        self.sum_up(pipeline, now);
    }

    /// Stops everything of a pipeline that is not done.
    pub fn cancel_pipeline(&mut self, id: u64, now: Timestamp) {
        let active = self.jobs_of(id).filter(|job| job.is_active());
        let active: Vec<u64> = active.map(|job| job.id).collect();
        for job in active {
            self.cancel_job(job, now);
        }
    }

    /// Ends a job at once: `finish_job(id, "failed", now)`.
    pub fn finish_job(&mut self, id: u64, outcome: &str, now: Timestamp) {
        if let Some(job) = self.jobs.get_mut(&id) {
            finish(job, outcome, now);
            let pipeline = job.pipeline;
            self.sum_up(pipeline, now);
            self.set_running(pipeline, now);
        }
    }

    /// Ends every job of a pipeline at once; what waits for somebody goes on waiting.
    pub fn finish_pipeline(&mut self, id: u64, outcome: &str, now: Timestamp) {
        let active = self.jobs_of(id).filter(|job| job.is_active());
        let active: Vec<u64> = active.map(|job| job.id).collect();
        for job in active {
            if let Some(job) = self.jobs.get_mut(&job) {
                finish(job, outcome, now);
            }
        }
        self.sum_up(id, now);
    }

    /// A token for a job, as its script finds it in `CI_JOB_TOKEN`.
    pub fn job_token(&mut self, id: u64, now: Timestamp) -> String {
        let value = format!("glcbt-64_{}", self.ids.hex("job token", 20));
        let user = self.jobs.get(&id).map_or(0, |job| job.user);
        let token = Token {
            kind: TokenKind::Job,
            job: Some(id),
            ..Token::personal(id, user, "job token", &[], now)
        };
        self.tokens.insert(value.clone(), token);
        value
    }

    /// Throws log and artifacts away.
    pub fn erase_job(&mut self, id: u64, now: Timestamp) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.log.clear();
            job.written.clear();
            job.log_size = None;
            job.artifacts.clear();
            job.erased_at = Some(now);
        }
    }

    /// Takes a pipeline and its jobs away.
    pub fn remove_pipeline(&mut self, id: u64) {
        self.pipelines.remove(&id);
        self.jobs.retain(|_, job| job.pipeline != id);
    }

    /// Jobs that were skipped because of a failure get another chance.
    fn wake_skipped(&mut self, pipeline: u64) {
        let jobs = self.jobs.values_mut();
        for job in jobs.filter(|job| job.pipeline == pipeline && job.status == "skipped") {
            let status = if job.manual { "manual" } else { "created" };
            status.clone_into(&mut job.status);
        }
    }

    /// Lets the clock look at a pipeline again.
    fn set_running(&mut self, id: u64, now: Timestamp) {
        if let Some(pipeline) = self.pipelines.get_mut(&id) {
            "running".clone_into(&mut pipeline.status);
            pipeline.updated_at = now;
        }
        self.advance_pipeline(id, now);
    }
}
