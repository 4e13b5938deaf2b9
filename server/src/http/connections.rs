//! The accept loop: caps, deadlines, TLS where it is configured, one task for each connection, and
//! a graceful end. HTTP/1.1 only. RFC 9112.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::guard::Guard;
use super::patient::{Pace, Patient};

/// Longest wait for the first byte, for a TLS handshake, and for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Longest head of a request in bytes; a longer one is answered with 431.
const HEAD_BYTES: usize = 32 * 1024;
/// Open connections in total, and from one address.
const TOTAL: usize = 16_384;
const PER_ADDRESS: usize = 4096;
/// What a stream of events is declared as.
const EVENTS: &[u8] = b"text/event-stream";

/// How many connections each address holds.
#[derive(Debug, Default)]
struct Held(Mutex<(usize, HashMap<IpAddr, usize>)>);

/// One place among the connections.
#[derive(Debug)]
struct Place {
    held: Arc<Held>,
    address: IpAddr,
}

impl Held {
    fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, each) = &mut *counts;
        let own = each.entry(address).or_default();
        if *total >= TOTAL || *own >= PER_ADDRESS {
            return None;
        }
        *own += 1;
        *total += 1;
        Some(Place {
            held: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.held.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, each) = &mut *counts;
        *total = total.saturating_sub(1);
        if let Some(own) = each.get_mut(&self.address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                each.remove(&self.address);
            }
        }
    }
}

/// Accepts until `shutdown`; the connections then finish what they do.
pub(crate) async fn accept(
    guard: Arc<Guard>,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> TaskTracker {
    let (tasks, held) = (TaskTracker::new(), Arc::new(Held::default()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly: no file descriptors left. Trying again at once would only burn time.
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = held.take(peer.ip()) else {
            debug!("too many connections; one is closed");
            continue;
        };
        let connected = guard.connected();
        let (guard, shutdown) = (Arc::clone(&guard), shutdown.clone());
        tasks.spawn(async move {
            serve(guard, socket, peer, shutdown).await;
            drop((place, connected));
        });
    }
    tasks.close();
    tasks
}

async fn serve(
    guard: Arc<Guard>,
    socket: TcpStream,
    peer: SocketAddr,
    shutdown: CancellationToken,
) {
    if let Err(error) = socket.set_nodelay(true) {
        debug!(%error, "a connection keeps its delays");
    }
    let stopped = shutdown.clone();
    let greeted = tokio::select! {
        greeted = greet(&guard, socket) => greeted,
        () = stopped.cancelled() => None,
    };
    match greeted {
        None => {}
        Some(Greeted::Plain(stream)) => speak(guard, stream, peer, shutdown).await,
        Some(Greeted::Encrypted(stream)) => speak(guard, *stream, peer, shutdown).await,
    }
}

/// A connection whose client has begun to speak.
enum Greeted {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// Waits for the first byte and, where TLS is spoken, for the handshake.
async fn greet(guard: &Guard, socket: TcpStream) -> Option<Greeted> {
    let mut byte = [0];
    match tokio::time::timeout(HEAD, socket.peek(&mut byte)).await {
        Ok(Ok(1..)) => {}
        _ => return None,
    }
    let Some(tls) = guard.tls() else {
        return Some(Greeted::Plain(socket));
    };
    match tokio::time::timeout(HEAD, TlsAcceptor::from(tls).accept(socket)).await {
        Ok(Ok(stream)) => Some(Greeted::Encrypted(Box::new(stream))),
        Ok(Err(error)) => {
            debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn speak<S>(guard: Arc<Guard>, stream: S, peer: SocketAddr, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new(guard.write_timeout());
    let keep_alive = guard.keep_alive();
    let stream = Patient::new(stream, Arc::clone(&pace), HEAD);
    let service = service_fn(move |request: Request<Incoming>| {
        let (guard, pace) = (Arc::clone(&guard), Arc::clone(&pace));
        pace.request();
        async move {
            let response = guard.serve(request, peer).await;
            let kind = response.headers().get(CONTENT_TYPE);
            let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(EVENTS));
            Ok::<_, Infallible>(response.map(|body| pace.answer(body, is_stream)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    // Between two requests a connection may stand idle; `Patient` watches a head that has begun.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(keep_alive)
        .max_buf_size(HEAD_BYTES);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended");
    }
}
