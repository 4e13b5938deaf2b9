//! Word of each use of the previous master secret: an operator may take it away once nothing is left
//! that needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gitlab_mcp_core::audit::{Entry, Event, Sampler};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::gitlab::Instance;

use super::{Keys, Purpose};

/// Least time between two entries about one kind of use.
const PERIOD: Duration = Duration::from_mins(1);

/// What was recorded lately.
pub(super) struct Uses {
    clock: Arc<dyn Clock>,
    mode: &'static str,
    instance: Instance,
    /// One for each kind that occurred.
    kinds: Mutex<HashMap<&'static str, Sampler>>,
}

impl Keys {
    /// The same keys; uses of the previous secret stand in the audit stream, by `clock` at most once
    /// a minute for each kind, with the auth mode and its GitLab.
    #[must_use]
    pub fn recording(
        mut self,
        clock: Arc<dyn Clock>,
        mode: &'static str,
        instance: Instance,
    ) -> Self {
        self.uses = self.previous.is_some().then(|| Uses {
            clock,
            mode,
            instance,
            kinds: Mutex::default(),
        });
        self
    }

    /// The key of this purpose and of the previous secret has opened, verified or found something.
    pub fn previous_was_used(&self, purpose: Purpose) {
        self.note_previous(purpose.info());
    }

    /// As [`Keys::previous_was_used`], for a kind of use by its name.
    pub(super) fn note_previous(&self, kind: &'static str) {
        let Some(uses) = &self.uses else {
            return;
        };
        let now = uses.clock.monotonic();
        let mut kinds = uses.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let sampler = kinds.entry(kind);
        let sampler = sampler.or_insert_with(|| Sampler::each(PERIOD));
        let suppressed = sampler.take(now);
        drop(kinds);
        if let Some(suppressed) = suppressed {
            let word = kind.strip_prefix("gitlab-mcp ").unwrap_or(kind);
            Entry::new(Event::KeyPreviousUsed)
                .mode(uses.mode)
                .instance(uses.instance.host())
                .because(&word.replace([' ', '-'], "_"))
                .suppressed(suppressed)
                .write();
        }
    }
}
