//! Merge requests. <https://docs.gitlab.com/api/merge_requests/>

use crate::clock::Timestamp;

/// A merge request.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four check boxes of the form"
)]
#[derive(Clone, Debug)]
pub struct MergeRequest {
    /// Number on the instance.
    pub id: u64,
    /// Number within the target project.
    pub iid: u64,
    /// The project it wants to merge into.
    pub project: u64,
    /// The project it comes from.
    pub source_project: u64,
    /// The branch it comes from.
    pub source_branch: String,
    /// The branch it wants to merge into.
    pub target_branch: String,
    /// Its title; a draft starts with `Draft: `.
    pub title: String,
    /// Its text.
    pub description: String,
    /// `opened`, `closed`, `merged`, `locked`.
    pub state: String,
    /// Who wrote it.
    pub author: u64,
    /// Who works on it.
    pub assignees: Vec<u64>,
    /// Who is asked to look.
    pub reviewers: Vec<u64>,
    /// Who approved.
    pub approved_by: Vec<u64>,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Id of its milestone.
    pub milestone: Option<u64>,
    /// Head of the source branch when last looked at.
    pub sha: String,
    /// Squash on merge.
    pub squash: bool,
    /// Delete the source branch on merge.
    pub remove_source_branch: bool,
    /// Nobody may comment.
    pub discussion_locked: bool,
    /// Forces a conflict whatever the branches say.
    pub conflict: bool,
    /// The merge commit, once merged.
    pub merge_commit_sha: Option<String>,
    /// Who merged.
    pub merged_by: Option<u64>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    pub closed_by: Option<u64>,
}
