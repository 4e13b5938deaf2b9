//! The loopback listener a browser comes back to. RFC 8252 sections 7.3 and 8.3.
//!
//! It has one route and hands out nothing: whatever local programs or rebound names ask for, the
//! answer is one of a few fixed pages.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::secret::Secret;
use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use url::{Host, Url};

use super::page::Page;
use crate::gitlab_oauth::{Code, State};

/// How long a browser may take to ask, and how long the last answer may take to arrive.
const SLOWEST: Duration = Duration::from_secs(10);

/// Connections at a time; further ones wait in the kernel's queue.
const MOST: usize = 32;

/// Longest request head in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    /// Somebody else has the port.
    #[error("GITLAB_OAUTH_REDIRECT_URI: {0} is in use, perhaps by a sign-in of another process")]
    Taken(SocketAddr),
    /// The system does not allow it.
    #[error("GITLAB_OAUTH_REDIRECT_URI: {0} cannot be listened on: {1}")]
    Failed(SocketAddr, io::Error),
    /// Not a loopback address; the configuration rules it out.
    #[error("GITLAB_OAUTH_REDIRECT_URI: not a loopback address")]
    NotLoopback,
}

/// Sockets that are bound, with nobody served yet.
#[derive(Debug)]
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    redirect_uri: Url,
}

/// The callback that was waited for. The sockets are closed; the browser waits for its page.
#[derive(Debug)]
pub(super) struct Callback {
    /// The code, or GitLab's error code.
    pub(super) result: Result<Secret<Code>, String>,
    reply: oneshot::Sender<Page>,
    connections: JoinSet<()>,
}

impl Callback {
    /// Shows `page` and waits until it has arrived.
    pub(super) async fn answer(mut self, page: Page) {
        self.reply.send(page).ok();
        let arrive = async { while self.connections.join_next().await.is_some() {} };
        drop(tokio::time::timeout(SLOWEST, arrive).await);
    }
}

impl Listener {
    /// Binds the address and port of `wanted`, an `http` URL with a loopback host; no port or 0
    /// takes a free one.
    pub(super) async fn bind(wanted: &Url) -> Result<Self, ListenError> {
        let port = wanted.port().unwrap_or(0);
        let (first, second) = match wanted.host() {
            Some(Host::Ipv4(address)) => (IpAddr::V4(address), None),
            Some(Host::Ipv6(address)) => (IpAddr::V6(address), None),
            Some(Host::Domain("localhost")) => (
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ),
            _ => return Err(ListenError::NotLoopback),
        };
        if !first.is_loopback() {
            return Err(ListenError::NotLoopback);
        }
        let socket = bound(SocketAddr::new(first, port)).await?;
        let address = socket
            .local_addr()
            .map_err(|error| ListenError::Failed(SocketAddr::new(first, port), error))?;
        let mut sockets = vec![socket];
        if let Some(second) = second {
            // A browser may try either address of `localhost` first. A machine may lack IPv6.
            match bound(SocketAddr::new(second, address.port())).await {
                Ok(socket) => sockets.push(socket),
                Err(ListenError::Failed(..)) => {}
                Err(taken) => return Err(taken),
            }
        }
        let mut redirect_uri = wanted.clone();
        redirect_uri
            .set_port(Some(address.port()))
            .map_err(|()| ListenError::NotLoopback)?;
        Ok(Self {
            sockets,
            redirect_uri,
        })
    }

    /// The address the browser comes back to, with the port that was bound.
    pub(super) fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    /// Serves until the callback with `state` arrives; dropping the future closes everything.
    pub(super) async fn callback(self, state: &Arc<Secret<State>>) -> Option<Callback> {
        let (found, mut finding) = oneshot::channel();
        let route = Arc::new(Route {
            hosts: hosts(&self.redirect_uri),
            path: self.redirect_uri.path().to_owned(),
            state: Arc::clone(state),
            found: Mutex::new(Some(found)),
        });
        let mut connections = JoinSet::new();
        let (result, reply) = loop {
            tokio::select! {
                biased;
                found = &mut finding => break found.ok()?,
                stream = accept(&self.sockets), if connections.len() < MOST => {
                    connections.spawn(serve(stream, Arc::clone(&route)));
                }
                Some(_) = connections.join_next() => {}
            }
        };
        drop(self.sockets);
        Some(Callback {
            result,
            reply,
            connections,
        })
    }
}

async fn bound(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::Taken(address),
            _ => ListenError::Failed(address, error),
        })
}

/// The next connection at any of the sockets.
async fn accept(sockets: &[TcpListener]) -> TcpStream {
    loop {
        let accepting = sockets.iter().map(|socket| Box::pin(socket.accept()));
        let (accepted, _, _) = futures_util::future::select_all(accepting).await;
        match accepted {
            Ok((stream, _)) => return stream,
            // Out of files, or a client that left: neither is a reason to spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The values of `Host` that mean this listener.
fn hosts(uri: &Url) -> Vec<String> {
    let host = uri.host_str().unwrap_or_default();
    let mut hosts = Vec::new();
    if let Some(port) = uri.port_or_known_default() {
        hosts.push(format!("{host}:{port}"));
        if port == 80 {
            hosts.push(host.to_owned());
        }
    }
    hosts
}

/// The result of a callback, and where its page goes.
type Found = (Result<Secret<Code>, String>, oneshot::Sender<Page>);

struct Route {
    hosts: Vec<String>,
    path: String,
    state: Arc<Secret<State>>,
    found: Mutex<Option<oneshot::Sender<Found>>>,
}

async fn serve(stream: TcpStream, route: Arc<Route>) {
    let answering = service_fn(move |request| {
        let route = Arc::clone(&route);
        async move { Ok::<_, std::convert::Infallible>(route.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), answering);
    // A browser that breaks off has nothing to be told.
    drop(connection.await);
}

impl Route {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let page = match self.read(request) {
            Err(page) => page,
            Ok(result) => self.hand_over(result).await,
        };
        page.response()
    }

    fn read(&self, request: &Request<Incoming>) -> Result<Result<Secret<Code>, String>, Page> {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = hosts.next().map(http::HeaderValue::as_bytes);
        let known = |host: &[u8]| {
            let mut all = self.hosts.iter();
            all.any(|known| host.eq_ignore_ascii_case(known.as_bytes()))
        };
        let target = request.uri().authority();
        if !host.is_some_and(known)
            || hosts.next().is_some()
            || target.is_some_and(|target| !known(target.as_str().as_bytes()))
        {
            return Err(Page::Host);
        }
        if request.uri().path() != self.path {
            return Err(Page::NotFound);
        }
        if request.method() != Method::GET {
            return Err(Page::Method);
        }
        let query = request.uri().query().unwrap_or_default();
        let state = only(query, "state").ok_or(Page::Unknown)?;
        if !self.state.matches(&state) {
            return Err(Page::Unknown);
        }
        match (only(query, "code"), only(query, "error")) {
            (Some(code), None) => Secret::parse(code, 1).map(Ok).map_err(|_| Page::Unknown),
            (None, Some(error)) => Ok(Err(error)),
            _ => Err(Page::Unknown),
        }
    }

    /// Ends the listening; the second of two callbacks that come at once finds nobody waiting.
    async fn hand_over(&self, result: Result<Secret<Code>, String>) -> Page {
        let found = self.found.lock();
        let found = found.unwrap_or_else(PoisonError::into_inner).take();
        let Some(found) = found else {
            return Page::Unknown;
        };
        let (reply, page) = oneshot::channel();
        if found.send((result, reply)).is_err() {
            return Page::Unknown;
        }
        page.await.unwrap_or(Page::Failed)
    }
}

/// The value of a parameter that stands in the query exactly once.
fn only(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut values = pairs.filter(|(key, _)| key == name);
    let (_, value) = values.next()?;
    values.next().is_none().then(|| value.into_owned())
}
