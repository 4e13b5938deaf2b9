//! The short way of a modern `tools/call` that can send nothing before its answer: no progress
//! token, no log level, no argument in a header. Everything else takes the way through rmcp's
//! transport, which also words every refusal. MCP 2026-07-28, basic/transports.

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use rmcp::model::{
    CallToolRequestParams, ClientJsonRpcMessage, ErrorCode, ErrorData, ProtocolVersion,
    RequestMetaObject, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::{Peer, serve_directly};
use rmcp::transport::Transport;
use rmcp::{RoleServer, ServerHandler as _};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::handler::{Handler, Request};
use super::session::json;

/// The part of the message that is not known yet.
#[derive(Deserialize)]
struct Message {
    params: CallToolRequestParams,
}

/// Runs calls without a transport.
pub(super) struct Direct {
    handler: Handler,
    peer: Peer<RoleServer>,
    hard_stop: CancellationToken,
}

/// A connection to nobody: its peer can be named, but never hears anything.
struct Nobody;

impl Transport<RoleServer> for Nobody {
    type Error = std::convert::Infallible;

    fn send(
        &mut self,
        _: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Direct {
    /// Calls `handler`; `hard_stop` ends every call at once.
    pub(super) fn new(handler: Handler, hard_stop: CancellationToken) -> Self {
        let peer = serve_directly(handler.clone(), Nobody, None).peer().clone();
        Self {
            handler,
            peer,
            hard_stop,
        }
    }

    /// Runs a call whose version and method headers have been checked against the body; gives the
    /// request back when it has to take the long way.
    pub(super) async fn call(
        &self,
        id: &str,
        parts: Parts,
        body: &Bytes,
    ) -> Result<Response<Body>, Parts> {
        let Ok(id) = serde_json::from_str(id) else {
            return Err(parts);
        };
        let Ok(Message { mut params }) = serde_json::from_slice(body) else {
            return Err(parts);
        };
        let meta = params.meta.take().unwrap_or_default();
        if !self.is_short(&params, &meta, &parts.headers) {
            return Err(parts);
        }
        let cancel = self.hard_stop.child_token();
        let mut request = Request::new(id, self.peer.clone());
        request.ct = cancel.clone();
        request.meta = meta;
        request.extensions.insert(parts);
        let id = request.id.clone();
        let handler = self.handler.clone();
        // A client that goes away cancels the call, but does not cut off a write.
        let cancelled = cancel.drop_guard();
        let running = tokio::spawn(async move { handler.call_tool(params, request).await });
        let result = running.await;
        drop(cancelled.disarm());
        let result =
            result.unwrap_or_else(|_| Err(ErrorData::internal_error("the call was cut off", None)));
        Ok(match result {
            Ok(answer) => json(&ServerJsonRpcMessage::response(
                ServerResult::from(answer),
                id,
            )),
            Err(error) => {
                let status = status(&error);
                let mut response = json(&ServerJsonRpcMessage::error(error, Some(id)));
                *response.status_mut() = status;
                response
            }
        })
    }

    fn is_short(
        &self,
        params: &CallToolRequestParams,
        meta: &RequestMetaObject,
        headers: &HeaderMap,
    ) -> bool {
        let mut values = headers.get_all("mcp-name").iter();
        let named = values
            .next()
            .is_some_and(|name| name.as_bytes() == params.name.as_bytes())
            && values.next().is_none()
            && !params.name.starts_with("=?");
        let shared = &self.handler.shared;
        named
            && !shared.declared.logging
            && !shared.tools.needs_headers(&params.name)
            && meta.get_progress_token().is_none()
            && meta
                .missing_required_keys(&ProtocolVersion::V_2026_07_28)
                .is_empty()
    }
}

/// The status of an error; the same as on the long way.
fn status(error: &ErrorData) -> StatusCode {
    match error.code {
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}
