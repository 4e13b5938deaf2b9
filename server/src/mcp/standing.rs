//! What one long-lived client told us: its log level and the resources it watches.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use gitlab_mcp_core::conversation::LogLevel;

/// State of a legacy session or of a stdio process.
#[derive(Debug)]
pub(super) struct Standing {
    level: AtomicU8,
    watched: Mutex<BTreeSet<String>>,
}

/// Most resources one client may watch.
const WATCHED: usize = 1000;

impl Default for Standing {
    fn default() -> Self {
        Self {
            level: AtomicU8::new(rank(LogLevel::Info)),
            watched: Mutex::default(),
        }
    }
}

/// Order of severity.
pub(super) fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Debug => 0,
        LogLevel::Info => 1,
        LogLevel::Warning => 3,
        LogLevel::Error => 4,
    }
}

impl Standing {
    /// Sets the least severity that is sent.
    pub(super) fn set_level(&self, rank: u8) {
        self.level.store(rank, Ordering::Relaxed);
    }

    /// The least severity that is sent.
    pub(super) fn level(&self) -> u8 {
        self.level.load(Ordering::Relaxed)
    }

    /// Starts to watch; false when there are too many already.
    pub(super) fn watch(&self, uri: String) -> bool {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.len() >= WATCHED {
            return watched.contains(&uri);
        }
        watched.insert(uri);
        true
    }

    /// Stops to watch.
    pub(super) fn unwatch(&self, uri: &str) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.remove(uri);
    }

    /// True when `uri` is watched.
    pub(super) fn watches(&self, uri: &str) -> bool {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.contains(uri)
    }
}
