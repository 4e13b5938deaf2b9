//! To-do items. <https://docs.gitlab.com/api/todos/>

use super::Noteable;
use crate::clock::Timestamp;

/// Something a user is asked to look at.
#[derive(Clone, Debug)]
pub struct Todo {
    /// Number of the item.
    pub id: u64,
    /// Whose list it stands on.
    pub user: u64,
    /// Who caused it.
    pub author: u64,
    /// The project it is about.
    pub project: u64,
    /// `assigned`, `mentioned`, `build_failed`, `approval_required`, …
    pub action: String,
    /// The thing itself.
    pub target: Noteable,
    /// The words that caused it.
    pub body: String,
    /// Dealt with.
    pub done: bool,
    /// When it appeared.
    pub created_at: Timestamp,
}
