//! The store in a file: two connections of two processes, and files nobody should trust.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::{Sqlite, SqliteError, Store, Value};
use tempfile::TempDir;

use crate::bench::{Bench, LONG, code};

struct InFile {
    clock: Arc<ManualClock>,
    one: Arc<Sqlite>,
    other: Arc<Sqlite>,
    _folder: TempDir,
}

fn open(path: &Path) -> Result<Sqlite, SqliteError> {
    Sqlite::open(path, Arc::new(ManualClock::default()))
}

impl InFile {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/logins.db");
        let clock = Arc::new(ManualClock::default());
        let open = || Arc::new(Sqlite::open(&path, clock.clone()).unwrap());
        Self {
            one: open(),
            other: open(),
            clock,
            _folder: folder,
        }
    }
}

#[async_trait]
impl Bench for InFile {
    fn one(&self) -> Arc<dyn Store> {
        self.one.clone()
    }

    fn other(&self) -> Arc<dyn Store> {
        self.other.clone()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

crate::bench::suite!(InFile::new());

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.db");
    let store = open(&path).unwrap();
    assert!(
        store
            .put_new(&code("kept"), Value::new("a"), LONG)
            .await
            .unwrap()
    );
    let fence = store.lease("up:kept", LONG).await.unwrap().unwrap();
    drop(store);
    let store = open(&path).unwrap();
    assert!(store.get(&code("kept")).await.unwrap().is_some());
    assert_eq!(store.lease("up:kept", LONG).await.unwrap(), None);
    assert!(store.lease("up:next", LONG).await.unwrap().unwrap() > fence);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/logins.db");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(&path).unwrap();
    assert!(
        store
            .put_new(&code("a"), Value::new("a"), LONG)
            .await
            .unwrap()
    );
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let deep = folder.path().join("new/deep/logins.db");
    drop(open(&deep).unwrap());
    assert_eq!(mode(deep.parent().unwrap()), 0o700);
}

#[test]
fn a_damaged_file_is_moved_aside_and_never_emptied() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        (
            "text",
            b"this is no database, but somebody may miss it".to_vec(),
        ),
        ("noise", (0..=250).rev().cycle().take(9_000).collect()),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, &content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, SqliteError::Damaged { .. }), "{error}");
        let aside = PathBuf::from(format!("{}.bad", path.display()));
        assert_eq!(fs::read(&aside).unwrap(), content);
        assert!(error.to_string().contains(".bad"), "{error}");
        open(&path).unwrap();
    }
}

#[test]
fn a_file_of_a_later_release_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later.db");
    drop(open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = open(&path).unwrap_err();
    assert!(
        matches!(error, SqliteError::Later { layout: 99, .. }),
        "{error}"
    );
    assert!(path.exists());
}

#[tokio::test]
async fn a_directory_of_its_own_is_tightened_and_a_shared_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, neighbour, wanted) in [
        ("own", "logins.db.bad", 0o700),
        ("shared", "somebody.txt", 0o755),
    ] {
        let data = folder.path().join(name);
        fs::create_dir(&data).unwrap();
        fs::write(data.join(neighbour), "x").unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        let store = open(&data.join("logins.db")).unwrap();
        assert!(
            store
                .put_new(&code("a"), Value::new("a"), LONG)
                .await
                .unwrap()
        );
        assert_eq!(mode(&data), wanted, "{name}");
        assert_eq!(mode(&data.join("logins.db")), 0o600, "{name}");
    }
}

#[test]
fn a_second_damaged_file_does_not_replace_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logins.db");
    for (content, kept) in [("one", "logins.db.bad"), ("two", "logins.db.bad2")] {
        fs::write(&path, content).unwrap();
        fs::write(folder.path().join("logins.db-wal"), content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(error.to_string().contains(kept), "{error}");
        let kept = folder.path().join(kept);
        assert_eq!(fs::read_to_string(&kept).unwrap(), content);
        assert!(!folder.path().join("logins.db-wal").exists());
    }
    open(&path).unwrap();
}
