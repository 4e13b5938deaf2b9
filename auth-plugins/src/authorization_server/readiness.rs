//! Whether the state can be asked, for probes that anybody may send.

use std::time::Duration;

use gitlab_mcp_store::{Namespace, Place};
use tokio::sync::Mutex;

use super::AuthorizationServer;

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(1);

/// The latest answer and its time. Whoever comes while the state is asked waits for that answer.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Duration, bool)>>);

impl Readiness {
    /// Whether the state of `server` could be asked within the last second.
    pub(crate) async fn of(&self, server: &AuthorizationServer) -> bool {
        let mut known = self.0.lock().await;
        let now = server.clock.monotonic();
        if let Some((at, ready)) = *known
            && now < at.saturating_add(FRESH)
        {
            return ready;
        }
        let nobody = Place::new(Namespace::Login, "readiness");
        let ready = server.records.store().get(&nobody).await.is_ok();
        *known = Some((now, ready));
        ready
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::authorization_server::bench::replicas::Replicas;

    #[tokio::test]
    async fn a_server_without_its_state_is_not_ready_until_it_is_back() {
        let replicas = Replicas::one().await;
        let (server, line) = (replicas.server(), &replicas.lines[0]);
        let readiness = Readiness::default();
        for (down, ready) in [(false, true), (true, false), (false, true)] {
            line.cut(down);
            replicas.pass(1);
            assert_eq!(readiness.of(server).await, ready);
        }
    }

    #[tokio::test]
    async fn a_flood_of_probes_asks_once_a_second() {
        let replicas = Replicas::one().await;
        let (server, line) = (replicas.server(), &replicas.lines[0]);
        let readiness = Readiness::default();
        let before = line.reads();
        for _ in 0..3 {
            let probes = (0..1_000).map(|_| readiness.of(server));
            assert!(join_all(probes).await.iter().all(|ready| *ready));
            replicas.pass(1);
        }
        assert_eq!(line.reads() - before, 3);
    }
}
