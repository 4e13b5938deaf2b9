//! What GraphQL's work items have beyond issues.
//! <https://docs.gitlab.com/api/graphql/reference/#workitem>

use serde_json::Value;

use super::World;
use crate::clock::Timestamp;

/// The part of a work item that its issue does not hold, by the id of the issue.
#[derive(Clone, Debug, Default)]
pub struct WorkItem {
    /// The work item above, by global id.
    pub parent: Option<u64>,
    /// First day.
    pub start_date: Option<String>,
    /// `onTrack`, `needsAttention`, `atRisk`.
    pub health_status: Option<String>,
    /// Number of its status, 1 to 5, when it is not the one its state implies.
    pub status: Option<u64>,
    /// Id of its iteration.
    pub iteration: Option<u64>,
    /// Timeline events of an incident, as GraphQL shows them.
    pub timeline: Vec<Value>,
}

/// The dependency proxy of a group.
#[derive(Clone, Debug)]
pub struct DependencyProxy {
    /// Whether it is on.
    pub enabled: bool,
    /// Who it signs in as upstream.
    pub identity: Option<String>,
    /// What it keeps of the images that were pulled through it.
    pub blobs: Vec<CachedBlob>,
    /// When its cache was last emptied on request.
    pub purged_at: Option<Timestamp>,
}

impl Default for DependencyProxy {
    fn default() -> Self {
        Self {
            enabled: true,
            identity: None,
            blobs: Vec::new(),
            purged_at: None,
        }
    }
}

/// A layer of an image in the cache of a dependency proxy.
#[derive(Clone, Debug)]
pub struct CachedBlob {
    /// `sha256:….gz`.
    pub file_name: String,
    /// In bytes.
    pub size: u64,
    /// When it was first pulled.
    pub created_at: Timestamp,
}

impl World {
    /// The work items below one, in the order of their ids.
    pub fn children_of(&self, id: u64) -> Vec<u64> {
        let below = self.work_items.iter();
        below
            .filter(|(child, item)| item.parent == Some(id) && self.issues.contains_key(child))
            .map(|(child, _)| *child)
            .collect()
    }
}
