//! Pipelines and jobs of Larkspur.

mod logs;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::world::{Job, NewPipeline, World};

/// Size of the log of the job that listens all night.
const HUGE: usize = 5 * 1024 * 1024;

/// A pipeline of the story: branch, who, when, and how its test job ends.
const PIPELINES: [(&str, &str, &str, &str); 7] = [
    ("main", "alice", "2026-09-22T15:46:00Z", "success"),
    (
        "feature/crank-sensor",
        "bob",
        "2026-10-13T09:56:00Z",
        "success",
    ),
    ("fix-tempo-drift", "bob", "2026-10-19T17:32:00Z", "failed"),
    ("docs-rewrite", "alice", "2026-10-21T08:49:00Z", "success"),
    ("main", "alice", "2026-10-26T10:21:00Z", "success"),
    ("winter-carol", "bob", "2026-10-28T10:11:00Z", "success"),
    ("quieter-ratchet", "bob", "2026-11-01T08:58:00Z", "success"),
];

pub(super) fn plant(world: &mut World) {
    for (branch, who, when, outcome) in PIPELINES {
        let now = Timestamp::parse(when).unwrap_or_default();
        let user = world.find_user(who).map_or(0, |user| user.id);
        let new = NewPipeline {
            project: 1,
            r#ref: branch,
            source: "push",
            user,
            variables: Vec::new(),
        };
        // A branch that is not there has no pipeline; the tests of the seed would notice.
        let Ok(id) = world.start_pipeline(new, now) else {
            continue;
        };
        look_back(world, id, now);
        tell(world, id, outcome);
        match branch {
            // The newest one still listens when the story begins.
            "quieter-ratchet" => {
                if let Some(job) = world.job_named(id, "test") {
                    job.seconds = 6 * 3600;
                }
            }
            "main" if when > "2026-10" => listen_all_night(world, id),
            _ => {}
        }
        if branch != "quieter-ratchet" {
            world.catch_up(now.plus(Duration::from_hours(1)));
        }
    }
    // Up to the morning on which the story begins.
    world.catch_up(Timestamp::parse("2026-11-01T09:00:00Z").unwrap_or_default());
}

/// The branch may have moved on since: a pipeline runs on the commit of its own day.
fn look_back(world: &mut World, pipeline: u64, now: Timestamp) {
    let repository = world.repositories.get(&1);
    if let (Some(repository), Some(pipeline)) = (repository, world.pipelines.get_mut(&pipeline)) {
        let versions = (0..5).map(|steps| format!("{}~{steps}", pipeline.r#ref));
        let mut commits = versions.filter_map(|revision| repository.resolve(&revision));
        if let Some(commit) = commits.find(|commit| commit.committer.at <= now) {
            pipeline.sha.clone_from(&commit.id);
        }
    }
}

/// What the jobs print and leave behind.
fn tell(world: &mut World, pipeline: u64, outcome: &str) {
    if let Some(build) = world.job_named(pipeline, "build") {
        build.seconds = 48;
        logs::BUILD.clone_into(&mut build.log);
        build.artifacts = vec![
            ("target/music-box".to_owned(), b"\x7fELF tick tock".to_vec()),
            (
                "target/report/teeth.txt".to_owned(),
                b"18 of 18 in tune\n".to_vec(),
            ),
        ];
    }
    if let Some(test) = world.job_named(pipeline, "test") {
        test.seconds = 73;
        outcome.clone_into(&mut test.outcome);
        let log = if outcome == "failed" {
            logs::FAILED
        } else {
            logs::PASSED
        };
        log.clone_into(&mut test.log);
    }
}

/// A test that writes five megabytes, and nobody minds if it fails.
fn listen_all_night(world: &mut World, pipeline: u64) {
    let Some(test) = world.job_named(pipeline, "test").cloned() else {
        return;
    };
    let id = world.next_id("job");
    let huge = Job {
        id,
        name: "huge".to_owned(),
        allow_failure: true,
        log: String::new(),
        log_size: Some(HUGE),
        seconds: 1500,
        ..test
    };
    world.jobs.insert(id, huge);
}
