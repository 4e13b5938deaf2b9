//! `larkspur/music-box`: the main project.

use super::story::Story;
use crate::world::World;
use crate::world::repository::Change;

const README: &str = "# Music Box

Turn the crank, and the cylinder plucks the comb.

This repository holds the firmware that watches the crank, and the tools that turn
a tune into pins on a cylinder.

## Try it

    cargo run -- tunes/larkspur-waltz.pins

The full story of putting one together is in
[docs/Assembly guide.md](docs/Assembly%20guide.md).
";

const MANIFEST: &str = "[package]
name = \"music-box\"
version = \"1.1.0\"
edition = \"2024\"
";

const CI: &str = "stages: [build, test, deliver]

build:
  stage: build
  script: cargo build

test:
  stage: test
  script: cargo test

engrave:
  stage: deliver
  when: manual
  script: ./scripts/engrave.sh
";

const MAIN: &str = "use std::io::Read;

mod comb;
mod cylinder;

fn main() -> std::io::Result<()> {
    let mut pins = String::new();
    std::io::stdin().read_to_string(&mut pins)?;
    for tooth in cylinder::Cylinder::parse(&pins).turn() {
        println!(\"{}\", comb::pluck(tooth));
    }
    Ok(())
}
";

const COMB: &str = "//! Eighteen teeth, tuned from F4 upwards.

pub const TEETH: usize = 18;

const NOTES: [&str; 7] = [\"F\", \"G\", \"A\", \"B\", \"C\", \"D\", \"E\"];

/// The name of the note a tooth sounds.
pub fn pluck(tooth: usize) -> &'static str {
    NOTES[tooth % NOTES.len()]
}
";

const CYLINDER: &str = "//! A cylinder is a list of pins in the order they pass the comb.

pub struct Cylinder {
    pins: Vec<usize>,
}

impl Cylinder {
    /// Reads one tooth number per line.
    pub fn parse(text: &str) -> Self {
        let pins = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
        Self { pins }
    }

    /// One full turn of the crank.
    pub fn turn(&self) -> impl Iterator<Item = usize> + '_ {
        self.pins.iter().copied()
    }
}
";

const CYLINDER_CHECKED: &str = "//! A cylinder is a list of pins in the order they pass the comb.

use crate::comb::TEETH;

pub struct Cylinder {
    pins: Vec<usize>,
}

impl Cylinder {
    /// Reads one tooth number per line; pins beyond the comb are dropped.
    pub fn parse(text: &str) -> Self {
        let numbers = text.lines().filter_map(|line| line.trim().parse().ok());
        Self { pins: numbers.filter(|tooth| *tooth < TEETH).collect() }
    }

    /// One full turn of the crank.
    pub fn turn(&self) -> impl Iterator<Item = usize> + '_ {
        self.pins.iter().copied()
    }
}
";

const GUIDE: &str = "# Assembly guide

1. Clamp the comb. It should not ring when you breathe on it.
2. Seat the cylinder with the first pin just below the lowest tooth.
3. Wind the spring four turns. Not five.
4. Let it play once with the lid open, and once with it closed.
";

const SENSOR: &str = "//! Counts the turns of the crank with a reed switch.

/// Turns per minute, smoothed over the last four.
pub struct CrankSensor {
    turns: [u32; 4],
    at: usize,
}

impl CrankSensor {
    pub fn new() -> Self {
        Self { turns: [0; 4], at: 0 }
    }

    /// To be called whenever the switch closes.
    pub fn tick(&mut self, milliseconds_since_last: u32) {
        self.turns[self.at] = 60_000 / milliseconds_since_last.max(1);
        self.at = (self.at + 1) % self.turns.len();
    }

    pub fn tempo(&self) -> u32 {
        self.turns.iter().sum::<u32>() / 4
    }
}
";

const ENGRAVE: &str = "#!/bin/sh
# Sends the pins of the current tune to the engraving machine.
set -eu
lp -d engraver tunes/larkspur-waltz.pins
";

pub(super) fn plant(world: &mut World) {
    let mut story = Story::of(world, "larkspur/music-box");
    beginnings(&mut story);
    releases(&mut story);
    open_branches(&mut story);
}

fn beginnings(story: &mut Story<'_>) {
    story
        .commit(
            "alice 2026-03-02T09:12:00Z",
            "Begin with a crank and a comb",
            &[
                Change::create("README.md", README),
                Change::create("Cargo.toml", MANIFEST),
                Change::create("src/main.rs", MAIN),
                Change::create("src/comb.rs", COMB),
                Change::create("src/cylinder.rs", CYLINDER),
                Change::create(".gitignore", "/target\n"),
            ],
        )
        .commit(
            "bob 2026-03-09T14:40:00Z",
            "Add the waltz\n\nTwelve bars, transcribed from the music box of Alice's grandmother.",
            &[Change::create(
                "tunes/larkspur-waltz.pins",
                "3\n7\n10\n7\n3\n7\n12\n10\n5\n8\n12\n8\n",
            )],
        )
        .commit(
            "alice 2026-03-11T10:05:00Z",
            "Write down how a box is put together",
            &[Change::create("docs/Assembly guide.md", GUIDE)],
        );
}

fn releases(story: &mut Story<'_>) {
    story
        .commit(
            "alice 2026-04-20T16:30:00Z",
            "Build and test every push",
            &[
                Change::create(".gitlab-ci.yml", CI),
                Change::Create {
                    path: "scripts/engrave.sh".to_owned(),
                    content: ENGRAVE.as_bytes().to_vec(),
                    executable: true,
                },
            ],
        )
        .tag("alice 2026-06-30T12:00:00Z", "v1.0.0", "First turn")
        .sign(
            "v1.0.0",
            "CN=Alice Okonjo,O=Larkspur",
            "alice@larkspur.example",
        )
        .on("pins-beyond-the-comb", "main")
        .commit(
            "bob 2026-07-14T11:20:00Z",
            "Drop pins beyond the last tooth\n\nThe cylinder of order 114 had nineteen.",
            &[Change::update("src/cylinder.rs", CYLINDER_CHECKED)],
        )
        .on("main", "main")
        .merge("alice 2026-07-15T09:02:00Z", "pins-beyond-the-comb")
        .tag(
            "alice 2026-08-31T12:00:00Z",
            "v1.1.0",
            "Nineteen pins are too many",
        )
        .commit(
            "bob 2026-09-22T15:45:00Z",
            "Add a lullaby for the second cylinder",
            &[Change::create(
                "tunes/night-shift-lullaby.pins",
                "0\n4\n2\n4\n0\n4\n5\n4\n",
            )],
        );
}

fn open_branches(story: &mut Story<'_>) {
    story
        .on("feature/crank-sensor", "main")
        .commit(
            "bob 2026-10-12T13:10:00Z",
            "Count the turns of the crank",
            &[Change::create("src/sensor.rs", SENSOR)],
        )
        .commit(
            "bob 2026-10-13T09:55:00Z",
            "Show the tempo while playing",
            &[Change::update(
                "src/main.rs",
                &MAIN.replace("mod cylinder;", "mod cylinder;\nmod sensor;"),
            )],
        )
        .on("fix-tempo-drift", "main")
        .commit(
            "bob 2026-10-19T17:31:00Z",
            "Turn at an even pace",
            &[Change::update(
                "src/cylinder.rs",
                &CYLINDER_CHECKED.replace("One full turn", "One full, even turn"),
            )],
        )
        .on("docs-rewrite", "main")
        .commit(
            "alice 2026-10-21T08:48:00Z",
            "Say why five turns are too many",
            &[Change::update(
                "docs/Assembly guide.md",
                &GUIDE.replace("Not five.", "Not five: the spring remembers."),
            )],
        )
        .on("main", "main")
        .commit(
            "alice 2026-10-26T10:20:00Z",
            "Tell newcomers where the comb begins",
            &[Change::update(
                "src/comb.rs",
                &COMB.replace(
                    "tuned from F4 upwards",
                    "tuned from F4 upwards, lowest tooth first",
                ),
            )],
        );
}
