//! The listener and its connections. Own accept loop, because faults need to reach
//! below HTTP.

mod answering;
mod body;
mod exchange;
mod substitute;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::ledger::Ledger;
use crate::routes::RouteTable;
use crate::site::Site;
use crate::sso::Gate;
use crate::world::World;
use wire::{Switch, Wire};

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
}

impl Shared {
    pub(crate) fn new(
        world: World,
        clock: Clock,
        faults: FaultPlan,
        site: Site,
        log: bool,
    ) -> Self {
        Self {
            initial: world.clone(),
            world: Mutex::new(world),
            clock,
            faults,
            ledger: Ledger::default(),
            routes: crate::rest::table(),
            site,
            log_requests: log,
        }
    }

    /// The world, locked. A test that failed inside `edit` does not take it along.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world as it was at the start.
    pub(crate) fn initial(&self) -> &World {
        &self.initial
    }
}

/// Accepts until it is dropped; its connections end with it. A gate stands before each request.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, gate: Option<Arc<Gate>>) {
    let mut connections = JoinSet::new();
    let mut count = 0_u64;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    count += 1;
                    let behind = (Arc::clone(&shared), gate.clone());
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
    (shared, gate): (Arc<Shared>, Option<Arc<Gate>>),
) {
    // Nagle plus delayed acknowledgements would add 40 ms to small answers.
    stream.set_nodelay(true).ok();
    let switch = Switch::default();
    let wire = TokioIo::new(Wire::new(stream, switch.clone()));
    let service = service_fn(move |request| {
        let behind = (Arc::clone(&shared), gate.clone());
        exchange::exchange(behind, switch.clone(), request, peer, number)
    });
    let served = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(wire, service);
    if let Err(error) = served.await {
        tracing::debug!(%error, connection = number, "connection ended early");
    }
}

/// Binds before anything else starts, so that a taken port is a clean error.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}
