//! Groups and memberships. <https://docs.gitlab.com/api/groups/>

use serde_json::{Map, Value};

use super::{Avatar, ProtectedBranch, Visibility};
use crate::clock::Timestamp;

/// A group or subgroup.
#[derive(Clone, Debug)]
pub struct Group {
    /// Number of the group, also of its namespace.
    pub id: u64,
    /// Display name.
    pub name: String,
    /// Last part of the full path.
    pub path: String,
    /// The group above.
    pub parent: Option<u64>,
    /// What it is for.
    pub description: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// The picture.
    pub avatar: Option<Avatar>,
    /// Direct members.
    pub members: Vec<Member>,
    /// Rules for the branches of every project below.
    pub protected_branches: Vec<ProtectedBranch>,
    /// Read-only.
    pub archived: bool,
    /// Settings that differ from the defaults, under the API's own names.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The day deletion was asked for.
    pub marked_for_deletion_on: Option<String>,
}

/// A direct membership in a group or project.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: u64,
    /// How much, see [`access`](super::access).
    pub level: u8,
    /// Since when.
    pub created_at: Timestamp,
    /// Until which day.
    pub expires_at: Option<String>,
    /// Who added them.
    pub created_by: Option<u64>,
}
