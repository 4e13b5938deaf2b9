//! Starting a pipeline from the configuration in the repository.
//! <https://docs.gitlab.com/api/pipelines/#create-a-new-pipeline>

use super::configuration::{self, Plan};
use super::{Job, Pipeline};
use crate::clock::Timestamp;
use crate::world::World;

/// A pipeline to be started.
#[derive(Clone, Debug)]
pub struct NewPipeline<'a> {
    /// For which project.
    pub project: u64,
    /// On which branch or tag.
    pub r#ref: &'a str,
    /// `api`, `push`, `merge_request_event`, …
    pub source: &'a str,
    /// Who starts it.
    pub user: u64,
    /// Variables for its jobs.
    pub variables: Vec<(String, String)>,
}

/// Why a pipeline does not start, in GitLab's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineProblem {
    /// No such branch or tag.
    #[error("Reference not found")]
    NoReference,
    /// No `.gitlab-ci.yml`.
    #[error("Missing CI config file")]
    NoConfiguration,
    /// A file without jobs.
    #[error(
        "The resulting pipeline would have been empty. Review the rules configuration for the relevant jobs."
    )]
    Empty,
}

impl World {
    /// Starts a pipeline and returns its id. Its jobs move on with the clock.
    pub fn start_pipeline(
        &mut self,
        new: NewPipeline<'_>,
        now: Timestamp,
    ) -> Result<u64, PipelineProblem> {
        let (sha, tag, plans) = self.plans(new.project, new.r#ref, new.source)?;
        let id = self.next_id("pipeline");
        let iid = self.next_iid(new.project, "pipeline");
        let pipeline = Pipeline {
            id,
            iid,
            project: new.project,
            r#ref: new.r#ref.to_owned(),
            tag,
            sha,
            status: "created".to_owned(),
            source: new.source.to_owned(),
            user: new.user,
            variables: new.variables,
            created_at: now,
            updated_at: now,
            started_at: None,
            finished_at: None,
        };
        self.pipelines.insert(id, pipeline);
        for plan in plans {
            self.add_job(id, plan, now);
        }
        Ok(id)
    }

    fn plans(
        &self,
        project: u64,
        name: &str,
        source: &str,
    ) -> Result<(String, bool, Vec<Plan>), PipelineProblem> {
        let repository = self.repositories.get(&project);
        let repository = repository.ok_or(PipelineProblem::NoReference)?;
        let name = name
            .trim_start_matches("refs/heads/")
            .trim_start_matches("refs/tags/");
        let tag = !repository.branches.contains_key(name) && repository.tags.contains_key(name);
        if !tag && !repository.branches.contains_key(name) {
            return Err(PipelineProblem::NoReference);
        }
        let commit = repository
            .resolve(name)
            .ok_or(PipelineProblem::NoReference)?;
        let entry = repository.entry_at(commit, ".gitlab-ci.yml");
        let blob = entry.and_then(|entry| repository.blob(&entry.id));
        let text = blob.map(|blob| String::from_utf8_lossy(blob).into_owned());
        let plans = configuration::read(&text.ok_or(PipelineProblem::NoConfiguration)?, source);
        if plans.is_empty() {
            return Err(PipelineProblem::Empty);
        }
        Ok((commit.id.clone(), tag, plans))
    }

    fn add_job(&mut self, pipeline: u64, plan: Plan, now: Timestamp) -> u64 {
        let id = self.next_id("job");
        let owner = self.pipelines.get(&pipeline);
        let (project, user) = owner.map_or((0, 0), |owner| (owner.project, owner.user));
        let job = Job {
            id,
            pipeline,
            project,
            name: plan.name,
            stage: plan.stage,
            status: if plan.manual { "manual" } else { "created" }.to_owned(),
            allow_failure: plan.allow_failure,
            manual: plan.manual,
            bridge: plan.bridge,
            retried: false,
            tags: plan.tags,
            runner: None,
            failure_reason: None,
            user,
            log: String::new(),
            written: Vec::new(),
            log_size: None,
            artifacts: Vec::new(),
            produces: plan.artifacts,
            seconds: plan.runs.map_or(30, |runs| runs.as_secs()),
            outcome: "success".to_owned(),
            created_at: now,
            queued_at: None,
            started_at: None,
            finished_at: None,
            erased_at: None,
        };
        self.jobs.insert(id, job);
        id
    }

    /// The jobs of a pipeline in the order they were made.
    pub fn jobs_of(&self, pipeline: u64) -> impl Iterator<Item = &Job> {
        self.jobs
            .values()
            .filter(move |job| job.pipeline == pipeline)
    }

    /// A job of a pipeline by name, the newest try: for tests and seeds.
    pub fn job_named(&mut self, pipeline: u64, name: &str) -> Option<&mut Job> {
        let job = self.jobs.values_mut().rev();
        job.into_iter()
            .find(|job| job.pipeline == pipeline && job.name == name)
    }
}
