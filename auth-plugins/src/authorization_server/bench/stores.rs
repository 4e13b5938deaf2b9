//! The states that replicas share: a memory always, and with the feature `servers` the Redis and the
//! PostgreSQL that the runner started, each replica over a connection of its own.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_store::{Memory, Store};

use super::START;

/// One state, seen from each replica.
pub(crate) struct Shared {
    /// What it is, for messages.
    pub(crate) name: &'static str,
    /// The clock of the replicas. A database has its own, which goes on.
    pub(crate) clock: Arc<ManualClock>,
    /// One for each replica.
    pub(crate) lines: Vec<Arc<dyn Store>>,
}

/// Every state there is, for so many replicas.
pub(crate) async fn everywhere(replicas: usize) -> Vec<Shared> {
    let clock = clock();
    let memory: Arc<dyn Store> = Arc::new(Memory::new(clock.clone(), 10_000));
    let mut all = vec![Shared {
        name: "memory",
        clock,
        lines: vec![memory; replicas],
    }];
    all.extend(databases(replicas).await);
    all
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(START)))
}

#[cfg(not(feature = "servers"))]
#[expect(clippy::unused_async, reason = "with databases it waits for them")]
async fn databases(_: usize) -> Vec<Shared> {
    Vec::new()
}

#[cfg(feature = "servers")]
async fn databases(replicas: usize) -> Vec<Shared> {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use gitlab_mcp_store::{Backend, open};

    static STATES: AtomicU32 = AtomicU32::new(0);
    let redis = Backend::Redis {
        url: told("GITLAB_MCP_TEST_REDIS_URL"),
    };
    let postgresql = Backend::Postgresql {
        url: told("GITLAB_MCP_TEST_POSTGRESQL_URL"),
    };
    let mut all = Vec::new();
    for (name, backend) in [("redis", redis), ("postgresql", postgresql)] {
        let number = STATES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("races_{}_{number}_", std::process::id());
        let clock = clock();
        let opening =
            (0..replicas).map(|_| open(&backend, &prefix, Duration::from_secs(20), clock.clone()));
        let lines = join_all(opening).await;
        all.push(Shared {
            name,
            clock: clock.clone(),
            lines: lines.into_iter().map(Result::unwrap).collect(),
        });
    }
    all
}

/// The address of a database, which the runner says in a variable.
#[cfg(feature = "servers")]
pub(crate) fn told(
    variable: &str,
) -> gitlab_mcp_core::secret::Secret<gitlab_mcp_core::secret::ConnectionString> {
    super::secret(&said(variable))
}

/// What the runner says in a variable.
#[cfg(feature = "servers")]
#[expect(
    clippy::disallowed_methods,
    reason = "the runner says where its server is"
)]
pub(crate) fn said(variable: &str) -> String {
    let text = std::env::var(variable);
    text.unwrap_or_else(|_| panic!("{variable}: `cargo xtask test --only stores --only replicas`"))
}

/// How many rounds a race has: `GITLAB_MCP_TEST_ROUNDS`, or the usual number.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner says how long it may take"
)]
pub(crate) fn rounds(usual: usize) -> usize {
    let told = std::env::var("GITLAB_MCP_TEST_ROUNDS").ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(usual)
}
