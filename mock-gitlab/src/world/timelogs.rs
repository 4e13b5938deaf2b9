//! Entries of spent time. <https://docs.gitlab.com/user/project/time_tracking/>

use serde_json::{Map, Value};

use super::{Home, Noteable, World};
use crate::clock::Timestamp;

/// Kind of the records: `time_spent` in seconds, and a `summary`.
pub const TIMELOG: &str = "timelog";

/// Where the entries of an issue or merge request lie.
fn home(noteable: &Noteable) -> Option<Home> {
    match noteable {
        Noteable::Issue(id) => Some(Home::Issue(*id)),
        Noteable::MergeRequest(id) => Some(Home::MergeRequest(*id)),
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => None,
    }
}

impl World {
    /// Writes an entry; less than zero seconds take time back.
    pub fn log_time(
        &mut self,
        noteable: &Noteable,
        (seconds, summary): (i64, &str),
        by: u64,
        now: Timestamp,
    ) {
        let Some(home) = home(noteable).filter(|_| seconds != 0) else {
            return;
        };
        let mut fields = Map::new();
        fields.insert("time_spent".to_owned(), seconds.into());
        fields.insert("summary".to_owned(), summary.into());
        self.add_record(TIMELOG, home, fields, by, now);
    }

    /// Takes every entry away, as resetting the spent time does.
    pub fn forget_time(&mut self, noteable: &Noteable) {
        let Some(home) = home(noteable) else { return };
        let ids: Vec<u64> = self.records_in(TIMELOG, home).map(|one| one.id).collect();
        for id in ids {
            self.remove_record(TIMELOG, id);
        }
    }

    /// Takes one entry away, and its time from the sum.
    pub fn remove_timelog(&mut self, id: u64) {
        let Some(entry) = self.record(TIMELOG, id) else {
            return;
        };
        let seconds = entry.fields.get("time_spent").and_then(Value::as_i64);
        let home = entry.home;
        let spent = match home {
            Home::Issue(id) => self
                .issues
                .get_mut(&id)
                .map(|issue| &mut issue.total_time_spent),
            Home::MergeRequest(id) => self
                .merge_requests
                .get_mut(&id)
                .map(|request| &mut request.total_time_spent),
            _ => None,
        };
        if let Some(spent) = spent {
            *spent = spent.saturating_sub(seconds.unwrap_or(0)).max(0);
        }
        self.remove_record(TIMELOG, id);
    }
}
