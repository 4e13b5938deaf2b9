//! Pipelines and jobs. <https://docs.gitlab.com/api/pipelines/>

mod changing;
mod configuration;
mod lint;
mod picking;
mod pushing;
mod running;
mod script;
mod starting;
mod trace;
mod yaml;

use crate::clock::Timestamp;
pub use lint::Lint;
pub use starting::{NewPipeline, PipelineProblem};

/// A pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Number on the instance.
    pub id: u64,
    /// Number within the project.
    pub iid: u64,
    /// The project it runs for.
    pub project: u64,
    /// Branch or tag.
    pub r#ref: String,
    /// Whether it runs for a tag.
    pub tag: bool,
    /// Commit.
    pub sha: String,
    /// `created`, `running`, `success`, `failed`, …
    pub status: String,
    /// `push`, `web`, `api`, …
    pub source: String,
    /// Who started it.
    pub user: u64,
    /// Variables it was started with.
    pub variables: Vec<(String, String)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its first job started.
    pub started_at: Option<Timestamp>,
    /// When its last job ended.
    pub finished_at: Option<Timestamp>,
}

/// A job of a pipeline.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, as the API names them"
)]
pub struct Job {
    /// Number on the instance.
    pub id: u64,
    /// The pipeline it belongs to.
    pub pipeline: u64,
    /// The project it runs for.
    pub project: u64,
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: String,
    /// `created`, `pending`, `running`, `success`, `failed`, `manual`, …
    pub status: String,
    /// A failure does not fail the pipeline.
    pub allow_failure: bool,
    /// Waits for somebody to press play.
    pub manual: bool,
    /// Starts a pipeline elsewhere.
    pub bridge: bool,
    /// Replaced by a newer try.
    pub retried: bool,
    /// What a runner must be able to do to take it.
    pub tags: Vec<String>,
    /// The runner that took it. Without one it runs by itself, as the clock goes.
    pub runner: Option<u64>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Who started it.
    pub user: u64,
    /// What it prints; empty for a made-up log of the usual shape.
    pub log: String,
    /// What its runner wrote, when one took it.
    pub written: Vec<u8>,
    /// Makes the log this many bytes long, written only when somebody reads it.
    pub log_size: Option<usize>,
    /// Files it left: path and content.
    pub artifacts: Vec<(String, Vec<u8>)>,
    /// Files it will leave when it succeeds.
    pub produces: Vec<(String, Vec<u8>)>,
    /// How long it runs.
    pub seconds: u64,
    /// What it will end in: `success` or `failed`.
    pub outcome: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it became ready to run.
    pub queued_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When its log and artifacts were thrown away.
    pub erased_at: Option<Timestamp>,
}

impl Job {
    /// Whether it still has something ahead.
    pub fn is_active(&self) -> bool {
        is_active(&self.status)
    }

    /// Whether somebody has to press play.
    pub fn is_waiting_for_play(&self) -> bool {
        self.status == "manual"
    }
}

impl Pipeline {
    /// Whether it still has something ahead.
    pub fn is_active(&self) -> bool {
        is_active(&self.status)
    }
}

fn is_active(status: &str) -> bool {
    matches!(
        status,
        "created" | "waiting_for_resource" | "preparing" | "pending" | "running" | "canceling"
    )
}
