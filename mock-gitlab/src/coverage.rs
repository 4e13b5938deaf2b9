//! Which routes were hit, so that a harness can say what it never tried.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::routes::RouteTable;

/// A counter per route of the table.
#[derive(Debug)]
pub(crate) struct Counters(Box<[AtomicU64]>);

impl Counters {
    /// All at zero.
    pub(crate) fn of(routes: &RouteTable) -> Self {
        Self((0..routes.len()).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts a request.
    pub(crate) fn hit(&self, route: Option<usize>) {
        if let Some(counter) = route.and_then(|number| self.0.get(number)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Starts again.
    pub(crate) fn clear(&self) {
        for counter in &self.0 {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// The numbers so far.
    pub(crate) fn read(&self, routes: &RouteTable) -> Coverage {
        let counts = self.0.iter().map(|counter| counter.load(Ordering::Relaxed));
        let named = routes
            .listing()
            .map(|(method, path)| format!("{method} {path}"));
        let (hit, never): (Vec<_>, Vec<_>) = named
            .zip(counts)
            .filter(|(name, _)| !name.contains(" /-/mock/"))
            .partition(|(_, count)| *count > 0);
        Coverage {
            hit,
            never: never.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

/// Which routes were hit since the start or the last reset.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Method and pattern of a route, and how often it was hit.
    pub hit: Vec<(String, u64)>,
    /// Those nobody asked for: `GET /api/v4/projects/:id`.
    pub never: Vec<String>,
}

impl Coverage {
    pub(crate) fn to_json(&self) -> Value {
        let hit: serde_json::Map<String, Value> = self
            .hit
            .iter()
            .map(|(name, count)| (name.clone(), json!(count)))
            .collect();
        json!({ "hit": hit, "never": self.never })
    }
}
