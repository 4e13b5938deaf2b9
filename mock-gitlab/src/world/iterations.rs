//! Iterations of groups. <https://docs.gitlab.com/user/group/iterations/>

use super::World;
use crate::clock::Timestamp;

/// A span of days in which a group works on something. Where it stands follows from the day.
#[derive(Clone, Debug)]
pub struct Iteration {
    /// Number on the instance.
    pub id: u64,
    /// Number within its group.
    pub iid: u64,
    /// Place within its cadence, from 1.
    pub sequence: u64,
    /// The group it belongs to.
    pub group: u64,
    /// Title of the cadence that repeats it.
    pub cadence: String,
    /// Its own title; those a cadence makes by itself have none.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// First day.
    pub start_date: String,
    /// Last day.
    pub due_date: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Iteration {
    /// `upcoming`, `current` or `closed` on a day of the form `2026-11-01`.
    pub fn state(&self, today: &str) -> &'static str {
        if today < self.start_date.as_str() {
            "upcoming"
        } else if today > self.due_date.as_str() {
            "closed"
        } else {
            "current"
        }
    }
}

impl World {
    /// Adds the next iteration of a cadence, without a title, and returns its id.
    pub fn add_iteration(
        &mut self,
        group: u64,
        cadence: &str,
        (start_date, due_date): (&str, &str),
        now: Timestamp,
    ) -> u64 {
        let id = self.next_id("iteration");
        let iteration = Iteration {
            id,
            iid: self.next_id(&format!("iteration of group {group}")),
            sequence: self.next_id(&format!("iteration of group {group} in {cadence}")),
            group,
            cadence: cadence.to_owned(),
            title: None,
            description: None,
            start_date: start_date.to_owned(),
            due_date: due_date.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.iterations.insert(id, iteration);
        id
    }
}
