//! One client over lines of text: rmcp behind two channels. MCP 2026-07-28, basic/transports, stdio.

use std::sync::Arc;

use gitlab_mcp_core::auth::Caller;
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::serve_server_with_ct;
use rmcp::transport::Transport;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Shared;
use super::handler::Handler;
use super::standing::Standing;

/// A line for the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// The message, without a line break.
    pub(crate) text: String,
    /// JSON text of the id it answers.
    pub(crate) answers: Option<String>,
}

/// The two ends rmcp works on.
#[derive(Debug)]
pub(crate) struct Lines {
    /// Checked messages of the client.
    pub(crate) incoming: Receiver<Vec<u8>>,
    /// Messages for the client.
    pub(crate) outgoing: Sender<Outgoing>,
}

/// Nobody reads our messages any more.
#[derive(Debug, thiserror::Error)]
#[error("the output is closed")]
pub(crate) struct Closed;

impl Transport<RoleServer> for Lines {
    type Error = Closed;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Closed>> + Send + 'static {
        let outgoing = self.outgoing.clone();
        async move {
            let id = match &message {
                JsonRpcMessage::Response(response) => Some(&response.id),
                JsonRpcMessage::Error(error) => error.id.as_ref(),
                _ => None,
            };
            let answers = id.and_then(|id| serde_json::to_string(id).ok());
            let text = serde_json::to_string(&message).map_err(|_| Closed)?;
            let line = Outgoing { text, answers };
            outgoing.send(line).await.map_err(|_| Closed)
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            let line = self.incoming.recv().await?;
            match serde_json::from_slice(&line) {
                Ok(message) => return Some(message),
                Err(error) => warn!(%error, "a line is no message of MCP"),
            }
        }
    }

    async fn close(&mut self) -> Result<(), Closed> {
        self.incoming.close();
        Ok(())
    }
}

/// Serves one client until its input ends.
pub(crate) async fn run(
    shared: Arc<Shared>,
    caller: Caller,
    lines: Lines,
    stop: CancellationToken,
) {
    let handler = Handler {
        shared,
        standing: Some(Arc::new(Standing::default())),
        local: Some(caller),
    };
    match serve_server_with_ct(handler, lines, stop).await {
        Ok(running) => drop(running.waiting().await),
        Err(error) => tracing::debug!(%error, "the client left before it said anything"),
    }
}
