//! Files of other releases.

use std::path::Path;
use std::sync::Arc;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::Sqlite;
use rusqlite::{Connection, params};

use crate::layouts::{
    BYTES, COUNTER, KEY, LEASE, USED, every_operation_works, the_first_layout_is_read,
};

/// The tables of the first release. This text stays as it is.
const FIRST: &str = "
CREATE TABLE record (
    namespace TEXT NOT NULL, key TEXT NOT NULL, bytes BLOB NOT NULL, rank INTEGER NOT NULL,
    version INTEGER NOT NULL, taken INTEGER, until INTEGER NOT NULL, PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE INDEX record_rank ON record (namespace, rank, key) WHERE taken IS NULL;
CREATE INDEX record_until ON record (until);
CREATE TABLE lease (key TEXT PRIMARY KEY, fence INTEGER NOT NULL, until INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE count (key TEXT PRIMARY KEY, seen INTEGER NOT NULL, until INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE fence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL);
PRAGMA user_version = 1;
";
/// Milliseconds of the clock of these tests, which stands.
const TAKEN: i64 = 1_767_225_600_000;
/// Later than that.
const END: i64 = 4_000_000_000_000;

fn open(path: &Path) -> Arc<Sqlite> {
    Arc::new(Sqlite::open(path, Arc::new(ManualClock::default())).unwrap())
}

#[tokio::test]
async fn a_file_of_the_first_layout_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first.db");
    let first = Connection::open(&path).unwrap();
    first.execute_batch(FIRST).unwrap();
    let row = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let login = params!["login", KEY, BYTES, -7, 3, None::<i64>, END];
    first.execute(row, login).unwrap();
    first
        .execute(row, params!["code", USED, BYTES, 0, 1, Some(TAKEN), END])
        .unwrap();
    let lease = "INSERT INTO lease VALUES (?1, 4, ?2)";
    first.execute(lease, params![LEASE, END]).unwrap();
    let counter = "INSERT INTO count VALUES (?1, 2, ?2)";
    first.execute(counter, params![COUNTER, END]).unwrap();
    first
        .execute("INSERT INTO fence VALUES (1, 4)", [])
        .unwrap();
    drop(first);
    the_first_layout_is_read(open(&path)).await;
}

#[tokio::test]
async fn a_column_of_a_later_release_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.db");
    drop(open(&path));
    let later = Connection::open(&path).unwrap();
    for table in ["record", "lease", "count", "fence"] {
        let more = format!("ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT 'x'");
        later.execute_batch(&more).unwrap();
    }
    later
        .execute_batch("CREATE TABLE later (x INTEGER)")
        .unwrap();
    every_operation_works(open(&path)).await;
}
