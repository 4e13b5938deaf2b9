//! What a proxy gets to see, and which targets take one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use gitlab_mcp_core::gitlab::{EgressConfig, FetchError};
use gitlab_mcp_core::secret::Secret;
use gitlab_mcp_core::tls::Roots;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::bench::{Bench, CANARY};
use crate::names::{Names, egress, get, internal};
use crate::reply::Reply;
use crate::tls::{Authority, TlsUpstream};
use crate::upstream::Upstream;

const HOST: &str = "gitlab.example";

/// A proxy that connects everybody to one place and keeps what it was told in the clear.
struct Proxy {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone, Copy)]
enum Speaks {
    /// `CONNECT`, RFC 9110 section 9.3.6.
    Connect,
    /// SOCKS version 5 with a password, RFC 1928 and RFC 1929.
    Socks,
}

impl Proxy {
    async fn to(target: SocketAddr, speaks: Speaks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ledger = Arc::clone(&heard);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move {
                    let served = match speaks {
                        Speaks::Connect => connect(client, target, &ledger).await,
                        Speaks::Socks => socks(client, target, &ledger).await,
                    };
                    served.ok()
                });
            }
        });
        Self {
            address,
            heard,
            serving,
        }
    }

    fn heard(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        heard.iter().map(text).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn connect(
    mut client: TcpStream,
    target: SocketAddr,
    ledger: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    ledger.lock().unwrap().push(head);
    let mut upstream = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

/// The password is offered and taken.
async fn log_in(client: &mut TcpStream) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await?;
    let mut methods = vec![0; greeting[1].into()];
    client.read_exact(&mut methods).await?;
    assert_eq!(methods, [2], "the password is to be offered");
    client.write_all(&[5, 2]).await?;
    client.read_u8().await?;
    for expected in ["user", "canary-password"] {
        let mut text = vec![0; client.read_u8().await?.into()];
        client.read_exact(&mut text).await?;
        assert_eq!(text, expected.as_bytes());
    }
    client.write_all(&[1, 0]).await
}

async fn socks(
    mut client: TcpStream,
    target: SocketAddr,
    ledger: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    log_in(&mut client).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let length = match request[3] {
        1 => 4,
        4 => 16,
        _ => client.read_u8().await?.into(),
    };
    let mut host = vec![0; length];
    client.read_exact(&mut host).await?;
    client.read_u16().await?;
    ledger.lock().unwrap().push(host);
    let mut upstream = TcpStream::connect(target).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(())
}

fn through(scheme: &str, proxy: &Proxy, authority: Option<&Authority>) -> EgressConfig {
    let url = format!(
        "{scheme}://user:canary-password@proxy.example:{}",
        proxy.address.port()
    );
    let secret = || Some(Secret::parse(url.clone(), 1).unwrap());
    EgressConfig {
        http_proxy: secret(),
        https_proxy: secret(),
        added_roots: authority.map(|one| Roots::parse(one.pem().as_bytes()).unwrap()),
        ..internal(&[])
    }
}

fn names() -> Arc<Names> {
    Names::of(&[
        ("proxy.example", &["127.0.0.1"]),
        (HOST, &["10.0.0.5"]),
        ("direct.example", &["127.0.0.1"]),
    ])
}

#[tokio::test]
async fn a_credential_travels_inside_the_tunnel_only() {
    let authority = Authority::new("authority");
    let upstream = TlsUpstream::start(&authority.issue(HOST, 2100), None).await;
    let proxy = Proxy::to(upstream.address, Speaks::Connect).await;
    let names = names();
    let way_out = egress(&through("http", &proxy, Some(&authority)), &names);

    let bench = Bench::at(&format!("https://{HOST}")).through(way_out);
    bench.get().await.unwrap();

    let heard = proxy.heard();
    assert_eq!(heard.len(), 1);
    let line = format!("CONNECT {HOST}:443 HTTP/1.1\r\n");
    assert!(heard[0].starts_with(&line), "{heard:?}");
    let told = heard[0].to_ascii_lowercase();
    assert!(told.contains("proxy-authorization: basic "), "{told}");
    for hidden in [CANARY, "private-token", "authorization: bearer", "/api/v4"] {
        assert!(!told.contains(hidden), "{told}");
    }
    let seen = upstream.heads();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].contains(CANARY), "{seen:?}");
    assert!(!seen[0].contains("proxy-authorization"), "{seen:?}");
    // The proxy knows where GitLab is; nobody else is asked.
    assert_eq!(names.asked(), ["proxy.example"]);
}

#[tokio::test]
async fn no_proxy_and_this_machine_are_reached_directly() {
    let upstream = Upstream::playing(vec![Reply::json(200, "{}"); 2]).await;
    let proxy = Proxy::to(upstream.address, Speaks::Connect).await;
    let config = EgressConfig {
        no_proxy: Some(".example".to_owned()),
        internal_hosts: ["direct.example", "127.0.0.1"].map(str::to_owned).into(),
        ..through("http", &proxy, None)
    };
    let way_out = egress(&config, &names());
    for host in ["direct.example", "127.0.0.1"] {
        let url = format!("http://{host}:{}/", upstream.address.port());
        assert_eq!(get(&way_out, &url).await.unwrap().status(), 200, "{host}");
    }
    assert!(proxy.heard().is_empty());
}

#[tokio::test]
async fn a_private_address_is_refused_whatever_the_proxy_would_do() {
    let upstream = Upstream::playing([]).await;
    let proxy = Proxy::to(upstream.address, Speaks::Connect).await;
    let way_out = egress(&through("http", &proxy, None), &names());
    for url in ["https://10.0.0.5/", "http://169.254.169.254/latest"] {
        let refused = get(&way_out, url).await;
        assert_eq!(refused.unwrap_err(), FetchError::NotAllowed, "{url}");
    }
    assert!(proxy.heard().is_empty());
}

#[tokio::test]
async fn a_socks_proxy_gets_the_name_or_a_judged_address() {
    let upstream = Upstream::playing(vec![Reply::json(200, "{}"); 2]).await;
    let proxy = Proxy::to(upstream.address, Speaks::Socks).await;
    let url = format!("http://{HOST}/");

    let remote = egress(&through("socks5h", &proxy, None), &names());
    assert_eq!(get(&remote, &url).await.unwrap().status(), 200);
    assert_eq!(proxy.heard(), [HOST]);

    let local = egress(&through("socks5", &proxy, None), &names());
    let refused = get(&local, &url).await;
    assert_eq!(refused.unwrap_err(), FetchError::NotAllowed);
    let config = EgressConfig {
        internal_hosts: [HOST.to_owned()].into(),
        ..through("socks5", &proxy, None)
    };
    let answer = get(&egress(&config, &names()), &url).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(proxy.heard()[1].as_bytes(), [10, 0, 0, 5]);
}

#[test]
fn a_proxy_password_shows_nowhere() {
    let url = "http://user:canary-password@proxy.example:3128";
    let config = EgressConfig {
        http_proxy: Some(Secret::parse(url.to_owned(), 1).unwrap()),
        ..internal(&[])
    };
    let shown = format!("{config:?} {:?}", egress(&config, &names()));
    assert!(!shown.contains("canary"), "{shown}");
}
