//! Issues. <https://docs.gitlab.com/api/issues/>

use crate::clock::Timestamp;

/// An issue (also: task, incident).
#[derive(Clone, Debug)]
pub struct Issue {
    /// Number on the instance.
    pub id: u64,
    /// Number within the project.
    pub iid: u64,
    /// The project it lies in.
    pub project: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub description: String,
    /// `opened` or `closed`.
    pub state: String,
    /// `issue`, `incident`, `task`, `test_case`.
    pub issue_type: String,
    /// Who wrote it.
    pub author: u64,
    /// Who works on it.
    pub assignees: Vec<u64>,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Id of its milestone.
    pub milestone: Option<u64>,
    /// For members only.
    pub confidential: bool,
    /// Nobody may comment.
    pub discussion_locked: bool,
    /// When it should be done.
    pub due_date: Option<String>,
    /// Weight.
    pub weight: Option<i64>,
    /// Estimated seconds.
    pub time_estimate: i64,
    /// Spent seconds.
    pub total_time_spent: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    pub closed_by: Option<u64>,
}
