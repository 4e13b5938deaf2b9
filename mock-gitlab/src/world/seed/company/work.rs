//! Issues and merge requests of Larkspur.

mod branches;
mod issues;
mod merge_requests;
mod threads;

use crate::clock::Timestamp;
use crate::world::World;

/// Where the numbers of the instance stand when the story begins: ids and iids differ,
/// as they do on every instance that has been used for a while.
const COUNTERS: [(&str, u64); 8] = [
    ("issue", 4100),
    ("merge request", 8200),
    ("note", 15_000),
    ("diff version", 900),
    ("draft note", 70),
    ("award emoji", 500),
    ("pipeline", 46_000),
    ("job", 310_000),
];

pub(super) fn plant(world: &mut World) {
    for (sequence, number) in COUNTERS {
        world.sequences.insert(sequence.to_owned(), number);
    }
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
