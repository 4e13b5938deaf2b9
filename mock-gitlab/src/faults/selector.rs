//! Which requests a fault is for, and which of those.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::glob::{RequestGlob, star};
use crate::request::{Request, decode};

/// Which requests, and how often. All conditions have to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Selector {
    /// Method and path.
    pub(super) on: RequestGlob,
    /// Query parameters by name; `*` in a value stands for anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) query: BTreeMap<String, String>,
    /// Headers by name (lower case), as above.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) header: BTreeMap<String, String>,
    /// User name of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    /// Name of a GraphQL operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    /// So many matching requests get through first.
    pub(super) skip: u32,
    /// Only the n-th after those, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nth: Option<u32>,
    /// Only every k-th.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) every: Option<u32>,
    /// Only a seeded share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probability: Option<f64>,
    /// Not before this time of the instance's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Timestamp>,
    /// Not from this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
    /// So many hits, and it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u32>,
}

/// The names of the fields, to tell them from those of the action.
pub(super) const FIELDS: [&str; 12] = [
    "on",
    "query",
    "header",
    "user",
    "operation",
    "skip",
    "nth",
    "every",
    "probability",
    "from",
    "until",
    "times",
];

/// What a fault may ask about a request. The answers that cost something are asked for.
pub(crate) struct Seen<'a> {
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
    pub(crate) user: &'a dyn Fn() -> Option<String>,
    pub(crate) operation: &'a dyn Fn() -> Option<String>,
}

impl Selector {
    /// Whether the request is one of those meant; counting comes later.
    pub(super) fn means(&self, seen: &Seen<'_>) -> bool {
        let request = seen.request;
        self.on.matches(&request.method, &request.path)
            && self.is_time(seen.now)
            && self.query.iter().all(|pair| in_query(request, pair))
            && self.header.iter().all(|pair| in_headers(request, pair))
            && self
                .user
                .as_ref()
                .is_none_or(|name| (seen.user)().as_ref() == Some(name))
            && self
                .operation
                .as_ref()
                .is_none_or(|name| (seen.operation)().as_ref() == Some(name))
    }

    pub(super) fn is_time(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|start| now >= start) && self.until.is_none_or(|end| now < end)
    }

    /// Whether the `count`-th meant request (from 1) is hit. `chance` lies in 0 to 1.
    pub(super) fn hits(&self, count: u32, chance: f64) -> bool {
        let Some(turn) = count.checked_sub(self.skip).filter(|turn| *turn > 0) else {
            return false;
        };
        self.nth.is_none_or(|nth| turn == nth)
            && self
                .every
                .is_none_or(|every| turn.checked_rem(every) == Some(0))
            && self.probability.is_none_or(|share| chance < share)
    }

    /// Whether no request to come can be hit.
    pub(super) fn is_over(&self, count: u32, hits: u32) -> bool {
        let passed = |nth: u32| count.saturating_sub(self.skip) >= nth;
        self.times.is_some_and(|times| hits >= times) || self.nth.is_some_and(passed)
    }
}

fn in_query(request: &Request, (name, wanted): (&String, &String)) -> bool {
    let mut pairs = request.query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    pairs.any(|(key, value)| key == *name && star(wanted, &value))
}

fn in_headers(request: &Request, (name, wanted): (&String, &String)) -> bool {
    let mut named = request
        .headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.any(|(_, value)| star(wanted, value))
}
