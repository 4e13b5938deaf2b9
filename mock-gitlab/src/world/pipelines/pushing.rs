//! Pipelines nobody asks for: those of pushes and merge requests.
//! <https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/>

use super::NewPipeline;
use crate::clock::Timestamp;
use crate::world::World;

impl World {
    /// A branch has moved: it gets a pipeline, and so do the open merge requests from it,
    /// if its configuration has jobs for them. A file without is no problem.
    pub fn pushed(&mut self, project: u64, branch: &str, by: u64, now: Timestamp) {
        if self.skips_ci(project, branch) {
            return;
        }
        let new = NewPipeline {
            project,
            r#ref: branch,
            source: "push",
            user: by,
            variables: Vec::new(),
        };
        self.start_pipeline(new, now).ok();
        let open: Vec<u64> = self
            .merge_requests
            .values()
            .filter(|request| {
                request.is_open()
                    && request.source_project == project
                    && request.source_branch == branch
            })
            .map(|request| request.id)
            .collect();
        for id in open {
            self.pipeline_for_merge_request(id, by, now);
        }
    }

    /// `[skip ci]` in the message of the newest commit.
    fn skips_ci(&self, project: u64, branch: &str) -> bool {
        let repository = self.repositories.get(&project);
        let head = repository.and_then(|one| one.resolve(branch));
        head.is_some_and(|commit| {
            let message = commit.message.to_lowercase();
            message.contains("[skip ci]") || message.contains("[ci skip]")
        })
    }

    /// The pipeline of a merge request, when jobs are meant for it.
    pub fn pipeline_for_merge_request(&mut self, id: u64, by: u64, now: Timestamp) {
        let Some(request) = self.merge_requests.get(&id).cloned() else {
            return;
        };
        let new = NewPipeline {
            project: request.source_project,
            r#ref: &request.source_branch,
            source: "merge_request_event",
            user: by,
            variables: Vec::new(),
        };
        if let Ok(pipeline) = self.start_pipeline(new, now)
            && let Some(pipeline) = self.pipelines.get_mut(&pipeline)
        {
            pipeline.r#ref = format!("refs/merge-requests/{}/head", request.iid);
        }
    }
}
