//! The server in this process, on a port of the kernel's choice.

use std::net::SocketAddr;

use gitlab_mcp::app::App;
use gitlab_mcp::{Outside, StartError, Started};
use gitlab_mcp_core::config::Sources;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Era, McpClient};

/// What every test server has unless the test says otherwise.
const USUAL: [(&str, &str); 5] = [
    ("STREAMABLE_HTTP", "true"),
    ("GITLAB_TOOLSETS", "all"),
    ("GITLAB_API_RETRY_BASE_DELAY_MS", "10"),
    ("GITLAB_API_RETRY_MAX_DELAY_MS", "20"),
    ("GITLAB_API_HEADERS_TIMEOUT_MS", "5000"),
];

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its parts.
    pub app: App,
    bearer: Option<String>,
    shutdown: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    /// A server with these variables on top of the usual ones. Without a static bearer, loopback
    /// is open.
    ///
    /// # Panics
    /// When the configuration is refused.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::in_outside(Outside::real(), variables).await
    }

    /// As [`TestServer::with`], with a clock, a random source and a resolver of the test's choice.
    ///
    /// # Panics
    /// When the configuration is refused.
    pub async fn in_outside(outside: Outside, variables: &[(&str, &str)]) -> Self {
        let started = Self::started_in(outside, variables).await;
        let started = started.unwrap_or_else(|error| unreachable!("{error}"));
        let bearer = variables
            .iter()
            .find(|(name, _)| *name == "STREAMABLE_HTTP_AUTH_TOKEN")
            .map(|(_, value)| (*value).to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let app = started.app;
        let serving = gitlab_mcp::http::serve(app.clone(), listener, shutdown.clone());
        Self {
            address,
            app,
            bearer,
            shutdown,
            serving: tokio::spawn(serving),
        }
    }

    /// The parts of a server that does not listen, or why there are none.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn started(variables: &[(&str, &str)]) -> Result<Started, StartError> {
        Self::started_in(Outside::real(), variables).await
    }

    async fn started_in(
        outside: Outside,
        variables: &[(&str, &str)],
    ) -> Result<Started, StartError> {
        crate::log::start();
        let guarded = variables
            .iter()
            .any(|(name, _)| *name == "STREAMABLE_HTTP_AUTH_TOKEN");
        let open = ("MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK", "true");
        let usual = USUAL.into_iter().chain((!guarded).then_some(open));
        let sources = Sources::new()
            .variables(usual)
            .variables(variables.iter().copied());
        gitlab_mcp::start_in(outside, &sources, &[]).await
    }

    /// A client that presents the static bearer, when there is one.
    pub async fn client(&self, era: Era) -> McpClient {
        McpClient::connect(self.address, era, self.bearer.as_deref()).await
    }

    /// Stops it and waits for the end.
    ///
    /// # Panics
    /// When serving failed.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.serving).await.unwrap().unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
