//! The store in Redis, at `GITLAB_MCP_TEST_REDIS_URL`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::{Redis, RedisError, Store};

use crate::bench::Bench;

static BENCHES: AtomicU32 = AtomicU32::new(0);

struct InRedis {
    one: Arc<Redis>,
    other: Arc<Redis>,
}

fn address(text: String) -> Secret<ConnectionString> {
    Secret::parse(text, 1).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner says where its server is"
)]
fn ours() -> Secret<ConnectionString> {
    address(std::env::var("GITLAB_MCP_TEST_REDIS_URL").expect("the address of a Redis"))
}

impl InRedis {
    async fn new() -> Self {
        let number = BENCHES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{}_{number}_", std::process::id());
        let url = ours();
        let connect = || Redis::connect(&url, &prefix, Duration::from_secs(5));
        Self {
            one: Arc::new(connect().await.unwrap()),
            other: Arc::new(connect().await.unwrap()),
        }
    }
}

#[async_trait]
impl Bench for InRedis {
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

crate::bench::suite!(InRedis::new().await);

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_shown() {
    for text in ["http://canary@host", "canary", "redis://"] {
        let error = Redis::connect(&address(text.to_owned()), "t_", Duration::from_secs(1)).await;
        let error = error.unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let nobody = address("redis://user:canary@127.0.0.1:1/".to_owned());
    let error = Redis::connect(&nobody, "t_", Duration::from_secs(2))
        .await
        .unwrap_err();
    assert!(matches!(error, RedisError::Refused(_)), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
}
