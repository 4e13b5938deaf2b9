//! World `company`: Larkspur, a small maker of wind-up music boxes.

mod applications;
mod delivery;
mod people;
mod projects;
mod repositories;
mod work;

use crate::world::World;

/// Plants everything; each part builds on the ones before it.
pub(crate) fn plant(world: &mut World) {
    people::plant(world);
    applications::plant(world);
    projects::plant(world);
    repositories::plant(world);
    work::plant(world);
    delivery::plant(world);
    let scanned = crate::clock::Timestamp::parse("2026-10-26T10:25:00Z").unwrap_or_default();
    world.scan(1, scanned);
}
