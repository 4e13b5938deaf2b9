//! A connection whose other side must keep going: the head of a request arrives in time once it has
//! begun, and what is written is read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Longest time without progress on a stream of events.
const STREAM_STALL: Duration = Duration::from_secs(30);

/// What the connection and the requests on it tell each other.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Longest time without progress in a write, in milliseconds; 0 waits for ever.
    stall: AtomicU64,
    /// A request is being served: nothing is expected from the client.
    busy: AtomicBool,
    /// How many requests have arrived.
    requests: AtomicU64,
    plain_stall: Duration,
}

impl Pace {
    /// `plain_stall` is the longest time without progress in a plain answer; zero waits for ever.
    pub(crate) fn new(plain_stall: Duration) -> Arc<Self> {
        Arc::new(Self {
            stall: AtomicU64::new(millis(plain_stall)),
            busy: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            plain_stall,
        })
    }

    /// The head of a request has arrived.
    pub(crate) fn request(&self) {
        self.busy.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// An answer is about to be written; a stream of events waits longer for its reader. The
    /// connection is idle when the body that is handed back has been dropped.
    pub(crate) fn answer<B>(self: &Arc<Self>, body: B, is_stream: bool) -> Watched<B> {
        let stall = if is_stream {
            STREAM_STALL
        } else {
            self.plain_stall
        };
        self.stall.store(millis(stall), Ordering::Relaxed);
        Watched {
            body,
            _idle: Idle(Arc::clone(self)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Debug)]
struct Idle(Arc<Pace>);

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

/// A body that says when it is over.
#[derive(Debug)]
pub(crate) struct Watched<B> {
    body: B,
    _idle: Idle,
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A deadline that is set when something is waited for, and lifted by progress.
#[derive(Debug)]
struct Deadline {
    at: Pin<Box<Sleep>>,
    running: bool,
}

impl Deadline {
    fn after(time: Duration, running: bool) -> Self {
        Self {
            at: Box::pin(tokio::time::sleep(time)),
            running,
        }
    }

    fn start(&mut self, time: Duration) {
        if !self.running {
            self.running = true;
            self.at.as_mut().reset(Instant::now() + time);
        }
    }

    fn has_passed(&mut self, cx: &mut Context<'_>) -> bool {
        self.running && self.at.as_mut().poll(cx).is_ready()
    }
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    inner: S,
    pace: Arc<Pace>,
    head: Duration,
    /// The number of requests when a head was last waited for.
    requests: u64,
    reading: Deadline,
    writing: Deadline,
}

impl<S> Patient<S> {
    /// Watches `inner`. Each request has `head` from its first byte to the end of its head; the
    /// first one has begun.
    pub(crate) fn new(inner: S, pace: Arc<Pace>, head: Duration) -> Self {
        Self {
            inner,
            pace,
            head,
            requests: 0,
            reading: Deadline::after(head, true),
            writing: Deadline::after(head, false),
        }
    }

    fn judge<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let stall = self.pace.stall.load(Ordering::Relaxed);
        if polled.is_ready() || stall == 0 {
            self.writing.running = false;
            return polled;
        }
        self.writing.start(Duration::from_millis(stall));
        if self.writing.has_passed(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let requests = self.pace.requests.load(Ordering::Relaxed);
        if requests != self.requests {
            self.requests = requests;
            self.reading.running = false;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if self.pace.busy.load(Ordering::Relaxed) {
            return polled;
        }
        if buffer.filled().len() > before {
            let head = self.head;
            self.reading.start(head);
        }
        if polled.is_pending() && self.reading.has_passed(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, buffers);
        self.judge(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.judge(polled, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
