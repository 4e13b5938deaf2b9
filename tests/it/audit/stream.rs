//! The audit stream of one server, in a file that goes with the test.

use std::path::PathBuf;

use gitlab_mcp_core::random::{OsRandom, token};
use gitlab_mcp_tests::eventually;
use serde_json::Value;

/// The file.
pub(crate) struct Stream(PathBuf);

impl Stream {
    /// An empty one.
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("audit-{name}-{}.jsonl", token(&OsRandom, 9));
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    /// What makes a server write it.
    pub(crate) fn variable(&self) -> (&'static str, &str) {
        ("LOG_AUDIT", self.0.to_str().unwrap())
    }

    /// As it stands there.
    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap_or_default()
    }

    /// All entries, once `wanted` of them are about `event`.
    pub(crate) async fn entries(&self, event: &str, wanted: usize) -> Vec<Value> {
        eventually("an entry", || async {
            let read = self.read()?;
            let about = read.iter().filter(|entry| entry["event"] == event);
            (about.count() == wanted).then_some(read)
        })
        .await
    }

    /// The entries so far; `None` while one is being written.
    pub(crate) fn read(&self) -> Option<Vec<Value>> {
        let text = self.text();
        let entries: Result<_, _> = text.lines().map(serde_json::from_str).collect();
        entries.ok()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// The names of entries.
pub(crate) fn events(entries: &[Value]) -> Vec<&str> {
    let names = entries.iter().map(|entry| entry["event"].as_str());
    names.map(Option::unwrap_or_default).collect()
}
