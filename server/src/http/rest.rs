//! What an early answer leaves of a request: it is read, so that the next request finds its way on
//! the same connection; where that takes too long, the answer says that the connection ends.
//! RFC 9112 sections 9.3 and 9.6.
//!
//! Clients send head and body one after the other, and a refusal needs the head alone. Without this a
//! connection would end behind such an answer, and the client would meet that with its next request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, SizeHint};

/// What is on its way when the answer is ready arrives within this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// A body of which more was read, in bytes, is not read to its end for nothing.
const MOST: usize = 64 * 1024;

/// Where a body comes back to, with the bytes that were read of it.
type Place<B> = Arc<Mutex<Option<(B, usize)>>>;

/// A body that comes back when whoever reads it is done.
#[derive(Debug)]
pub(super) struct Lent<B> {
    body: Option<B>,
    read: usize,
    place: Place<B>,
}

/// Where it comes back to.
#[derive(Debug)]
pub(super) struct Rest<B> {
    place: Place<B>,
    /// The client waits for a word before it sends anything. RFC 9110 section 10.1.1.
    waits: bool,
}

/// Lends the body of a request with these headers.
pub(super) fn lend<B>(body: B, headers: &HeaderMap) -> (Lent<B>, Rest<B>) {
    let place = Arc::new(Mutex::new(None));
    let rest = Rest {
        place: Arc::clone(&place),
        waits: headers.contains_key(EXPECT),
    };
    let body = Some(body);
    let lent = Lent {
        body,
        read: 0,
        place,
    };
    (lent, rest)
}

impl<B> Rest<B>
where
    B: Body + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Reads what is left, now that `response` is ready.
    pub(super) async fn finish<T>(self, response: &mut Response<T>) {
        let body = self
            .place
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((body, read)) = body.filter(|(body, _)| !body.is_end_stream()) else {
            return;
        };
        let closes = response.headers().get(CONNECTION);
        if closes.is_some_and(|value| value == "close") {
            return;
        }
        let is_read = match MOST.saturating_sub(read) {
            0 => false,
            _ if self.waits => false,
            left => {
                let whole = Limited::new(body, left).collect();
                matches!(tokio::time::timeout(PATIENCE, whole).await, Ok(Ok(_)))
            }
        };
        if !is_read {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
    }
}

impl<B> Drop for Lent<B> {
    fn drop(&mut self) {
        let back = self.body.take().map(|body| (body, self.read));
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = back;
    }
}

impl<B: Body + Unpin> Body for Lent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, Buf::remaining);
            self.read = self.read.saturating_add(length);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
