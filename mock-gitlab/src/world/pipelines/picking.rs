//! Jobs that a runner takes, instead of the clock.
//! <https://docs.gitlab.com/runner/executors/>

use super::Job;
use super::running::finish;
use crate::clock::Timestamp;
use crate::world::{Namespace, Project, Reach, Runner, World};

impl World {
    /// Gives the oldest job that waits for such a runner to it, and returns its id.
    pub fn pick_job(&mut self, runner: u64, now: Timestamp) -> Option<u64> {
        let runner = self.runners.get(&runner).filter(|one| !one.paused)?;
        let waiting = |job: &&Job| job.status == "pending" && !job.bridge;
        let jobs = self.jobs.values().filter(waiting);
        let fitting = jobs.filter(|job| self.suits(runner, job));
        let id = fitting.min_by_key(|job| (job.queued_at, job.id))?.id;
        let taker = runner.id;
        let job = self.jobs.get_mut(&id)?;
        job.runner = Some(taker);
        job.written.clear();
        "running".clone_into(&mut job.status);
        job.started_at = Some(now);
        let pipeline = job.pipeline;
        self.sum_up(pipeline, now);
        Some(id)
    }

    fn suits(&self, runner: &Runner, job: &Job) -> bool {
        let Some(project) = self.projects.get(&job.project) else {
            return false;
        };
        let tagged = if job.tags.is_empty() {
            runner.run_untagged
        } else {
            job.tags.iter().all(|tag| runner.tags.contains(tag))
        };
        let allowed = runner.access_level != "ref_protected" || self.is_protected(job, project);
        tagged && allowed && self.reaches(runner, project)
    }

    fn reaches(&self, runner: &Runner, project: &Project) -> bool {
        match &runner.reach {
            Reach::Instance => true,
            Reach::Projects(_, ids) => ids.contains(&project.id),
            Reach::Group(group) => match project.namespace {
                Namespace::Group(id) => id == *group || self.lies_below(id, *group),
                Namespace::User(_) => false,
            },
        }
    }

    /// Whether the job runs on a protected branch.
    pub fn is_protected(&self, job: &Job, project: &Project) -> bool {
        let pipeline = self.pipelines.get(&job.pipeline);
        pipeline.is_some_and(|pipeline| {
            let rules = &project.protected_branches;
            !pipeline.tag && rules.iter().any(|rule| rule.covers(&pipeline.r#ref))
        })
    }

    /// What a runner says at the end: `success`, or `failed` and why. Others of the pipeline
    /// go on from there.
    pub fn end_job(&mut self, id: u64, (outcome, reason): (&str, Option<&str>), now: Timestamp) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        finish(job, outcome, now);
        if let (Some(reason), "failed") = (reason, outcome) {
            job.failure_reason = Some(reason.to_owned());
        }
        let pipeline = job.pipeline;
        self.sum_up(pipeline, now);
        self.advance_pipeline(pipeline, now);
    }
}
