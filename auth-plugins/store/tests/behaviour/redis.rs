//! The store in Redis, at `GITLAB_MCP_TEST_REDIS_URL`. Another one that may throw keys away is at
//! `GITLAB_MCP_TEST_EVICTING_REDIS_URL`.

use gitlab_mcp_store::{Backend, OpenError, RedisError};

use crate::servers::{Shared, nobody_waits_for_a_database_that_hangs, opened, told};

fn ours() -> Backend {
    let url = told("GITLAB_MCP_TEST_REDIS_URL");
    Backend::Redis { url }
}

crate::bench::suite!(Shared::open(ours()).await);

#[tokio::test]
async fn what_it_promises_is_read_from_its_settings() {
    let store = opened(&ours(), "t_").await.unwrap();
    let line = store.describe();
    assert!(line.contains("appendfsync always"), "{line}");
    assert!(line.contains("maxmemory-policy noeviction"), "{line}");
    assert!(store.guarantees().durable);
}

#[tokio::test]
async fn one_that_throws_keys_away_is_refused() {
    let url = told("GITLAB_MCP_TEST_EVICTING_REDIS_URL");
    let error = opened(&Backend::Redis { url }, "t_").await.unwrap_err();
    let OpenError::Redis(RedisError::Evicts(policy)) = &error else {
        panic!("{error}");
    };
    assert_eq!(policy, "allkeys-lru");
    assert!(
        error
            .to_string()
            .contains("set maxmemory-policy noeviction")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_is_given_up_in_time() {
    let url = told("GITLAB_MCP_TEST_REDIS_URL");
    nobody_waits_for_a_database_that_hangs(&url, |url| Backend::Redis { url }).await;
}
