//! Opening: what an operator reads when a backend cannot be used, and what is accepted.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::{Backend, OpenError, PostgresqlError, RedisError, Store, open};

async fn opened(backend: Backend, patience: Duration) -> Result<Arc<dyn Store>, OpenError> {
    open(&backend, "t_", patience, Arc::new(ManualClock::default())).await
}

async fn refused(backend: Backend) -> OpenError {
    opened(backend, Duration::from_secs(5)).await.unwrap_err()
}

fn url(text: impl Into<String>) -> Secret<ConnectionString> {
    Secret::parse(text.into(), 1).unwrap()
}

fn sqlite(path: &Path) -> Backend {
    Backend::Sqlite {
        path: path.to_owned(),
    }
}

#[tokio::test]
async fn memory_and_a_file_open_and_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let limit = Duration::from_secs(5);
    let memory = opened(Backend::Memory { clients: 7 }, limit).await.unwrap();
    assert!(memory.describe().contains("at most 7 clients"));
    let file = sqlite(&folder.path().join("data/state.db"));
    let line = opened(file, limit).await.unwrap().describe();
    assert!(line.contains("journal_mode wal"), "{line}");
}

#[tokio::test]
async fn a_connection_string_that_is_none_is_refused_without_being_shown() {
    for text in ["http://canary@host", "canary", "redis://"] {
        let error = refused(Backend::Redis { url: url(text) }).await;
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    for text in ["http://canary@host", "canary=1", "postgres://h:canary/x"] {
        let error = refused(Backend::Postgresql { url: url(text) }).await;
        assert!(
            matches!(error, OpenError::Postgresql(PostgresqlError::Address)),
            "{error}"
        );
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_nobody_runs_is_named_without_its_address() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("user:canary@{}/canary", free.local_addr().unwrap());
    drop(free);
    let redis = url(format!("redis://{}", nobody.replace("/canary", "/0")));
    let postgresql = url(format!("postgres://{nobody}"));
    for error in [
        refused(Backend::Redis { url: redis }).await,
        refused(Backend::Postgresql { url: postgresql }).await,
    ] {
        let text = error.to_string();
        assert!(text.contains("check that it runs"), "{text}");
        for secret in ["canary", "127.0.0.1", "user"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_given_up_in_time() {
    // The kernel takes the connection, and nobody ever reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let limit = Duration::from_millis(300);
    let redis = url(format!("redis://{address}"));
    let error = opened(Backend::Redis { url: redis }, limit).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, OpenError::Redis(RedisError::Late(_))),
        "{error}"
    );
    let postgresql = url(format!("postgres://user@{address}/name"));
    let error = opened(Backend::Postgresql { url: postgresql }, limit).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, OpenError::Postgresql(PostgresqlError::Late(_))),
        "{error}"
    );
    assert!(error.to_string().contains("within 300ms"), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let below_a_file = file.join("state.db");
    for path in [&below_a_file, folder.path()] {
        let text = refused(sqlite(path)).await.to_string();
        assert!(text.contains("cannot be written"), "{text}");
        assert!(text.contains("its directory"), "{text}");
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    fs::write(&path, "no database").unwrap();
    let text = refused(sqlite(&path)).await.to_string();
    assert!(text.contains("state.db.bad"), "{text}");
    assert!(opened(sqlite(&path), Duration::from_secs(5)).await.is_ok());
    let kept = fs::read(folder.path().join("state.db.bad")).unwrap();
    assert_eq!(kept, b"no database");
}
