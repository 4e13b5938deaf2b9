//! Whether a merge request can be merged, in one word.
//! <https://docs.gitlab.com/api/merge_requests/#merge-status>

use super::MergeRequest;
use crate::clock::Timestamp;
use crate::world::repository::Merged;
use crate::world::{Noteable, Pipeline, World};

impl World {
    /// The `detailed_merge_status` of a merge request.
    pub fn merge_status(&self, request: &MergeRequest, now: Timestamp) -> &'static str {
        let setting = |name| self.setting(request.project, name, false);
        let noteable = Noteable::MergeRequest(request.id);
        if !request.is_open() {
            "not_open"
        } else if request.checking_until.is_some_and(|until| now < until) {
            "checking"
        } else if request.is_draft() {
            "draft_status"
        } else if request.versions.is_empty() || self.commits_of_merge_request(request).is_empty() {
            "commits_status"
        } else if self.has_conflicts(request) {
            "conflict"
        } else if setting("only_allow_merge_if_all_discussions_are_resolved")
            && self.has_open_threads(&noteable)
        {
            "discussions_not_resolved"
        } else if let Some(status) = self.pipeline_check(request) {
            status
        } else if !request.changes_requested_by.is_empty() {
            "requested_changes"
        } else if self.approvals_left(request) > 0 {
            "not_approved"
        } else if self.needs_rebase(request) {
            "need_rebase"
        } else {
            "mergeable"
        }
    }

    fn pipeline_check(&self, request: &MergeRequest) -> Option<&'static str> {
        if !self.setting(
            request.project,
            "only_allow_merge_if_pipeline_succeeds",
            false,
        ) {
            return None;
        }
        match self
            .head_pipeline(request)
            .map(|found| found.status.as_str())
        {
            Some("success" | "skipped") => None,
            Some("created" | "pending" | "running" | "preparing" | "waiting_for_resource") => {
                Some("ci_still_running")
            }
            _ => Some("ci_must_pass"),
        }
    }

    /// Whether the branches cannot be merged cleanly.
    pub fn has_conflicts(&self, request: &MergeRequest) -> bool {
        let clashes = || {
            let repository = self.repositories.get(&request.project)?;
            let ours = repository.resolve(&request.target_branch)?;
            let theirs = repository.commit(&request.sha)?;
            Some(matches!(
                repository.merge(ours, theirs),
                Merged::Conflict(_)
            ))
        };
        request.is_open() && (request.conflict || clashes().unwrap_or(false))
    }

    /// The files both branches changed in different ways.
    pub fn conflicting_paths(&self, request: &MergeRequest) -> Vec<String> {
        let paths = || {
            let repository = self.repositories.get(&request.project)?;
            let ours = repository.resolve(&request.target_branch)?;
            match repository.merge(ours, repository.commit(&request.sha)?) {
                Merged::Conflict(paths) => Some(paths),
                Merged::Clean(_) => None,
            }
        };
        paths().unwrap_or_default()
    }

    /// Projects that only fast-forward want the newest target below the source.
    fn needs_rebase(&self, request: &MergeRequest) -> bool {
        self.merge_method(request.project) == "ff" && !self.is_up_to_date(request)
    }

    /// Whether the source branch already has everything of the target branch.
    pub(super) fn is_up_to_date(&self, request: &MergeRequest) -> bool {
        let known = || {
            let repository = self.repositories.get(&request.project)?;
            let target = repository.branches.get(&request.target_branch)?;
            Some(repository.contains(repository.commit(&request.sha)?, target))
        };
        known().unwrap_or(false)
    }

    /// `merge`, `rebase_merge` or `ff`.
    pub fn merge_method(&self, project: u64) -> &str {
        let project = self.projects.get(&project);
        let value = project.and_then(|project| project.settings.get("merge_method"));
        value.and_then(serde_json::Value::as_str).unwrap_or("merge")
    }

    /// Approvals the project asks for.
    pub fn approvals_required(&self, project: u64) -> usize {
        let project = self.projects.get(&project);
        let value = project.and_then(|project| project.settings.get("approvals_before_merge"));
        let wanted = value.and_then(serde_json::Value::as_u64).unwrap_or(0);
        usize::try_from(wanted).unwrap_or(usize::MAX)
    }

    /// The newest pipeline of the newest commit.
    pub fn head_pipeline(&self, request: &MergeRequest) -> Option<&Pipeline> {
        self.pipelines.values().rev().find(|pipeline| {
            pipeline.project == request.source_project && pipeline.sha == request.sha
        })
    }

    /// Whether the newest pipeline is still at work.
    pub fn is_pipeline_busy(&self, request: &MergeRequest) -> bool {
        self.head_pipeline(request).is_some_and(Pipeline::is_active)
    }

    /// The pipelines of a merge request, newest first.
    pub fn pipelines_of(&self, request: &MergeRequest) -> Vec<&Pipeline> {
        let own = format!("refs/merge-requests/{}/head", request.iid);
        let shas: Vec<&str> = request.versions.iter().map(|v| v.head.as_str()).collect();
        let belongs = |pipeline: &&Pipeline| {
            (pipeline.project == request.project && pipeline.r#ref == own)
                || (pipeline.project == request.source_project
                    && pipeline.r#ref == request.source_branch
                    && shas.contains(&pipeline.sha.as_str()))
        };
        self.pipelines.values().rev().filter(belongs).collect()
    }
}
