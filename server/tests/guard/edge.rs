//! The edge of the network: proxies in front, readers of the counters, HTTPS.

use std::path::PathBuf;
use std::sync::Arc;

use gitlab_mcp::app::HttpSettings;
use gitlab_mcp::http::{CountedBy, Limit, TrustedProxies};
use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::secret::Secret;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::client::{Ask, parse};
use crate::server::{Server, settings};

const TOKEN: &str = "canary-metrics-token";

fn list() -> Ask {
    Ask::modern("tools/list", json!({}), None)
}

async fn status(ask: &Ask, server: &Server) -> u16 {
    ask.send(server).await.status
}

#[tokio::test]
async fn counters_are_shown_to_whoever_presents_the_token() {
    let mut http = settings();
    http.metrics_token = Some(Arc::new(Secret::parse(TOKEN.to_owned(), 8).unwrap()));
    http.unaccepted = Some(Limit::per_minute(4));
    let server = Server::with(http).await;
    let ask = Ask::new("GET", "/metrics");
    let good = ask
        .clone()
        .with("Authorization", &format!("bearer {TOKEN}"));
    let answer = good.send(&server).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer
            .body
            .contains("gitlab_mcp_upstream_certificates_unchecked 0")
    );
    for refused in [
        ask.clone().without("Authorization"),
        ask.clone().with("Authorization", "Bearer ann"),
        ask.clone().with("Authorization", TOKEN),
        good.clone().and("Authorization", "Bearer ann"),
    ] {
        let answer = refused.send(&server).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        assert!(!format!("{answer:?}").contains(TOKEN));
    }
    // Guessing is limited like every other credential.
    assert_eq!(status(&ask, &server).await, 429);
    assert_eq!(status(&Ask::new("GET", "/health"), &server).await, 200);
}

#[tokio::test]
async fn a_flood_with_forged_addresses_counts_as_one_source() {
    let mut http = settings();
    http.unaccepted = Some(Limit::per_minute(2));
    let server = Server::with(http).await;
    let mut statuses = Vec::new();
    for source in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        let ask = list()
            .with("Authorization", "x")
            .with("X-Forwarded-For", source);
        statuses.push(status(&ask, &server).await);
    }
    assert_eq!(statuses, [401, 401, 429]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_source_has_its_own_budget() {
    let mut http = settings();
    http.unaccepted = Some(Limit::per_minute(2));
    http.trusted_proxies = TrustedProxies::Hops(1);
    let server = Server::with(http).await;
    for source in ["192.0.2.1", "192.0.2.2"] {
        for expected in [401, 401, 429] {
            // What stands left of the proxy's own entry is the caller's invention.
            let ask = list()
                .with("Authorization", "x")
                .with("X-Forwarded-For", &format!("198.51.100.9, {source}"));
            assert_eq!(status(&ask, &server).await, expected, "{source}");
        }
    }
}

#[tokio::test]
async fn callers_that_share_one_identity_are_counted_by_address() {
    let mut http = settings();
    http.accepted = Some(Limit::per_minute(2));
    http.trusted_proxies = TrustedProxies::Hops(1);
    http.counted_by = CountedBy::Address;
    let server = Server::with(http).await;
    for source in ["192.0.2.1", "192.0.2.2"] {
        for expected in [200, 200, 429] {
            let ask = list().with("X-Forwarded-For", source);
            assert_eq!(status(&ask, &server).await, expected, "{source}");
        }
    }
}

/// A folder of this test run, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gitlab-mcp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> (&'static str, String) {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        let variable = match name {
            "cert.pem" => "SSL_CERT_PATH",
            "key.pem" => "SSL_KEY_PATH",
            _ => "SSL_CA_PATH",
        };
        (variable, path.to_str().unwrap().to_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(authority: &Authority) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

async fn start(files: &[(&str, String)]) -> Result<HttpSettings, String> {
    let fixed = [
        ("STREAMABLE_HTTP", "true".to_owned()),
        ("GITLAB_AUTH_MODE", "none".to_owned()),
    ];
    let variables = fixed
        .iter()
        .chain(files)
        .map(|(name, value)| (*name, value));
    let sources = Sources::new().variables(variables);
    let started = gitlab_mcp::start(&sources, &[]).await;
    let started = started.map_err(|error| error.to_string())?;
    Ok((*started.app.http).clone())
}

/// `GET /health` over TLS; what came back.
async fn health(server: &Server, config: ClientConfig) -> std::io::Result<u16> {
    let socket = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await?;
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(parse(&bytes).status)
}

fn client(trusts: &Authority, shows: Option<&(rcgen::Certificate, KeyPair)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(trusts.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match shows {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let chain = vec![certificate.der().clone()];
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

async fn serve(tls: HttpSettings) -> Server {
    Server::with(HttpSettings {
        tls: tls.tls,
        ..settings()
    })
    .await
}

#[tokio::test]
async fn https_is_served_with_the_configured_certificate_and_nothing_else() {
    let (folder, own) = (Folder::new("https"), authority());
    let (certificate, key) = issue(&own);
    let files = [
        folder.file("cert.pem", &certificate.pem()),
        folder.file("key.pem", &key.serialize_pem()),
    ];
    let server = serve(start(&files).await.unwrap()).await;
    assert_eq!(health(&server, client(&own, None)).await.unwrap(), 200);
    assert!(health(&server, client(&authority(), None)).await.is_err());
    // Clear text gets no answer, and the next client is served.
    assert_eq!(status(&Ask::new("GET", "/health"), &server).await, 0);
    assert_eq!(health(&server, client(&own, None)).await.unwrap(), 200);
}

#[tokio::test]
async fn clients_show_a_certificate_of_the_configured_authority() {
    let (folder, own, clients) = (Folder::new("clients"), authority(), authority());
    let (certificate, key) = issue(&own);
    let files = [
        folder.file("cert.pem", &certificate.pem()),
        folder.file("key.pem", &key.serialize_pem()),
        folder.file("ca.pem", &clients.pem()),
    ];
    let server = serve(start(&files).await.unwrap()).await;
    let known = issue(&clients);
    let shown = health(&server, client(&own, Some(&known))).await;
    assert_eq!(shown.unwrap(), 200);
    assert!(health(&server, client(&own, None)).await.is_err());
    let foreign = issue(&authority());
    assert!(health(&server, client(&own, Some(&foreign))).await.is_err());
}

#[tokio::test]
async fn certificates_that_do_not_fit_prevent_the_start() {
    let (folder, own) = (Folder::new("misfits"), authority());
    let ((certificate, _), (_, other)) = (issue(&own), issue(&own));
    let cert = folder.file("cert.pem", &certificate.pem());
    let key = folder.file("key.pem", &other.serialize_pem());
    let ca = folder.file("ca.pem", "no certificate");
    for (files, expected) in [
        (
            vec![cert.clone()],
            "SSL_CERT_PATH (environment): needs SSL_KEY_PATH",
        ),
        (
            vec![key.clone()],
            "SSL_KEY_PATH (environment): needs SSL_CERT_PATH",
        ),
        (vec![cert, key], "does not belong to the certificate"),
        (
            vec![ca.clone()],
            "SSL_CA_PATH (environment): needs SSL_CERT_PATH",
        ),
        (vec![ca], "holds no PEM certificate"),
    ] {
        let told = start(&files).await.unwrap_err();
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("PRIVATE KEY"), "{told}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_greet_is_let_go_at_the_end() {
    let (folder, own) = (Folder::new("silent"), authority());
    let (certificate, key) = issue(&own);
    let files = [
        folder.file("cert.pem", &certificate.pem()),
        folder.file("key.pem", &key.serialize_pem()),
    ];
    let tls = start(&files).await.unwrap();
    let (app, _) = crate::server::app(HttpSettings {
        tls: tls.tls,
        ..settings()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(gitlab_mcp::http::serve(app, listener, shutdown.clone()));
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(&[0x16]).await.unwrap();
    shutdown.cancel();
    // Well below the 10 s of a handshake: stopping does not wait for it.
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), task).await;
    ended.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_wide_listener_in_clear_text_is_warned_about() {
    for (host, trust, warned) in [
        ("0.0.0.0", "false", true),
        ("0.0.0.0", "uniquelocal", false),
        ("127.0.0.1", "false", false),
    ] {
        let sources = Sources::new().variables([
            ("STREAMABLE_HTTP", "true"),
            ("GITLAB_AUTH_MODE", "none"),
            ("HOST", host),
            ("MCP_TRUST_PROXY", trust),
        ]);
        let started = gitlab_mcp::start(&sources, &[]).await.unwrap();
        let told = started
            .warnings
            .iter()
            .any(|one| one.text.contains("clear text"));
        assert_eq!(told, warned, "{host} {trust}");
    }
}
