//! Issues and merge requests of Larkspur.

mod branches;
mod issues;
mod merge_requests;
mod threads;

use crate::clock::Timestamp;
use crate::world::World;

pub(super) fn plant(world: &mut World) {
    issues::plant(world);
    branches::plant(world);
    merge_requests::plant(world);
    threads::plant(world);
}

/// A time in the story.
fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_default()
}

/// A person of the story.
fn user(world: &World, name: &str) -> u64 {
    world.find_user(name).map_or(0, |user| user.id)
}
