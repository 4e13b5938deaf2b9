//! MCP over HTTP: our own accept loop and the guard in front of every route.
//!
//! | file | what it judges |
//! |---|---|
//! | `connections`, `patient` | how many, how slow, TLS |
//! | `forwarded` | who is really calling |
//! | `host`, `reached`, `origin`, `cors` | under which name, from which page |
//! | `routes`, `guard` | path and method, and the order of everything else |
//! | `size`, `media`, `message` | the body |
//! | `era`, `post`, `batch` | which protocol, and who answers |
//! | `discovery` | what callers without a credential may ask, where they may |
//! | `scope` | which tools a token suffices for, where it could be granted more |
//! | `rate`, `limits` | how often |
//! | `access` | what is logged of it |

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

mod access;
mod batch;
mod bearer;
mod connections;
mod cors;
mod discovery;
mod era;
mod forwarded;
mod guard;
mod host;
mod limits;
mod media;
mod message;
mod metrics;
mod origin;
mod patient;
mod post;
mod rate;
mod reached;
mod refusal;
mod rest;
mod rewrite;
mod routes;
mod scope;
mod size;

pub use access::Silence;
pub use forwarded::TrustedProxies;
pub use limits::CountedBy;
pub(crate) use message::{Kind, Seen, is_batch, read_batch};
pub(crate) use metrics::{Metrics, Outcome};
pub use rate::Limit;
pub(crate) use refusal::Refusal;

use crate::app::App;
use crate::mcp::{Endpoint, Sessions, Shared};
use access::AccessLog;
use guard::Guard;
use host::Hosts;
use limits::Limits;
use origin::Origins;
use routes::Table;

/// Longest time for requests in flight at shutdown.
const DRAIN: Duration = Duration::from_secs(30);
/// How often idle sessions and old budgets are cleared away.
const SWEEP: Duration = Duration::from_secs(10);

/// Serves `app` on `listener` until `shutdown`, then lets requests in flight finish.
///
/// # Errors
/// When the address of the listener cannot be read.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let hard_stop = CancellationToken::new();
    let stopping = shutdown.child_token();
    let guard = Arc::new(guard(app, address, stopping, &hard_stop));
    info!(%address, "serving MCP over HTTP");
    let sweeper = tokio::spawn(sweep(Arc::clone(&guard)));
    let tasks = connections::accept(Arc::clone(&guard), listener, shutdown).await;
    info!("no new connections; requests in flight have 30 s");
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        warn!("requests were still running after 30 s and are cut off");
    }
    hard_stop.cancel();
    sweeper.abort();
    Ok(())
}

/// The guard in front of `app` at `address`.
fn guard(
    app: App,
    address: SocketAddr,
    stopping: CancellationToken,
    hard_stop: &CancellationToken,
) -> Guard {
    let metrics = Arc::new(Metrics::default());
    metrics.certificates(app.gitlab.egress().accepts_any_certificate());
    let shared = Shared::new(app.clone(), Arc::clone(&metrics), stopping);
    let http = Arc::clone(&app.http);
    let loopback = address.ip().is_loopback();
    Guard {
        hosts: Hosts::new(loopback, &http.allowed_hosts),
        origins: Origins::new(
            loopback.then(|| address.port()),
            http.tls.is_some(),
            &http.allowed_hosts,
            &http.allowed_origins,
        ),
        table: Table::new(
            http.root_endpoint,
            http.metrics,
            &http.public_path,
            Arc::clone(&app.auth).routes(),
        ),
        limits: Limits::new(http.accepted, http.unaccepted, http.counted_by),
        access: AccessLog {
            silences: http.silences.clone(),
        },
        sessions: Sessions::new(Arc::clone(&shared), hard_stop.clone()),
        endpoint: Endpoint::new(&shared, hard_stop.clone()),
        metrics,
        shared,
        app,
    }
}

async fn sweep(guard: Arc<Guard>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        guard.sweep();
    }
}
