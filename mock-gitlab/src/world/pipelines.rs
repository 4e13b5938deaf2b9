//! Pipelines and jobs. <https://docs.gitlab.com/api/pipelines/>

use crate::clock::Timestamp;

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
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// Who started it.
    pub user: u64,
    /// What it printed.
    pub log: String,
    /// Files it left: path and content.
    pub artifacts: Vec<(String, Vec<u8>)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
