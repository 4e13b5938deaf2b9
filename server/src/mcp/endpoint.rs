//! Requests that stand alone: 2026-07-28, and legacy clients without sessions. rmcp validates the
//! headers against the body and runs the request. MCP 2026-07-28, basic/transports.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::direct::Direct;
use super::handler::Handler;

/// The endpoint for requests without a session.
pub(crate) struct Endpoint {
    service: StreamableHttpService<Handler, NeverSessionManager>,
    direct: Direct,
}

/// What rmcp answered.
pub(crate) type Forwarded = Response<BoxBody<Bytes, Infallible>>;

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoint")
    }
}

impl Endpoint {
    /// Serves `shared`; `hard_stop` ends every request at once.
    pub(crate) fn new(shared: &Arc<Shared>, hard_stop: CancellationToken) -> Self {
        let http = &shared.app.http;
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(Some(http.sse_heartbeat))
            .with_sse_retry(None)
            .with_max_request_body_bytes(http.body_limit)
            .with_cancellation_token(hard_stop.clone());
        let handler = Handler {
            shared: Arc::clone(shared),
            standing: None,
            local: None,
        };
        let direct = Direct::new(handler.clone(), hard_stop);
        let service = StreamableHttpService::new(
            move || Ok(handler.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Self { service, direct }
    }

    /// Runs a modern `tools/call` whose version and method headers match its body.
    pub(crate) async fn call(&self, id: &str, parts: Parts, body: &Bytes) -> Response<Body> {
        match self.direct.call(id, parts, body).await {
            Ok(response) => response,
            Err(parts) => self.forward(parts, body.clone()).await,
        }
    }

    /// Runs one checked request.
    pub(crate) async fn forward(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let request = Request::from_parts(parts, Full::new(body));
        let response: Forwarded = self.service.handle(request).await;
        response.map(Body::new)
    }
}
