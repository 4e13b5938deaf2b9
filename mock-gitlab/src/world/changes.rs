//! The history of labels, milestones, states and weights of issues and merge requests.
//! <https://docs.gitlab.com/api/resource_label_events/>

use serde_json::{Map, Value, json};

use super::{Home, Noteable, World};
use crate::clock::Timestamp;

/// What is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Names of the labels.
    pub labels: Vec<String>,
    /// Id of the milestone.
    pub milestone: Option<u64>,
    /// `opened`, `closed`, `merged`.
    pub state: String,
    /// Weight.
    pub weight: Option<i64>,
}

/// Kinds of records the history consists of.
pub const LABEL_EVENT: &str = "label event";
/// See [`LABEL_EVENT`].
pub const MILESTONE_EVENT: &str = "milestone event";
/// See [`LABEL_EVENT`].
pub const STATE_EVENT: &str = "state event";
/// See [`LABEL_EVENT`].
pub const WEIGHT_EVENT: &str = "weight event";

impl World {
    /// The present state of an issue or merge request.
    pub fn watched(&self, noteable: &Noteable) -> Option<Watched> {
        match noteable {
            Noteable::Issue(id) => self.issues.get(id).map(|issue| Watched {
                labels: issue.labels.clone(),
                milestone: issue.milestone,
                state: issue.state.clone(),
                weight: issue.weight,
            }),
            Noteable::MergeRequest(id) => self.merge_requests.get(id).map(|request| Watched {
                labels: request.labels.clone(),
                milestone: request.milestone,
                state: request.state.clone(),
                weight: None,
            }),
            Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => None,
        }
    }

    /// Writes down what has changed since `before`.
    pub fn write_history(
        &mut self,
        noteable: &Noteable,
        before: &Watched,
        by: u64,
        now: Timestamp,
    ) {
        let Some(after) = self.watched(noteable) else {
            return;
        };
        let home = match noteable {
            Noteable::Issue(id) => Home::Issue(*id),
            Noteable::MergeRequest(id) => Home::MergeRequest(*id),
            Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => return,
        };
        let gone = before
            .labels
            .iter()
            .filter(|one| !after.labels.contains(one));
        let new = after
            .labels
            .iter()
            .filter(|one| !before.labels.contains(one));
        let labels: Vec<(&str, &String)> = new
            .map(|name| ("add", name))
            .chain(gone.map(|name| ("remove", name)))
            .collect();
        for (action, name) in labels {
            let value = json!({ "action": action, "label": name });
            self.add_event(LABEL_EVENT, home, value, (by, now));
        }
        if before.milestone != after.milestone {
            for (action, id) in [("remove", before.milestone), ("add", after.milestone)] {
                if let Some(id) = id {
                    let value = json!({ "action": action, "milestone": id });
                    self.add_event(MILESTONE_EVENT, home, value, (by, now));
                }
            }
        }
        if before.state != after.state {
            let word = match (before.state.as_str(), after.state.as_str()) {
                ("closed", "opened") => "reopened",
                (_, word) => word,
            };
            self.add_event(STATE_EVENT, home, json!({ "state": word }), (by, now));
        }
        if before.weight != after.weight {
            let value = json!({ "weight": after.weight });
            self.add_event(WEIGHT_EVENT, home, value, (by, now));
        }
    }

    fn add_event(
        &mut self,
        kind: &'static str,
        home: Home,
        fields: Value,
        (by, now): (u64, Timestamp),
    ) {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        self.add_record(kind, home, fields, by, now);
    }
}
