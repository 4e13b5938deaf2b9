//! What a handler may do to the stream of its own request in a legacy session.

use std::time::Duration;

use rmcp::transport::streamable_http_server::session::local::LocalSessionHandle;

/// How long a client waits before it resumes an interrupted stream.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// The stream a request is answered on.
#[derive(Debug, Clone)]
pub(super) struct OpenStream {
    pub(super) handle: LocalSessionHandle,
    pub(super) number: u64,
}

impl OpenStream {
    /// Ends the stream; the client resumes it with `Last-Event-ID`.
    pub(super) async fn interrupt(&self) {
        let closed = self.handle.close_sse_stream(self.number, Some(RETRY)).await;
        // A stream that is gone already needs no interruption.
        drop(closed);
    }
}
