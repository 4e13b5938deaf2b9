//! `gitlab-mcp demo`: a mock GitLab and the server on loopback, one visible round by a real MCP
//! client over HTTP, then both keep serving until Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::plugin::Plugin;
use mock_gitlab::{MockGitlab, World};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::build::StartError;
use crate::cli::{print, serve};
use crate::http;

mod round;
mod snippets;

/// Where the demo listens when the port is free.
const PORT: u16 = 3002;

/// Runs the demo; with `once` it ends after the round, with exit code 0 when all of it worked.
pub(crate) fn run(once: bool, plugins: &[Plugin]) -> Result<ExitCode, StartError> {
    serve::runtime()?.block_on(async {
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            StartError::Build(format!("the demo stopped: {what}: {error}"))
        };
        let gitlab = MockGitlab::builder()
            .world(World::company())
            .start()
            .await
            .map_err(|error| failed("the mock GitLab did not start", &error))?;
        let token = gitlab.user("alice").pat(&["api"]);
        let sources = Sources::new().variables([
            ("GITLAB_API_URL", gitlab.url()),
            ("GITLAB_TOKEN", &token),
            ("GITLAB_TOOLSETS", "all"),
            ("STREAMABLE_HTTP", "true"),
            ("MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK", "true"),
        ]);
        let started = crate::start(&sources, plugins).await?;
        let listener = listen()
            .await
            .map_err(|error| failed("no port is free", &error))?;
        let bound = listener
            .local_addr()
            .map_err(|error| failed("no address", &error))?;
        let url = format!("http://{bound}/mcp");
        print::out(&format!(
            "mock GitLab  {}  (in memory, signed in as alice)\nMCP server   {url}\n",
            gitlab.url()
        ));
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(http::serve(started.app, listener, shutdown.clone()));
        let result = round::run(&url).await;
        if let Err(error) = &result {
            print::error(&format!("the demo round failed: {error}"));
        }
        if result.is_ok() && !once {
            print::out(&snippets::all(&url));
            serve::until_signal(shutdown.clone()).await;
        }
        shutdown.cancel();
        drop(server.await);
        gitlab.shutdown().await;
        Ok(if result.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// The usual port, or any free one when something else has it.
async fn listen() -> std::io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await,
    }
}
