//! The session as rmcp sees it: messages of the client come in, answers are laid onto their streams.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::RoleServer;
use rmcp::transport::Transport;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::streams::Streams;

/// Messages of a client that wait to be handled. Boxed: a channel makes room for 32 at once, and a
/// message is half a kilobyte.
pub(in crate::mcp) type Inbox = Sender<Box<ClientJsonRpcMessage>>;

const WAITING: usize = 16;

/// One end of a session.
#[derive(Debug)]
pub(in crate::mcp) struct SessionTransport {
    inbox: Receiver<Box<ClientJsonRpcMessage>>,
    streams: Arc<Streams>,
}

impl SessionTransport {
    /// The transport and what feeds it.
    pub(in crate::mcp) fn new(streams: Arc<Streams>) -> (Inbox, Self) {
        let (sender, inbox) = channel(WAITING);
        (sender, Self { inbox, streams })
    }
}

impl Transport<RoleServer> for SessionTransport {
    type Error = Infallible;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.streams.deliver(message);
        ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        self.inbox.recv().await.map(|message| *message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inbox.close();
        self.streams.close();
        Ok(())
    }
}

impl Drop for SessionTransport {
    fn drop(&mut self) {
        self.streams.close();
    }
}
