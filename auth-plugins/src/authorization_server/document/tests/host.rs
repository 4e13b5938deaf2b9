//! Hosts of metadata documents. They have public addresses only in name: the way out goes through a
//! proxy (RFC 9110 section 9.3.6) behind which every host is this one, with a certificate of an
//! authority that the way out believes.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, Resolver};
use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_core::tls::Roots;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a host answers to one request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// These bytes.
    Raw(Vec<u8>),
    /// These bytes, and then nothing, for ever.
    Stall(Vec<u8>),
    /// The first bytes at once, and then one of the others each second.
    Drip(Vec<u8>, Vec<u8>),
    /// The end of the connection.
    Close,
    /// The end of the connection, when [`Host::let_go`] was called.
    Hold,
}

impl Reply {
    pub(super) fn json(document: &Value) -> Self {
        Self::text("application/json", &document.to_string())
    }

    pub(super) fn text(content_type: &str, body: &str) -> Self {
        Self::head(
            200,
            &format!("content-type: {content_type}"),
            body.as_bytes(),
        )
    }

    pub(super) fn status(status: u16) -> Self {
        Self::head(status, "content-type: application/json", b"")
    }

    pub(super) fn redirect(status: u16) -> Self {
        Self::head(status, "location: https://app.example/other.json", b"")
    }

    pub(super) fn redirect_to(place: &str) -> Self {
        Self::head(302, &format!("location: {place}"), b"")
    }

    /// 16 MiB of blanks, which gzip makes small.
    pub(super) fn gzip_bomb() -> Self {
        let header = "content-type: application/json\r\ncontent-encoding: gzip";
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![b' '; 16 * 1024 * 1024]).unwrap();
        Self::head(200, header, &bomb.finish().unwrap())
    }

    fn head(status: u16, header: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {length}\r\n\r\n");
        Self::Raw([head.as_bytes(), body].concat())
    }

    /// With one header more.
    pub(super) fn with(self, header: &str) -> Self {
        let Self::Raw(bytes) = self else { return self };
        let text = String::from_utf8(bytes).unwrap();
        Self::Raw(
            text.replacen("\r\n", &format!("\r\n{header}\r\n"), 1)
                .into(),
        )
    }
}

#[derive(Debug)]
struct Shared {
    script: Mutex<VecDeque<Reply>>,
    heads: Mutex<Vec<String>>,
    /// Open requests by host, and the most there ever were of one host and of all.
    open: Mutex<(BTreeMap<String, usize>, usize, usize)>,
    asked: watch::Sender<usize>,
    held: Semaphore,
    /// Bytes sent one by one.
    dripped: AtomicUsize,
}

/// All hosts in one. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Host {
    address: SocketAddr,
    authority: String,
    shared: Arc<Shared>,
    names: Arc<Names>,
    serving: JoinHandle<()>,
}

impl Host {
    /// Plays one reply for each request, and repeats the last one.
    pub(super) async fn playing(script: impl IntoIterator<Item = Reply>) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let names = ["app.example", "*.many.example"].map(str::to_owned);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            heads: Mutex::default(),
            open: Mutex::default(),
            asked: watch::channel(0).0,
            held: Semaphore::new(0),
            dripped: AtomicUsize::new(0),
        });
        Self {
            address: listener.local_addr().unwrap(),
            authority: authority.pem(),
            serving: tokio::spawn(serve(listener, Arc::new(tls).into(), Arc::clone(&shared))),
            shared,
            names: Arc::default(),
        }
    }

    /// The way out that leads here.
    pub(super) fn egress(&self, internal: &[&str]) -> Egress {
        let proxy = format!("http://{}", self.address);
        let config = EgressConfig {
            internal_hosts: internal.iter().map(|&host| host.to_owned()).collect(),
            added_roots: Some(Roots::parse(self.authority.as_bytes()).unwrap()),
            https_proxy: Some(Secret::parse(proxy, 1).unwrap()),
            ..EgressConfig::default()
        };
        let names: Arc<Names> = Arc::clone(&self.names);
        Egress::with_resolver(&config, names).unwrap()
    }

    /// The heads of all requests so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// How many names were looked up.
    pub(super) fn looked_up(&self) -> usize {
        self.names.asked.load(Ordering::SeqCst)
    }

    /// Waits for the request number `count`.
    pub(super) async fn until_asked(&self, count: usize) {
        let mut asked = self.shared.asked.subscribe();
        asked.wait_for(|&seen| seen >= count).await.unwrap();
    }

    /// How many bytes were sent one by one.
    pub(super) fn dripped(&self) -> usize {
        self.shared.dripped.load(Ordering::SeqCst)
    }

    /// Ends every connection that is held, those to come included.
    pub(super) fn let_go(&self) {
        self.shared.held.close();
    }

    /// The most requests that were ever open at one host, and at all hosts.
    pub(super) fn most_open(&self) -> (usize, usize) {
        let open = self.shared.open.lock().unwrap();
        (open.1, open.2)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A way out without a proxy.
pub(super) fn direct(internal: &[&str]) -> Egress {
    let config = EgressConfig {
        internal_hosts: internal.iter().map(|&host| host.to_owned()).collect(),
        ..EgressConfig::default()
    };
    Egress::with_resolver(&config, Arc::new(Names::default())).unwrap()
}

/// Names under `inside.` and `internal.` lead inside, `unknown.` nowhere, all others outside.
#[derive(Debug, Default)]
struct Names {
    asked: AtomicUsize,
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let address = match host.split('.').next() {
            Some("inside" | "internal") => "127.0.0.1",
            Some("unknown") => return Err(io::ErrorKind::NotFound.into()),
            _ => "8.8.8.8",
        };
        Ok(vec![address.parse().unwrap()])
    }
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move { tunnel(stream, tls, &shared).await.ok() });
    }
}

async fn tunnel(mut stream: TcpStream, tls: TlsAcceptor, shared: &Shared) -> io::Result<()> {
    let head = head(&mut stream).await?;
    let host = head.split([' ', ':']).nth(1).unwrap().to_owned();
    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    let mut stream = tls.accept(stream).await?;
    // One connection may bring several requests.
    loop {
        let head = self::head(&mut stream).await?;
        shared.heads.lock().unwrap().push(head);
        let _open = Open::new(shared, &host);
        shared.asked.send_modify(|seen| *seen += 1);
        let reply = {
            let mut script = shared.script.lock().unwrap();
            let last = script.len() == 1;
            let next = if last {
                script.front().cloned()
            } else {
                script.pop_front()
            };
            next.unwrap_or(Reply::Close)
        };
        match reply {
            Reply::Raw(bytes) => stream.write_all(&bytes).await?,
            Reply::Stall(bytes) => {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                std::future::pending::<()>().await;
            }
            Reply::Drip(start, rest) => {
                stream.write_all(&start).await?;
                drip(&mut stream, &rest, &shared.dripped).await?;
            }
            Reply::Close => return Ok(()),
            Reply::Hold => {
                drop(shared.held.acquire().await);
                return Ok(());
            }
        }
        stream.flush().await?;
    }
}

/// Sends a byte each second.
async fn drip(
    stream: &mut (impl tokio::io::AsyncWrite + Unpin),
    bytes: &[u8],
    dripped: &AtomicUsize,
) -> io::Result<()> {
    for byte in bytes {
        stream.flush().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        stream.write_u8(*byte).await?;
        dripped.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

async fn head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A request that has no answer yet.
struct Open<'a> {
    shared: &'a Shared,
    host: String,
}

impl<'a> Open<'a> {
    fn new(shared: &'a Shared, host: &str) -> Self {
        let mut open = shared.open.lock().unwrap();
        let (of, most, most_of_all) = &mut *open;
        let here = of.entry(host.to_owned()).or_default();
        *here += 1;
        *most = (*most).max(*here);
        *most_of_all = (*most_of_all).max(of.values().sum());
        let host = host.to_owned();
        Self { shared, host }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock().unwrap();
        if let Some(here) = open.0.get_mut(&self.host) {
            *here -= 1;
        }
    }
}
