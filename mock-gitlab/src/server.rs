//! The listener and its connections. Own accept loop, because faults need to reach
//! below HTTP.

mod answering;
mod body;
mod damage;
mod exchange;
mod harm;
mod sending;
mod substitute;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock::{Clock, Timestamp};
use crate::coverage::Counters;
use crate::faults::{Action, FaultPlan};
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::request::Request;
use crate::routes::RouteTable;
use crate::site::Site;
use crate::snapshots::Snapshots;
use crate::sso::Gate;
use crate::tls::Tls;
use crate::world::World;
use wire::Switch;
pub(crate) use wire::Wire;

/// Everything the connections of one instance share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// The world as it was at the start, for `reset`.
    initial: World,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultPlan,
    pub(crate) ledger: Ledger,
    pub(crate) routes: RouteTable,
    pub(crate) site: Site,
    pub(crate) log_requests: bool,
    /// Whether there is a control API.
    pub(crate) control: bool,
    pub(crate) coverage: Counters,
    pub(crate) snapshots: Snapshots,
    /// Where requests are written down, when the instance is to remember them.
    journal: OnceLock<Journal>,
}

impl Shared {
    pub(crate) fn new(world: World, clock: Clock, faults: FaultPlan, site: Site) -> Self {
        let routes = crate::rest::table();
        Self {
            coverage: Counters::of(&routes),
            snapshots: Snapshots::default(),
            initial: world.clone(),
            world: Mutex::new(world),
            clock,
            faults,
            ledger: Ledger::default(),
            routes,
            site,
            log_requests: false,
            control: true,
            journal: OnceLock::new(),
        }
    }

    /// Makes the world of a state file, and goes on writing it.
    pub(crate) fn remember(self: &Arc<Self>, path: &Path) -> io::Result<()> {
        let (journal, entries) = Journal::open(path)?;
        let mut last = None;
        for entry in entries {
            let (at, drawn) = (entry.at, entry.drawn);
            let mut world = self.world();
            world.ids.go_to(drawn);
            exchange::replay(self, &mut world, &entry.request(), at);
            last = Some(at);
        }
        // A clock that stands still stands where it stood.
        let behind = |at: &Timestamp| at.as_millis().saturating_sub(self.clock.now().as_millis());
        let behind = last.as_ref().map_or(0, behind);
        self.clock
            .advance(Duration::from_millis(u64::try_from(behind).unwrap_or(0)));
        self.coverage.clear();
        // Only the start calls this, and only once.
        self.journal.set(journal).ok();
        Ok(())
    }

    /// The world, locked. A test that failed inside `edit` does not take it along.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the start: world, ledger, coverage and faults. The clock goes on.
    pub(crate) fn reset(&self, world: &mut World) {
        world.clone_from(&self.initial);
        self.ledger.clear();
        self.coverage.clear();
        self.faults.clear();
    }
}

/// Runs a request that came over no connection, down to the headers of its answer.
pub(crate) fn answer_without_wire(shared: &Arc<Shared>, request: Request) {
    if let exchange::Step::Done(outcome) = exchange::decide(shared, request, None) {
        sending::send(outcome.answer, None);
    }
}

/// What lies before the instance on the way to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Front {
    /// Stands before each request.
    pub(crate) gate: Option<Arc<Gate>>,
    /// Stands before each connection.
    pub(crate) tls: Option<Tls>,
}

/// Accepts until it is dropped; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, front: Front) {
    let mut connections = JoinSet::new();
    let mut count = 0_u64;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    count += 1;
                    let behind = (Arc::clone(&shared), front.clone());
                    connections.spawn(connection(stream, peer, count, behind));
                }
                // Out of descriptors, or a peer that left at once: go on with the next.
                Err(error) => {
                    tracing::debug!(%error, "accept failed");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    number: u64,
    (shared, front): (Arc<Shared>, Front),
) {
    let fault = shared.faults.pick_connection(shared.clock.now());
    match fault.map(|fault| fault.action) {
        Some(Action::AcceptLatency { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        Some(Action::AcceptReset) => {
            // Closing with linger zero makes the kernel send RST.
            stream.set_zero_linger().ok();
            return;
        }
        Some(Action::AcceptSilence) => return std::future::pending().await,
        _ => {}
    }
    // Nagle plus delayed acknowledgements would add 40 ms to small answers.
    stream.set_nodelay(true).ok();
    let switch = Switch::default();
    let wire = Wire::new(stream, switch.clone());
    let service = service_fn(move |request| {
        let behind = (Arc::clone(&shared), front.gate.clone());
        exchange::exchange(behind, switch.clone(), request, peer, number)
    });
    let mut http = http1::Builder::new();
    http.auto_date_header(false);
    let served = match front.tls {
        None => http.serve_connection(TokioIo::new(wire), service).await,
        Some(tls) => match tls.accept(wire).await {
            Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await,
            Err(error) => {
                tracing::debug!(%error, connection = number, "no handshake");
                return;
            }
        },
    };
    if let Err(error) = served {
        tracing::debug!(%error, connection = number, "connection ended early");
    }
}

/// Binds before anything else starts, so that a taken port is a clean error.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}
