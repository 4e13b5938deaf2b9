//! Merge requests. <https://docs.gitlab.com/api/merge_requests/>

mod approval_rules;
mod checks;
mod merging;
mod positions;
mod versions;

use serde_json::Value;

use super::notes::Award;
use super::{Noteable, World};
use crate::clock::Timestamp;
pub use approval_rules::APPROVAL_RULE;
pub use merging::{MergeOptions, MergeProblem};
pub use positions::line_code;
pub use versions::DiffVersion;

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
    /// The squashed commit, once merged that way.
    pub squash_commit_sha: Option<String>,
    /// Merges itself as soon as its checks pass.
    pub auto_merge: bool,
    /// Reviewers who asked for changes.
    pub changes_requested_by: Vec<u64>,
    /// Until then GitLab says that it is still checking.
    pub checking_until: Option<Timestamp>,
    /// Estimated seconds.
    pub time_estimate: i64,
    /// Spent seconds.
    pub total_time_spent: i64,
    /// What the source branch looked like over time, oldest first.
    pub versions: Vec<DiffVersion>,
    /// Notes only their authors see so far.
    pub drafts: Vec<DraftNote>,
    /// Reactions.
    pub awards: Vec<Award>,
}

/// A review comment that is not out yet. <https://docs.gitlab.com/api/draft_notes/>
#[derive(Clone, Debug)]
pub struct DraftNote {
    /// Number on the instance.
    pub id: u64,
    /// Whose it is.
    pub author: u64,
    /// Its text.
    pub body: String,
    /// The thread it answers.
    pub discussion: Option<String>,
    /// Resolves the thread when published.
    pub resolve_discussion: bool,
    /// A commit it is about.
    pub commit_id: Option<String>,
    /// Where in the diff it stands.
    pub position: Option<Value>,
}

/// A merge request to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewMergeRequest<'a> {
    /// The project it wants to merge into.
    pub project: u64,
    /// The project it comes from.
    pub source_project: u64,
    /// The branch it comes from.
    pub source_branch: &'a str,
    /// The branch it wants to merge into.
    pub target_branch: &'a str,
    /// Who writes it.
    pub author: u64,
    /// Its title.
    pub title: &'a str,
}

impl MergeRequest {
    /// Whether the title says that it is not ready.
    pub fn is_draft(&self) -> bool {
        let title = self.title.to_lowercase();
        ["draft:", "[draft]", "(draft)"]
            .iter()
            .any(|mark| title.starts_with(mark))
    }

    /// Whether it can still change.
    pub fn is_open(&self) -> bool {
        self.state == "opened"
    }
}

impl World {
    /// Opens a merge request and returns its global id.
    pub fn add_merge_request(&mut self, new: NewMergeRequest<'_>, now: Timestamp) -> u64 {
        let id = self.next_id("merge request");
        let iid = self.next_iid(new.project, "merge request");
        let delay = self.quirks.merge_status_delay_seconds;
        let checked = now.plus(std::time::Duration::from_secs(delay));
        let request = MergeRequest {
            id,
            iid,
            project: new.project,
            source_project: new.source_project,
            source_branch: new.source_branch.to_owned(),
            target_branch: new.target_branch.to_owned(),
            title: new.title.to_owned(),
            description: String::new(),
            state: "opened".to_owned(),
            author: new.author,
            assignees: Vec::new(),
            reviewers: Vec::new(),
            approved_by: Vec::new(),
            labels: Vec::new(),
            milestone: None,
            sha: String::new(),
            squash: false,
            remove_source_branch: false,
            discussion_locked: false,
            conflict: false,
            merge_commit_sha: None,
            merged_by: None,
            created_at: now,
            updated_at: now,
            merged_at: None,
            closed_at: None,
            closed_by: None,
            squash_commit_sha: None,
            auto_merge: false,
            changes_requested_by: Vec::new(),
            checking_until: (delay > 0).then_some(checked),
            time_estimate: 0,
            total_time_spent: 0,
            versions: Vec::new(),
            drafts: Vec::new(),
            awards: Vec::new(),
        };
        self.merge_requests.insert(id, request);
        self.look_at_branches(id, now);
        id
    }

    /// A merge request by project and the number people see.
    pub fn merge_request(&self, project: u64, iid: u64) -> Option<&MergeRequest> {
        self.merge_requests
            .values()
            .find(|request| request.project == project && request.iid == iid)
    }

    /// A merge request to be changed by a test: `merge_request_mut("larkspur/music-box", 3)`.
    pub fn merge_request_mut(&mut self, project: &str, iid: u64) -> Option<&mut MergeRequest> {
        let project = self.find_project(project)?.id;
        self.merge_requests
            .values_mut()
            .find(|request| request.project == project && request.iid == iid)
    }

    /// Takes a merge request away with everything written on it.
    pub fn remove_merge_request(&mut self, id: u64) {
        self.merge_requests.remove(&id);
        self.remove_notes_on(&Noteable::MergeRequest(id));
    }

    /// Lets time pass: pipelines move on, merge requests notice pushes, and those
    /// that wait for their checks merge.
    pub fn catch_up(&mut self, now: Timestamp) {
        self.advance_pipelines(now);
        let open = self
            .merge_requests
            .values()
            .filter(|request| request.is_open());
        let open: Vec<u64> = open.map(|request| request.id).collect();
        for id in open {
            self.look_at_branches(id, now);
            let ready = self.merge_requests.get(&id).filter(|request| {
                request.auto_merge
                    && self.merge_status(request, now) == "mergeable"
                    && !self.is_pipeline_busy(request)
            });
            if let Some(request) = ready.cloned() {
                let options = MergeOptions {
                    squash: request.squash,
                    remove_source_branch: request.remove_source_branch,
                    ..MergeOptions::default()
                };
                // A merge that fails leaves the request open, as at GitLab.
                self.merge(
                    id,
                    &options,
                    request.merged_by.unwrap_or(request.author),
                    now,
                )
                .ok();
            }
        }
    }
}
