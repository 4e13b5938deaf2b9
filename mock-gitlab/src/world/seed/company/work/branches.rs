//! Branches people work on, besides those of the story of the repository.

use super::at;
use crate::world::World;
use crate::world::repository::{Change, Person};

const HINGE: &str = "//! The lid hinge that also turns the bird.

/// Degrees the head turns per bar.
pub const TURN: u16 = 35;

/// Where the head looks after this many bars.
pub fn heading(bars: u16) -> u16 {
    (bars * TURN) % 360
}
";

const CAROL: &str = "2\n2\n9\n9\n10\n10\n9\n7\n7\n5\n5\n4\n4\n2\n";

const RATCHET: &str = "//! Keeps the crank from turning back.

/// Clicks per turn: fewer are quieter.
pub const CLICKS: usize = 12;
";

const COMB: &str = "//! Eighteen teeth, tuned from F4 upwards to A = 442 Hz.

pub const TEETH: usize = 18;

const NOTES: [&str; 7] = [\"F\", \"G\", \"A\", \"B\", \"C\", \"D\", \"E\"];

/// Concert pitch of the shop.
pub const PITCH: f64 = 442.0;

/// The name of the note a tooth sounds.
pub fn pluck(tooth: usize) -> &'static str {
    NOTES[tooth % NOTES.len()]
}
";

pub(super) fn plant(world: &mut World) {
    let new = |path: &str, text: &str| vec![Change::create(path, text)];
    // The main branch touched the comb after this one had left it: a conflict.
    let before_main = "main~1";
    let plans = [
        (
            "songbird-hinge",
            "main",
            "2026-10-27T09:30:00Z",
            "Hinge the lid",
            new("src/hinge.rs", HINGE),
        ),
        (
            "retune-comb",
            before_main,
            "2026-10-24T15:00:00Z",
            "Retune the comb to A = 442",
            vec![Change::update("src/comb.rs", COMB)],
        ),
        (
            "winter-carol",
            "main",
            "2026-10-28T10:10:00Z",
            "Add a winter carol",
            new("tunes/winter-carol.pins", CAROL),
        ),
        (
            "quieter-ratchet",
            "main",
            "2026-11-01T08:50:00Z",
            "Click less often",
            new("src/ratchet.rs", RATCHET),
        ),
        (
            "electric-motor",
            "main",
            "2026-09-30T23:00:00Z",
            "Replace the crank with a motor",
            vec![Change::delete("scripts/engrave.sh")],
        ),
    ];
    let bob = world
        .find_user("bob")
        .map(|user| (user.name.clone(), user.email.clone()));
    let (name, email) = bob.unwrap_or_default();
    let Some(repository) = world.repositories.get_mut(&1) else {
        return;
    };
    for (branch, from, when, message, changes) in plans {
        let Some(head) = repository.resolve(from).map(|commit| commit.id.clone()) else {
            continue;
        };
        repository.branches.insert(branch.to_owned(), head);
        let author = Person {
            name: name.clone(),
            email: email.clone(),
            at: at(when),
        };
        // A step that makes no sense is left out; the tests of the seed would notice.
        repository
            .commit_to(branch, &changes, &author, message)
            .ok();
    }
}
