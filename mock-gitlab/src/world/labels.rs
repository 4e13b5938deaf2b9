//! Labels. <https://docs.gitlab.com/api/labels/>

use super::Owner;

/// A label of a project or group.
#[derive(Clone, Debug)]
pub struct Label {
    /// Number of the label.
    pub id: u64,
    /// Whose it is.
    pub owner: Owner,
    /// Its text.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// What it means.
    pub description: Option<String>,
    /// Smaller is more urgent.
    pub priority: Option<i64>,
}
