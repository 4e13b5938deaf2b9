//! Projects. <https://docs.gitlab.com/api/projects/>

use serde_json::{Map, Value};

use super::{Avatar, Member};
use crate::clock::Timestamp;

/// Who sees a project or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Members only.
    Private,
    /// Everyone signed in.
    Internal,
    /// Everyone.
    Public,
}

impl Visibility {
    /// As the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Internal => "internal",
            Self::Public => "public",
        }
    }

    /// From the API's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Private, Self::Internal, Self::Public]
            .into_iter()
            .find(|v| v.name() == text)
    }
}

/// Where a project lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// In the personal namespace of a user (by user id).
    User(u64),
    /// In a group.
    Group(u64),
}

/// What a label, milestone or token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A project.
    Project(u64),
    /// A group.
    Group(u64),
}

/// A project, without its repository (see [`World::repositories`](super::World::repositories)).
#[derive(Clone, Debug)]
pub struct Project {
    /// Number of the project.
    pub id: u64,
    /// Display name.
    pub name: String,
    /// Last part of the full path.
    pub path: String,
    /// Where it lies.
    pub namespace: Namespace,
    /// What it is.
    pub description: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Read-only.
    pub archived: bool,
    /// Who made it.
    pub creator: u64,
    /// The picture.
    pub avatar: Option<Avatar>,
    /// Direct members.
    pub members: Vec<Member>,
    /// Topics.
    pub topics: Vec<String>,
    /// Stars.
    pub star_count: u64,
    /// The project it was forked from.
    pub forked_from: Option<u64>,
    /// Rules for branches.
    pub protected_branches: Vec<ProtectedBranch>,
    /// Settings that differ from the defaults, under the API's own names.
    pub settings: Map<String, Value>,
    /// Full paths it had before, for redirects.
    pub former_paths: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something last happened in it.
    pub last_activity_at: Timestamp,
    /// The day deletion was asked for.
    pub marked_for_deletion_on: Option<String>,
}

/// A rule for branches. <https://docs.gitlab.com/api/protected_branches/>
#[derive(Clone, Debug)]
pub struct ProtectedBranch {
    /// Number of the rule.
    pub id: u64,
    /// Name or pattern with `*`.
    pub name: String,
    /// Level that may push; 0 is no one.
    pub push_level: u8,
    /// Level that may merge; 0 is no one.
    pub merge_level: u8,
    /// Whether history may be rewritten.
    pub allow_force_push: bool,
    /// Whether code owners must approve.
    pub code_owner_approval_required: bool,
}

impl ProtectedBranch {
    /// Whether the rule is about this branch.
    pub fn covers(&self, branch: &str) -> bool {
        let Some((head, tail)) = self.name.split_once('*') else {
            return self.name == branch;
        };
        branch.len() >= head.len() + tail.len()
            && branch.starts_with(head)
            && branch.ends_with(tail)
    }
}
