//! A line to a database that can be held up: requests stop on their way, or answers come late.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::{Sleep, sleep};

/// Bytes on their way at a time.
const PIECE: usize = 16 * 1024;
/// Pieces of an answer on their way at a time.
const PIECES: usize = 4_096;
/// A connection that is given up before is none that its end holds: news of its end may be late here.
const SETTLED: Duration = Duration::from_millis(200);

/// A line. Dropping it cuts it.
pub(super) struct Line {
    port: u16,
    traffic: Arc<Traffic>,
    late: watch::Sender<Duration>,
    holds: watch::Sender<bool>,
    _runtime: Runtime,
}

/// What goes over it.
#[derive(Debug, Default)]
struct Traffic {
    open: AtomicUsize,
    most: AtomicUsize,
    held: AtomicUsize,
}

impl Line {
    /// A line to what listens on this port.
    pub(super) fn to(port: u16) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let own = listener.local_addr()?.port();
        let (late, is_late) = watch::channel(Duration::ZERO);
        let (holds, is_held) = watch::channel(false);
        let traffic = Arc::new(Traffic::default());
        let ends = Ends {
            to: (Ipv4Addr::LOCALHOST, port).into(),
            late: is_late,
            holds: is_held,
            traffic: Arc::clone(&traffic),
        };
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(ends.clone().serve(client));
            }
        });
        Ok(Self {
            port: own,
            traffic,
            late,
            holds,
            _runtime: runtime,
        })
    }

    /// Where it begins.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Answers take so much longer from here on. With none at all, those on their way arrive at once.
    pub(super) fn answers_after(&self, late: Duration) {
        self.late.send_replace(late);
    }

    /// Requests stop on their way, or go on.
    pub(super) fn hold(&self, holds: bool) {
        self.traffic.held.store(0, Ordering::SeqCst);
        self.holds.send_replace(holds);
    }

    /// How many bytes of requests it has stopped.
    pub(super) fn held(&self) -> usize {
        self.traffic.held.load(Ordering::SeqCst)
    }

    /// How many connections there were at a time, at most, those not counted that were given up at
    /// once.
    pub(super) fn most(&self) -> usize {
        self.traffic.most.load(Ordering::SeqCst)
    }
}

impl Traffic {
    /// Counts a connection until this is dropped.
    async fn count(&self) {
        sleep(SETTLED).await;
        let _open = Open::among(self);
        std::future::pending::<()>().await;
    }
}

/// One open connection.
struct Open<'t>(&'t Traffic);

impl<'t> Open<'t> {
    fn among(traffic: &'t Traffic) -> Self {
        let open = traffic.open.fetch_add(1, Ordering::SeqCst) + 1;
        traffic.most.fetch_max(open, Ordering::SeqCst);
        Self(traffic)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
struct Ends {
    to: SocketAddr,
    late: watch::Receiver<Duration>,
    holds: watch::Receiver<bool>,
    traffic: Arc<Traffic>,
}

impl Ends {
    /// One connection, until one of its ends closes it.
    async fn serve(self, client: TcpStream) {
        let Ok(database) = TcpStream::connect(self.to).await else {
            return;
        };
        // Without this, small pieces wait for one another.
        drop(client.set_nodelay(true));
        drop(database.set_nodelay(true));
        let (asked, answered) = client.into_split();
        let (from, to) = database.into_split();
        tokio::select! {
            () = self.requests(asked, to) => {}
            () = self.answers(from, answered) => {}
            () = self.traffic.count() => {}
        }
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut holds = self.holds.clone();
        let mut piece = vec![0; PIECE];
        loop {
            let Ok(read @ 1..) = from.read(&mut piece).await else {
                return;
            };
            if *holds.borrow() {
                self.traffic.held.fetch_add(read, Ordering::SeqCst);
            }
            if holds.wait_for(|holds| !holds).await.is_err() {
                return;
            }
            let read = piece.get(..read).unwrap_or_default();
            if to.write_all(read).await.is_err() {
                return;
            }
        }
    }

    async fn answers(&self, mut from: OwnedReadHalf, to: OwnedWriteHalf) {
        let (queue, waiting) = mpsc::channel(PIECES);
        let read = async {
            loop {
                let mut piece = vec![0; PIECE];
                let Ok(read @ 1..) = from.read(&mut piece).await else {
                    return;
                };
                piece.truncate(read);
                let late = *self.late.borrow();
                if queue.send((Box::pin(sleep(late)), piece)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = read => {}
            () = arrive(waiting, to, self.late.clone()) => {}
        }
    }
}

/// A piece of an answer, and when it arrives.
type Piece = (std::pin::Pin<Box<Sleep>>, Vec<u8>);

async fn arrive(
    mut waiting: mpsc::Receiver<Piece>,
    mut to: OwnedWriteHalf,
    mut late: watch::Receiver<Duration>,
) {
    while let Some((arrives, piece)) = waiting.recv().await {
        tokio::select! {
            () = arrives => {}
            _ = late.wait_for(Duration::is_zero) => {}
        }
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Stopwatch;

    /// Answers with what it is asked.
    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut from, mut to) = stream.split();
                drop(tokio::io::copy(&mut from, &mut to).await);
            }
        });
        port
    }

    #[test]
    fn requests_are_held_and_answers_are_late() {
        let runtime = Runtime::new().unwrap();
        let line = Line::to(runtime.block_on(echo())).unwrap();
        runtime.block_on(async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, line.port()))
                .await
                .unwrap();
            let mut answer = [0; 4];
            stream.write_all(b"ping").await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            line.hold(true);
            stream.write_all(b"more").await.unwrap();
            let soon = Duration::from_millis(200);
            let none = tokio::time::timeout(soon, stream.read_exact(&mut answer)).await;
            assert!(none.is_err() && line.held() == 4);
            line.answers_after(soon);
            let watch = Stopwatch::start();
            line.hold(false);
            stream.read_exact(&mut answer).await.unwrap();
            assert!(&answer == b"more" && watch.read() >= soon);
            assert_eq!(line.most(), 1);
        });
    }
}
