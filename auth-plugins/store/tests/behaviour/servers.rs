//! Databases the runner started: two connections, as two replicas have them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::{Backend, OpenError, Store, open};

use crate::bench::Bench;

static BENCHES: AtomicU32 = AtomicU32::new(0);

/// A database that two replicas share, with real time.
pub(crate) struct Shared {
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
}

/// What the runner says in a variable.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner says where its server is"
)]
pub(crate) fn told(variable: &str) -> Secret<ConnectionString> {
    let text = std::env::var(variable);
    let text = text.unwrap_or_else(|_| panic!("{variable}: `cargo xtask test --only stores`"));
    Secret::parse(text, 1).unwrap()
}

/// Opens a backend as a server does; its clock is not asked.
pub(crate) async fn opened(backend: &Backend, prefix: &str) -> Result<Arc<dyn Store>, OpenError> {
    let clock = Arc::new(ManualClock::default());
    open(backend, prefix, Duration::from_secs(5), clock).await
}

impl Shared {
    /// Both at once, as replicas start: tables are made once.
    pub(crate) async fn open(backend: Backend) -> Self {
        let number = BENCHES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{}_{number}_", std::process::id());
        let (one, other) = tokio::join!(opened(&backend, &prefix), opened(&backend, &prefix));
        Self {
            one: one.unwrap(),
            other: other.unwrap(),
        }
    }
}

#[async_trait]
impl Bench for Shared {
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
