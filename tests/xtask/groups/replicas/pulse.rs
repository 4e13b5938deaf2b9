//! How fast the servers answer what needs nothing but themselves, sampled all the time from a thread
//! of its own. A long wait counts for everybody who could have come meanwhile.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::join_all;
use gitlab_mcp_tests::Request;
use tokio::runtime::Builder;

use crate::process::Stopwatch;
use crate::report::Outcome;

/// Between two questions to one server.
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// Questions under way.
pub(super) struct Pulse {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Duration>, String>>,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beat {
    count: usize,
    median: Duration,
    /// All but one of a hundred samples were at least as fast.
    pub(super) p99: Duration,
    slowest: Duration,
}

impl fmt::Display for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            median,
            p99,
            slowest,
        } = self;
        write!(
            f,
            "{count} samples: median {median:.1?}, p99 {p99:.1?}, slowest {slowest:.1?}"
        )
    }
}

impl Pulse {
    /// Begins to ask each of these servers.
    pub(super) fn of(servers: Vec<SocketAddr>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let asked = servers.iter().map(|server| feel(*server, &is_over));
            let felt = runtime.block_on(join_all(asked));
            let felt: Result<Vec<Vec<Duration>>, String> = felt.into_iter().collect();
            Ok(felt?.concat())
        });
        Self { over, thread }
    }

    /// Stops, and hands back what was measured.
    pub(super) fn stop(self) -> Result<Beat, Outcome> {
        self.over.store(true, Ordering::SeqCst);
        let felt = self.thread.join();
        let mut all = felt.map_err(|_| "the sampling broke down".to_owned())??;
        all.sort_unstable();
        let at = |share: usize| all.get(all.len() * share / 100).copied();
        match (at(50), at(99), all.last()) {
            (Some(median), Some(p99), Some(slowest)) => Ok(Beat {
                count: all.len(),
                median,
                p99,
                slowest: *slowest,
            }),
            _ => Err(Outcome::Failed("nothing was sampled".to_owned())),
        }
    }
}

async fn feel(server: SocketAddr, over: &AtomicBool) -> Result<Vec<Duration>, String> {
    let request = Request::new("GET", "/health").header("Host", super::fleet::HOST);
    let mut all = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let watch = Stopwatch::start();
        let reply = request.attempt(server, PATIENCE).await;
        let took = watch.read();
        let reply = reply.map_err(|error| format!("/health: {error}"))?;
        if reply.status != 200 {
            return Err(format!("/health: {reply:?}"));
        }
        // Whoever had come while this one waited would have waited for the rest of it.
        let mut waits = took;
        while waits > PAUSE {
            all.push(waits);
            waits -= PAUSE;
        }
        all.push(waits);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(all)
}
