//! The file a token was given in: has it changed, and what does it hold now.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use gitlab_mcp_core::config::read_secret_file;
use gitlab_mcp_core::secret::{GitLabToken, Secret};

/// What tells two states of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Follows links, so that a link moved to another file counts as a change.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let found = fs::metadata(&self.path).ok()?;
        Some(Stamp {
            modified: found.modified().ok(),
            length: found.len(),
        })
    }

    /// The token in the file, or the reason why there is none, without a part of it.
    pub(super) fn read(&self, shortest: usize) -> Result<Secret<GitLabToken>, String> {
        let file = read_secret_file(&self.path).map_err(|error| error.to_string())?;
        Secret::parse(file.text.to_string(), shortest).map_err(|problem| problem.to_string())
    }
}
