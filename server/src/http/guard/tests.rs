//! How much of a request is read. The body counts what is taken from it, which a socket would hide.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use gitlab_mcp_core::config::Sources;
use hyper::body::Frame;
use tokio_util::sync::CancellationToken;

use super::*;

const MIB: usize = 1024 * 1024;

/// A body in chunks, and how many bytes of it were taken.
struct Counted {
    chunks: VecDeque<Bytes>,
    taken: Arc<AtomicUsize>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.pop_front();
        let length = chunk.as_ref().map_or(0, Bytes::len);
        self.taken.fetch_add(length, Ordering::SeqCst);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }
}

/// What a request with a body of `length` bytes in chunks is answered, and how many were taken.
async fn sent(guard: &Guard, path: &str, length: usize, chunk: usize, told: bool) -> (u16, usize) {
    let whole = Bytes::from(vec![b' '; length]);
    let starts = (0..length).step_by(chunk);
    let taken = Arc::new(AtomicUsize::new(0));
    let body = Counted {
        chunks: starts
            .map(|at| whole.slice(at..length.min(at + chunk)))
            .collect(),
        taken: Arc::clone(&taken),
    };
    let mut request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json");
    if told {
        request = request.header("content-length", length);
    }
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let answer = guard.serve(request.body(body).unwrap(), peer).await;
    (answer.status().as_u16(), taken.load(Ordering::SeqCst))
}

/// The guard in front of a server that signs people in.
async fn guard() -> Guard {
    let sources = Sources::new().variables([
        ("STREAMABLE_HTTP", "true"),
        ("GITLAB_MCP_OAUTH", "true"),
        ("GITLAB_API_URL", "http://gitlab.test"),
        ("GITLAB_OAUTH_APP_ID", "app"),
        ("MCP_SERVER_URL", "https://mcp.example"),
    ]);
    let app = crate::start(&sources, &[]).await.unwrap().app;
    let stop = CancellationToken::new();
    let address = SocketAddr::from(([127, 0, 0, 1], 3_000));
    crate::http::guard(app, address, stop.clone(), &stop)
}

#[tokio::test]
async fn of_a_body_that_is_too_long_no_more_is_read_than_one_that_fits_may_have() {
    let guard = guard().await;
    for path in ["/register", "/token", "/revoke"] {
        for chunk in [1_000, 8 * 1024, OTHER_LIMIT, MIB] {
            let (status, taken) = sent(&guard, path, MIB, chunk, true).await;
            assert_eq!((status, taken), (413, 0), "{path} declared, by {chunk}");
            let (status, taken) = sent(&guard, path, MIB, chunk, false).await;
            assert_eq!(status, 413, "{path} by {chunk}");
            // The chunk that goes too far came before anybody could tell.
            let most = OTHER_LIMIT + chunk;
            assert!(taken <= most, "{path} by {chunk}: {taken} bytes");
        }
        // One that just fits is read whole, and refused for what it says.
        for told in [true, false] {
            let (status, taken) = sent(&guard, path, OTHER_LIMIT, 1_000, told).await;
            assert!(matches!(status, 400 | 415), "{path}: {status}");
            assert_eq!(taken, OTHER_LIMIT, "{path}");
        }
    }
}
