//! The mock through its front door: raw HTTP in, raw HTTP out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod administration;
mod authentication;
mod binary;
mod browser_pages;
mod client;
mod code;
mod content;
mod control;
mod conventions;
mod declared;
mod delivery;
mod determinism;
mod endpoints;
mod faults;
mod following;
mod fuzzing;
mod graphql;
mod group_changes;
mod groups;
mod hostile;
mod https;
mod huge;
mod issue_lists;
mod issues;
mod jobs;
mod joining;
mod keys;
mod labels;
mod ledger;
mod licensing;
mod merge_requests;
mod merging;
mod model;
mod notes;
mod oauth;
mod pages;
mod pipelines;
mod planning;
mod projects;
mod rate_limits;
mod releases;
mod reviews;
mod runner_jobs;
mod runners;
mod search;
mod snapshots;
mod sso;
mod users;
mod variables;
mod writing;

use mock_gitlab::{MockGitlab, World};

/// The company, with everything at its default.
async fn company() -> MockGitlab {
    MockGitlab::builder()
        .world(World::company())
        .start()
        .await
        .expect("a free port")
}
