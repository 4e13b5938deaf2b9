//! The repositories of Larkspur: one story per project.

mod music_box;
mod small;
mod story;

use crate::world::World;

pub(super) fn plant(world: &mut World) {
    music_box::plant(world);
    small::plant(world);
}
