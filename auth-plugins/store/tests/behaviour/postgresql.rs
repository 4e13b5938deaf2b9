//! The store in PostgreSQL, at `GITLAB_MCP_TEST_POSTGRESQL_URL`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::{Postgresql, PostgresqlError, Store};

use crate::bench::Bench;

static BENCHES: AtomicU32 = AtomicU32::new(0);

struct InPostgresql {
    one: Arc<Postgresql>,
    other: Arc<Postgresql>,
}

fn address(text: String) -> Secret<ConnectionString> {
    Secret::parse(text, 1).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner says where its server is"
)]
fn ours() -> Secret<ConnectionString> {
    address(std::env::var("GITLAB_MCP_TEST_POSTGRESQL_URL").expect("the address of a PostgreSQL"))
}

impl InPostgresql {
    async fn new() -> Self {
        let number = BENCHES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{}_{number}_", std::process::id());
        let url = ours();
        let connect = || Postgresql::connect(&url, &prefix, Duration::from_secs(5));
        // Together, as replicas start: the tables are made once.
        let (one, other) = tokio::join!(connect(), connect());
        Self {
            one: Arc::new(one.unwrap()),
            other: Arc::new(other.unwrap()),
        }
    }
}

#[async_trait]
impl Bench for InPostgresql {
    fn one(&self) -> Arc<dyn Store> {
        self.one.clone()
    }

    fn other(&self) -> Arc<dyn Store> {
        self.other.clone()
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

crate::bench::suite!(InPostgresql::new().await);

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_shown() {
    for text in [
        "http://canary@host",
        "canary=1",
        "postgres://user:canary@127.0.0.1:1/none",
    ] {
        let second = Duration::from_secs(1);
        let error = Postgresql::connect(&address(text.to_owned()), "t_", second).await;
        let error = error.unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let error = Postgresql::connect(&ours(), "t; drop", Duration::from_secs(1)).await;
    assert!(matches!(error, Err(PostgresqlError::Prefix)));
}
