//! Every request an instance saw, in order: the oracle for retries, dry runs and
//! "no credential left the house" tests.

mod assertions;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::glob::RequestGlob;

/// Of a body only this much is kept.
pub(crate) const BODY_KEPT: usize = 64 * 1024;
/// So many requests are kept, the newest ones.
const RECORDS_KEPT: usize = 20_000;

/// Who made a request, as far as the instance could tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// User name; `None` is anonymous.
    pub user: Option<String>,
    /// `personal`, `project`, `group`, `job`, `oauth` or `session`.
    pub kind: Option<String>,
    /// The value of the token.
    pub token: Option<String>,
    /// The administrator who spoke for the user with `Sudo`.
    pub sudo_by: Option<String>,
}

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the order, from 1.
    pub number: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// Upper case.
    pub method: String,
    /// As sent, without base path and query.
    pub path: String,
    /// As sent, without the question mark.
    pub query: String,
    /// In the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB.
    pub body: Bytes,
    /// Who asked.
    pub who: Who,
    /// The connection it came over, counted from 1.
    pub connection: u64,
    /// What was answered; `None` when nothing was.
    pub status: Option<u16>,
    /// The fault that was applied.
    pub fault: Option<String>,
}

impl Record {
    /// A header by its name (any case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// sha-256 of the body as far as it was kept, in hexadecimal.
    pub fn digest(&self) -> String {
        use sha2::Digest as _;
        use std::fmt::Write as _;
        let hash = sha2::Sha256::digest(&self.body);
        hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "number": self.number, "at": self.at, "method": self.method, "path": self.path,
            "query": self.query, "headers": headers, "body_sha256": self.digest(),
            "body": String::from_utf8_lossy(&self.body),
            "user": self.who.user, "token_kind": self.who.kind, "connection": self.connection,
            "status": self.status, "fault": self.fault,
        })
    }
}

/// The log of an instance: the newest 20,000 requests. Clones show the same log.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    records: VecDeque<Record>,
    /// How many there were, forgotten ones included.
    count: u64,
}

impl Ledger {
    /// A copy of everything so far.
    pub fn all(&self) -> Records {
        Records(self.lock().records.iter().cloned().collect())
    }

    /// The requests a glob means: `GET /api/v4/projects/*`.
    pub fn of(&self, glob: &str) -> Records {
        let glob = RequestGlob::parse(glob);
        let log = self.lock();
        let meant = log
            .records
            .iter()
            .filter(|record| glob.matches(&record.method, &record.path));
        Records(meant.cloned().collect())
    }

    /// How many requests there were since the start or the last [`Ledger::clear`].
    pub fn count(&self) -> usize {
        usize::try_from(self.lock().count).unwrap_or(usize::MAX)
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.lock() = Log::default();
    }

    /// Appends a record and numbers it.
    pub(crate) fn push(&self, mut record: Record) {
        let mut log = self.lock();
        log.count += 1;
        record.number = log.count;
        if log.records.len() >= RECORDS_KEPT {
            log.records.pop_front();
        }
        log.records.push_back(record);
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some records of a ledger, in order.
#[derive(Clone, Debug)]
pub struct Records(Vec<Record>);

impl Records {
    /// Those a glob means.
    #[must_use]
    pub fn of(mut self, glob: &str) -> Self {
        let glob = RequestGlob::parse(glob);
        self.0
            .retain(|record| glob.matches(&record.method, &record.path));
        self
    }

    /// Those made with this token.
    #[must_use]
    pub fn by(mut self, token: &str) -> Self {
        self.0
            .retain(|record| record.who.token.as_deref() == Some(token));
        self
    }

    /// Those made by this user.
    #[must_use]
    pub fn by_user(mut self, name: &str) -> Self {
        self.0
            .retain(|record| record.who.user.as_deref() == Some(name));
        self
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The newest.
    pub fn last(&self) -> Option<&Record> {
        self.0.last()
    }

    /// One after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Record> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = &'a Record;
    type IntoIter = std::slice::Iter<'a, Record>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
