//! Milestones. <https://docs.gitlab.com/api/milestones/>

use super::Owner;
use crate::clock::Timestamp;

/// A milestone of a project or group.
#[derive(Clone, Debug)]
pub struct Milestone {
    /// Number on the instance; routes take this one.
    pub id: u64,
    /// Number within its owner.
    pub iid: u64,
    /// Whose it is.
    pub owner: Owner,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// `active` or `closed`.
    pub state: String,
    /// First day.
    pub start_date: Option<String>,
    /// Last day.
    pub due_date: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
