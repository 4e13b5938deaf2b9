//! What a merge request would change, now and before earlier pushes.
//! <https://docs.gitlab.com/api/merge_requests/#retrieve-merge-request-diff-versions>

use super::MergeRequest;
use crate::clock::Timestamp;
use crate::world::repository::{Commit, FileDiff};
use crate::world::{Noteable, Repository, World};

/// The branches at one moment.
#[derive(Clone, Debug)]
pub struct DiffVersion {
    /// Number on the instance.
    pub id: u64,
    /// Where the branches parted.
    pub base: String,
    /// Head of the target branch.
    pub start: String,
    /// Head of the source branch.
    pub head: String,
    /// When it was taken.
    pub created_at: Timestamp,
}

impl World {
    /// Takes a new version when the source branch has moved.
    pub(super) fn look_at_branches(&mut self, id: u64, now: Timestamp) {
        let Some(request) = self.merge_requests.get(&id) else {
            return;
        };
        // Asked before every request: the cheap question first.
        let source = self.repositories.get(&request.source_project);
        let head = source.and_then(|source| source.branches.get(&request.source_branch));
        if head.is_none_or(|head| *head == request.sha) {
            return;
        }
        let Some((base, start, head)) = self.heads(request) else {
            return;
        };
        let first = request.versions.is_empty();
        let author = request.author;
        let resets = self.setting(request.project, "reset_approvals_on_push", true);
        let version = DiffVersion {
            id: self.next_id("diff version"),
            base,
            start,
            head: head.clone(),
            created_at: now,
        };
        if let Some(request) = self.merge_requests.get_mut(&id) {
            request.sha = head;
            request.versions.push(version);
            if !first {
                request.updated_at = now;
                if resets {
                    request.approved_by.clear();
                }
            }
        }
        if !first {
            self.add_system_note(Noteable::MergeRequest(id), author, "added 1 commit", now);
        }
    }

    /// Base, head of the target and head of the source, as the branches stand now.
    fn heads(&self, request: &MergeRequest) -> Option<(String, String, String)> {
        let repository = self.repositories.get(&request.project)?;
        let source = self.repositories.get(&request.source_project)?;
        let head = source.branches.get(&request.source_branch)?;
        let start = repository.branches.get(&request.target_branch)?;
        let (from, to) = (
            source.commit(start).or_else(|| repository.commit(start))?,
            source.commit(head)?,
        );
        let base = source.merge_base(from, to).unwrap_or(from);
        Some((base.id.clone(), start.clone(), head.clone()))
    }

    /// A setting of a project that is a truth value.
    pub(super) fn setting(&self, project: u64, name: &str, by_default: bool) -> bool {
        let project = self.projects.get(&project);
        let value = project.and_then(|project| project.settings.get(name));
        value
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(by_default)
    }

    /// The repository the commits of a merge request lie in.
    pub fn source_repository(&self, request: &MergeRequest) -> Option<&Repository> {
        self.repositories.get(&request.source_project)
    }

    /// The files a version changes.
    pub fn diff_of_version(&self, request: &MergeRequest, version: &DiffVersion) -> Vec<FileDiff> {
        let diff = || {
            let repository = self.source_repository(request)?;
            let (base, head) = (
                repository.commit(&version.base)?,
                repository.commit(&version.head)?,
            );
            Some(repository.diff_between(base, head))
        };
        diff().unwrap_or_default()
    }

    /// The files a merge request changes.
    pub fn diff_of_merge_request(&self, request: &MergeRequest) -> Vec<FileDiff> {
        let last = request.versions.last();
        last.map_or_else(Vec::new, |version| self.diff_of_version(request, version))
    }

    /// The commits of a version, newest first.
    pub fn commits_of_version(
        &self,
        request: &MergeRequest,
        version: &DiffVersion,
    ) -> Vec<&Commit> {
        let commits = || {
            let repository = self.source_repository(request)?;
            let (base, head) = (
                repository.commit(&version.base)?,
                repository.commit(&version.head)?,
            );
            Some(repository.between(base, head))
        };
        commits().unwrap_or_default()
    }

    /// The commits of a merge request, newest first.
    pub fn commits_of_merge_request(&self, request: &MergeRequest) -> Vec<&Commit> {
        let last = request.versions.last();
        last.map_or_else(Vec::new, |version| {
            self.commits_of_version(request, version)
        })
    }
}
