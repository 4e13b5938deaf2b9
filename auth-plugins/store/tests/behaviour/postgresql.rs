//! The store in PostgreSQL, at `GITLAB_MCP_TEST_POSTGRESQL_URL`.

use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_store::{Backend, OpenError, PostgresqlError};

use crate::servers::{Shared, nobody_waits_for_a_database_that_hangs, opened, told};

fn ours() -> Backend {
    let url = told("GITLAB_MCP_TEST_POSTGRESQL_URL");
    Backend::Postgresql { url }
}

crate::bench::suite!(Shared::open(ours()).await);

#[tokio::test]
async fn what_it_promises_is_read_from_its_settings() {
    let store = opened(&ours(), "told_").await.unwrap();
    let line = store.describe();
    assert!(line.contains("fsync on, full_page_writes on"), "{line}");
    assert!(store.guarantees().durable);
}

#[tokio::test]
async fn one_that_answers_before_it_has_written_is_refused() {
    let url = told("GITLAB_MCP_TEST_POSTGRESQL_URL").expose().to_owned();
    for (setting, refused) in [("off", true), ("local", false), ("on", false)] {
        let url = format!("{url}?options=-c%20synchronous_commit%3D{setting}");
        let url = Secret::parse(url, 1).unwrap();
        let store = opened(&Backend::Postgresql { url }, "eager_").await;
        let not_durable = matches!(
            store,
            Err(OpenError::Postgresql(PostgresqlError::NotDurable))
        );
        assert_eq!(not_durable, refused, "{setting}");
        assert_eq!(store.is_ok(), !refused, "{setting}");
    }
}

#[tokio::test]
async fn a_prefix_that_is_no_name_is_refused() {
    let error = opened(&ours(), "t; drop").await.unwrap_err();
    assert!(
        matches!(error, OpenError::Postgresql(PostgresqlError::Prefix)),
        "{error}"
    );
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_told_and_the_password_is_not() {
    let right = told("GITLAB_MCP_TEST_POSTGRESQL_URL").expose().to_owned();
    let (start, end) = right.split_once('@').unwrap();
    let (user, _) = start.rsplit_once(':').unwrap();
    let (address, _) = end.split_once('/').unwrap();
    for (url, wanted) in [
        (format!("{user}:canary@{end}"), "user name and password"),
        (
            format!("{start}@{address}/canary"),
            "no database of this name",
        ),
    ] {
        let url = Secret::parse(url, 1).unwrap();
        let error = opened(&Backend::Postgresql { url }, "t_")
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains(wanted) && !text.contains("canary"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_is_given_up_in_time() {
    let url = told("GITLAB_MCP_TEST_POSTGRESQL_URL");
    nobody_waits_for_a_database_that_hangs(&url, |url| Backend::Postgresql { url }).await;
}
