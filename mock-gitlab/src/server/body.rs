//! Bodies of answers: whole, cut off, or dripping.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Ends a body in the middle.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut by a fault")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What is sent after the headers.
#[derive(Debug)]
pub(super) enum Payload {
    /// All at once.
    Whole(Option<Bytes>),
    /// A part, then a broken connection. The turns let hyper flush what it has.
    Broken { part: Option<Bytes>, turns: u8 },
    /// A part, then nothing, and the connection stays.
    Stall(Option<Bytes>),
    /// In pieces.
    Drip {
        rest: Bytes,
        bytes: usize,
        every: Duration,
        sleep: Option<Pin<Box<Sleep>>>,
    },
}

impl Payload {
    pub(super) fn broken(part: Bytes) -> Self {
        Self::Broken {
            part: Some(part).filter(|part| !part.is_empty()),
            turns: 8,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Broken { part, turns } => {
                if let Some(part) = part.take() {
                    return Poll::Ready(Some(Ok(Frame::data(part))));
                }
                if *turns == 0 {
                    return Poll::Ready(Some(Err(Cut)));
                }
                *turns -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            // Nobody wakes it again: it ends when the peer loses patience.
            Self::Stall(part) => match part.take().filter(|part| !part.is_empty()) {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => Poll::Pending,
            },
            Self::Drip {
                rest,
                bytes,
                every,
                sleep,
            } => {
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                let timer = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*every)));
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                *sleep = None;
                let piece = rest.split_to((*bytes).min(rest.len()));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(length(bytes.as_ref())),
            Self::Broken { .. } | Self::Stall(_) | Self::Drip { .. } => SizeHint::default(),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }
}

fn length(bytes: Option<&Bytes>) -> u64 {
    bytes
        .and_then(|bytes| u64::try_from(bytes.len()).ok())
        .unwrap_or(0)
}
