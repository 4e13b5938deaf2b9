//! Listeners at every address of the namespace. Each connection counts; at a public address it is
//! answered as the host of a metadata document answers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Problem;
use crate::addresses::{NOT_PUBLIC, OPEN, PUBLIC, by_name, name};
use crate::place::Place;

/// The ports of both schemes, and some that services inside listen on.
const PORTS: [u16; 6] = [80, 443, 22, 6379, 8080, 8443];
/// Longest wait for a connection of ours to be counted.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who came where.
#[derive(Debug, Default)]
struct Seen {
    connections: BTreeMap<IpAddr, usize>,
    /// Where the public host sends whoever asks for a path below `/away/`.
    leads_to: Option<(u16, String)>,
}

/// All the listeners.
#[derive(Debug)]
pub(crate) struct Traps(Arc<Mutex<Seen>>);

impl Traps {
    /// Sets them.
    pub(crate) async fn set(place: &Place) -> Result<Self, Problem> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(OPEN.map(str::to_owned))?;
        let certificate = params.signed_by(&key, &place.authority)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let tls = TlsAcceptor::from(Arc::new(tls));
        let seen = Arc::default();
        for port in PORTS {
            // Both families: an IPv4 address arrives as an IPv6 one.
            let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await?;
            tokio::spawn(serve(listener, tls.clone(), Arc::clone(&seen)));
        }
        Ok(Self(seen))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        locked(&self.0)
    }

    /// Walks into every one of them that anybody can walk into, and forgets that.
    pub(crate) async fn all_work(&self) -> Result<(), Problem> {
        let reachable = NOT_PUBLIC.iter().filter(|one| one.is_reachable);
        let not_public = reachable.map(|one| (one.kind, one.address));
        for (kind, address) in not_public.chain(PUBLIC.map(|address| ("public", address))) {
            let before: usize = self.seen().connections.values().sum();
            let address: IpAddr = address.parse()?;
            let connected = TcpStream::connect((address, 443)).await;
            connected.map_err(|error| format!("no trap works at {address} ({kind}): {error}"))?;
            let counted = async {
                while self.seen().connections.values().sum::<usize>() == before {
                    tokio::task::yield_now().await;
                }
            };
            let counted = tokio::time::timeout(PATIENCE, counted).await;
            counted.map_err(|_| format!("the trap at {address} ({kind}) counts nothing"))?;
        }
        self.seen().connections.clear();
        Ok(())
    }

    /// Whether nobody has come to any address, public ones included.
    pub(crate) fn nobody_came(&self, because: &str) -> Result<(), Problem> {
        let came = self.seen().connections.clone();
        if came.is_empty() {
            return Ok(());
        }
        Err(format!("{because} led to {came:?}").into())
    }

    /// How many have come to the public addresses, if nobody came to another.
    pub(crate) fn came_to_public_only(&self, because: &str) -> Result<usize, Problem> {
        let came = self.seen().connections.clone();
        let (mut public, mut elsewhere) = (0, Vec::new());
        for (address, number) in came {
            if PUBLIC.contains(&address.to_string().as_str()) {
                public += number;
            } else {
                elsewhere.push((address, number));
            }
        }
        if elsewhere.is_empty() {
            return Ok(public);
        }
        Err(format!("{because} led to {elsewhere:?}").into())
    }

    /// From here on the public host answers with a redirect below `/away/`.
    pub(crate) fn lead_on(&self, status: u16, target: &str) {
        self.seen().leads_to = Some((status, target.to_owned()));
    }
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(local) = stream.local_addr() else {
            continue;
        };
        let address = local.ip().to_canonical();
        *locked(&seen).connections.entry(address).or_default() += 1;
        if PUBLIC.contains(&address.to_string().as_str()) && local.port() == 443 {
            let (tls, seen) = (tls.clone(), Arc::clone(&seen));
            // Whoever breaks off gets no answer.
            tokio::spawn(async move { drop(answer(stream, tls, &seen).await) });
        }
    }
}

async fn answer(
    stream: TcpStream,
    tls: TlsAcceptor,
    seen: &Mutex<Seen>,
) -> Result<(), std::io::Error> {
    let mut stream = tls.accept(stream).await?;
    let host = stream
        .get_ref()
        .1
        .server_name()
        .unwrap_or_default()
        .to_owned();
    let mut head = vec![0; 8 * 1024];
    let mut read = 0;
    while !head[..read].ends_with(b"\r\n\r\n") && read < head.len() {
        match stream.read(&mut head[read..]).await? {
            0 => return Ok(()),
            more => read += more,
        }
    }
    let is_away = head.starts_with(b"GET /away/");
    let leads_to = locked(seen).leads_to.clone().filter(|_| is_away);
    let (status, header, body) = match leads_to {
        Some((status, target)) => (status, format!("location: {target}"), String::new()),
        None => (
            200,
            "content-type: application/json".to_owned(),
            document(&host),
        ),
    };
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

/// A good document that leads inside by every member that is not for a browser.
fn document(host: &str) -> String {
    let inside = by_name(&name(0));
    let document = json!({
        "client_id": format!("https://{host}/client.json"), "client_name": "App",
        "redirect_uris": ["https://open.example/cb"],
        "client_uri": inside, "logo_uri": inside, "jwks_uri": inside, "policy_uri": inside,
        "tos_uri": inside, "sector_identifier_uri": inside,
    });
    document.to_string()
}
