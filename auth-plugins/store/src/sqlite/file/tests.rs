//! A first start that ends in the middle leaves nothing that the next one cannot finish.

use std::sync::Arc;

use gitlab_mcp_core::clock::ManualClock;

use super::*;
use crate::{Namespace, Place, Sqlite, Store, Value};

const LIFE: Duration = Duration::from_mins(5);

/// Everything a table or an index is needed for.
async fn works(path: &Path) {
    let store = Sqlite::open(path, Arc::new(ManualClock::default())).unwrap();
    let place = Place::new(Namespace::Code, "a");
    assert!(store.put_new(&place, Value::new("a"), LIFE).await.unwrap());
    assert!(store.get(&place).await.unwrap().is_some());
    let lowest = store.lowest(Namespace::Code, 0, 9).await.unwrap();
    assert_eq!(lowest.len(), 1);
    assert_eq!(
        store.lease("a", LIFE).await.unwrap().map(|one| one.0),
        Some(1)
    );
    assert_eq!(store.incr("a", LIFE).await.unwrap(), 1);
    assert_eq!(store.expire(9).await.unwrap(), 0);
    drop(store);
    let again = Sqlite::open(path, Arc::new(ManualClock::default())).unwrap();
    assert!(again.get(&place).await.unwrap().is_some());
}

/// Every table and index, as a file that nothing happened to has them.
fn layout(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut all = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    let rows = all.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_first_start_that_ends_after_any_statement_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    works(&whole).await;
    let statements: Vec<&str> = TABLES.split_inclusive(";\n").collect();
    assert_eq!(statements.len(), 7);
    // Zero is a file that was made and never opened as a database.
    for done in 0..=statements.len() {
        let path = folder.path().join(format!("{done}.db"));
        make_private(&path).unwrap();
        let copy = folder.path().join(format!("copy-{done}.db"));
        let connection = Connection::open(&path).unwrap();
        if done > 0 {
            connection
                .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
                .unwrap();
            connection
                .execute_batch(&statements[..done].concat())
                .unwrap();
        }
        // What lies there while it is open is what a killed process leaves.
        for ending in ["", "-wal"] {
            let from = beside(&path, ending);
            assert_eq!(from.exists(), done > 0 || ending.is_empty());
            if from.exists() {
                fs::copy(from, beside(&copy, ending)).unwrap();
            }
        }
        works(&copy).await;
        assert_eq!(layout(&copy), layout(&whole), "after {done} statements");
        drop(connection);
        works(&path).await;
    }
}

#[tokio::test]
async fn a_log_that_was_cut_off_anywhere_is_finished_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.db");
    let opened = prepared(&path).ok().unwrap();
    let log = fs::read(beside(&path, "-wal")).unwrap();
    let base = fs::read(&path).unwrap();
    drop(opened);
    assert!(log.len() > 10_000, "{}", log.len());
    for (number, length) in (0..log.len()).step_by(1_237).enumerate() {
        let copy = folder.path().join(format!("{number}.db"));
        fs::write(&copy, &base).unwrap();
        fs::write(beside(&copy, "-wal"), &log[..length]).unwrap();
        works(&copy).await;
        assert_eq!(layout(&copy), layout(&path), "after {length} bytes");
    }
}
