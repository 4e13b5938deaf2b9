//! What a test asserts about requests. Every failure lists what really happened.

use super::{Ledger, Record, Records};

/// So many requests stand in the message of a failure.
const SHOWN: usize = 30;

impl Ledger {
    /// Fails when any request has the property, and says which.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_none(&self, has: impl Fn(&Record) -> bool) {
        self.all().assert_none(has);
    }

    /// Fails unless the requests were exactly these, in this order: `GET /api/v4/user`,
    /// raw paths without query.
    ///
    /// # Panics
    /// That is its purpose; the message marks the first difference.
    #[track_caller]
    pub fn assert_requests(&self, expected: &[&str]) {
        self.all().assert_requests(expected);
    }
}

#[expect(clippy::panic, reason = "assertions for tests")]
impl Records {
    /// Fails unless there are so many.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_count(&self, wanted: usize) {
        let found = self.count();
        assert!(
            found == wanted,
            "{wanted} requests wanted, {found} made:\n{}",
            self.listing()
        );
    }

    /// Fails unless there is exactly one, and returns it.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_once(&self) -> &Record {
        match self.0.as_slice() {
            [one] => one,
            other => panic!(
                "one request wanted, {} made:\n{}",
                other.len(),
                self.listing()
            ),
        }
    }

    /// Fails when any has the property, and says which.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_none(&self, has: impl Fn(&Record) -> bool) {
        if let Some(record) = self.iter().find(|record| has(record)) {
            panic!("request {} should not be", line(record));
        }
    }

    /// Fails unless all came over one connection.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_same_connection(&self) {
        let first = self.0.first().map(|record| record.connection);
        assert!(
            self.iter().all(|record| Some(record.connection) == first),
            "more than one connection:\n{}",
            self.listing()
        );
    }

    /// Fails when a request was made with a credential of this kind: `personal`,
    /// `project`, `group`, `job`, `oauth`, `session`.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_no_credential(&self, kind: &str) {
        self.assert_none(|record| record.who.kind.as_deref() == Some(kind));
    }

    /// Fails unless these globs are met in this order; other requests may stand between.
    ///
    /// # Panics
    /// That is its purpose.
    #[track_caller]
    pub fn assert_order(&self, globs: &[&str]) {
        let mut records = self.iter();
        for text in globs {
            let glob = crate::glob::RequestGlob::parse(text);
            assert!(
                records.any(|record| glob.matches(&record.method, &record.path)),
                "`{text}` does not come in its place:\n{}",
                self.listing()
            );
        }
    }

    /// Fails unless they are exactly these, in this order: `GET /api/v4/user`.
    ///
    /// # Panics
    /// That is its purpose; the message marks the first difference.
    #[track_caller]
    pub fn assert_requests(&self, expected: &[&str]) {
        let made: Vec<String> = self.iter().map(plain).collect();
        let longest = made.len().max(expected.len());
        let differs = |at: &usize| made.get(*at).map(String::as_str) != expected.get(*at).copied();
        if let Some(at) = (0..longest).find(differs) {
            let wanted = expected.get(at).unwrap_or(&"nothing");
            let found = made.get(at).map_or("nothing", String::as_str);
            panic!(
                "request {}: `{wanted}` wanted, `{found}` made:\n{}",
                at + 1,
                self.listing()
            );
        }
    }

    fn listing(&self) -> String {
        let mut lines: Vec<String> = self.iter().take(SHOWN).map(line).collect();
        if self.count() > SHOWN {
            lines.push(format!("… and {} more", self.count() - SHOWN));
        }
        lines.join("\n")
    }
}

fn plain(record: &Record) -> String {
    format!("{} {}", record.method, record.path)
}

/// Number, request, answer and caller; never a credential.
fn line(record: &Record) -> String {
    let status = record
        .status
        .map_or_else(|| "-".to_owned(), |code| code.to_string());
    let user = record.who.user.as_deref().unwrap_or("-");
    format!("{}: {} → {status} ({user})", record.number, plain(record))
}
