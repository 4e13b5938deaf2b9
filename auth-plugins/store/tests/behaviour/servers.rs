//! Databases the runner started: two connections, as two replicas have them.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::secret::{ConnectionString, Secret};
use gitlab_mcp_store::{Backend, OpenError, Store, StoreError, open};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::bench::{Bench, code};

static BENCHES: AtomicU32 = AtomicU32::new(0);

/// A database that two replicas share, with real time.
pub(crate) struct Shared {
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
}

/// What the runner says in a variable.
#[expect(
    clippy::disallowed_methods,
    reason = "the runner says where its server is"
)]
pub(crate) fn told(variable: &str) -> Secret<ConnectionString> {
    let text = std::env::var(variable);
    let text = text.unwrap_or_else(|_| panic!("{variable}: `cargo xtask test --only stores`"));
    Secret::parse(text, 1).unwrap()
}

/// Opens a backend as a server does; its clock is not asked.
pub(crate) async fn opened(backend: &Backend, prefix: &str) -> Result<Arc<dyn Store>, OpenError> {
    let clock = Arc::new(ManualClock::default());
    open(backend, prefix, Duration::from_secs(5), clock).await
}

impl Shared {
    /// Both at once, as replicas start: tables are made once.
    pub(crate) async fn open(backend: Backend) -> Self {
        let number = BENCHES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("test_{}_{number}_", std::process::id());
        let (one, other) = tokio::join!(opened(&backend, &prefix), opened(&backend, &prefix));
        Self {
            one: one.unwrap(),
            other: other.unwrap(),
        }
    }
}

#[async_trait]
impl Bench for Shared {
    fn one(&self) -> Arc<dyn Store> {
        self.one.clone()
    }

    fn other(&self) -> Arc<dyn Store> {
        self.other.clone()
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// How long an operation may take, and how much more it may be on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);
const BUSY: Duration = Duration::from_millis(700);
/// More than a pool holds.
const CALLERS: usize = 100;

/// Whoever asks a database that hangs is told so in time, however many ask at once; and when it goes
/// on, so do they.
pub(crate) async fn nobody_waits_for_a_database_that_hangs(
    url: &Secret<ConnectionString>,
    backend: impl Fn(Secret<ConnectionString>) -> Backend,
) {
    let (before, address) = url.expose().rsplit_once('@').unwrap();
    let (address, after) = address.split_once('/').unwrap();
    let (port, hangs) = line(address.to_owned()).await;
    let url = format!("{before}@127.0.0.1:{port}/{after}");
    let store = opened(&backend(Secret::parse(url, 1).unwrap()), "hangs_")
        .await
        .unwrap();
    assert!(store.get(&code("nobody")).await.unwrap().is_none());
    hangs.send_replace(true);
    let all = (0..CALLERS).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let began = now();
            let got = store.get(&code("nobody")).await;
            (got, began.elapsed())
        })
    });
    for caller in all.collect::<Vec<_>>() {
        let (got, took) = caller.await.unwrap();
        assert!(matches!(got, Err(StoreError::Unavailable(_))), "{got:?}");
        assert!(took < PATIENCE + BUSY, "{took:?}");
    }
    hangs.send_replace(false);
    assert!(store.get(&code("nobody")).await.unwrap().is_none());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a database is waited for in real time"
)]
fn now() -> Instant {
    Instant::now()
}

/// A line to a database, and whether its answers hang on the way.
async fn line(to: String) -> (u16, watch::Sender<bool>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (hangs, is_hanging) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (to, mut is_hanging) = (to.clone(), is_hanging.clone());
            tokio::spawn(async move {
                let database = TcpStream::connect(to).await.unwrap();
                let (mut asked, mut answered) = client.into_split();
                let (mut from, mut into) = database.into_split();
                let answers = async {
                    let mut piece = vec![0; 16 * 1024];
                    while let Ok(read @ 1..) = from.read(&mut piece).await {
                        is_hanging.wait_for(|hangs| !hangs).await.unwrap();
                        answered.write_all(&piece[..read]).await.unwrap();
                    }
                };
                tokio::select! {
                    _ = tokio::io::copy(&mut asked, &mut into) => {}
                    () = answers => {}
                }
            });
        }
    });
    (port, hangs)
}
