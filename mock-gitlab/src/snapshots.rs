//! Copies of the world to go back to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::world::World;

/// So many copies are kept; the oldest one goes first.
const KEPT: usize = 16;

/// The name of a snapshot of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(u64);

impl SnapshotId {
    /// As the control API writes it.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for SnapshotId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// The snapshots of an instance.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    worlds: Vec<(SnapshotId, World)>,
}

impl Snapshots {
    /// Keeps a copy.
    pub(crate) fn take(&self, world: &World) -> SnapshotId {
        let mut kept = self.lock();
        if kept.worlds.len() >= KEPT {
            kept.worlds.remove(0);
        }
        kept.last += 1;
        let id = SnapshotId(kept.last);
        kept.worlds.push((id, world.clone()));
        id
    }

    /// A copy of a copy, which stays.
    pub(crate) fn get(&self, id: SnapshotId) -> Option<World> {
        let kept = self.lock();
        let found = kept.worlds.iter().find(|(name, _)| *name == id);
        found.map(|(_, world)| world.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
