//! Serving: stdio or Streamable HTTP, until the client leaves or a signal comes.

use std::net::SocketAddr;
use std::process::ExitCode;

use gitlab_mcp_core::config::{Attention, Sources};
use gitlab_mcp_core::plugin::Plugin;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::print;
use crate::build::{self, Outside, StartError, Started};
use crate::config::Transport;
use crate::{http, logging, stdio};

/// The runtime of every command.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::Build(format!("the async runtime did not start: {error}")))
}

/// Serves until it is over.
pub(super) fn run(
    outside: Outside,
    sources: &Sources,
    plugins: &[Plugin],
) -> Result<ExitCode, StartError> {
    runtime()?.block_on(async {
        let checked = build::check(sources, plugins)?;
        // Before anything is built: plugins log what they find.
        logging::start(&checked.logging);
        let started = build::build(outside, checked).await?;
        tell(&started);
        let shutdown = CancellationToken::new();
        tokio::spawn(until_signal(shutdown.clone()));
        match started.transport {
            Transport::Stdio => Ok(over_stdio(started, shutdown).await),
            Transport::Http => over_http(started, shutdown).await,
        }
    })
}

fn tell(started: &Started) {
    for warning in &started.warnings {
        match warning.attention {
            Attention::Warn => warn!("{warning}"),
            Attention::Info => info!("{warning}"),
        }
    }
    info!(
        auth.mode = started.app.mode,
        auth.because = started.because,
        gitlab.url = started.instance.base(),
        tools = started
            .app
            .catalog
            .entries()
            .iter()
            .filter(|e| started.app.policy.lists(e))
            .count(),
        "gitlab-mcp {} is starting",
        env!("CARGO_PKG_VERSION"),
    );
}

async fn over_stdio(started: Started, shutdown: CancellationToken) -> ExitCode {
    let auth = started.app.auth.clone();
    let result = stdio::serve_stdio(
        started.app,
        tokio::io::stdin(),
        tokio::io::stdout(),
        shutdown,
    )
    .await;
    auth.shutdown().await;
    finished(result)
}

async fn over_http(started: Started, shutdown: CancellationToken) -> Result<ExitCode, StartError> {
    let address = SocketAddr::new(started.app.http.host, started.app.http.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        StartError::Build(format!("HOST, PORT: {address} cannot be bound: {error}"))
    })?;
    let bound = listener.local_addr().unwrap_or(address);
    let scheme = if started.app.http.tls.is_some() {
        "https"
    } else {
        "http"
    };
    info!("listening on {scheme}://{bound} (MCP endpoint: {scheme}://{bound}/mcp)");
    let auth = started.app.auth.clone();
    let result = http::serve(started.app, listener, shutdown).await;
    auth.shutdown().await;
    Ok(finished(result))
}

fn finished<E: std::fmt::Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&format!("serving ended: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Cancels `shutdown` on Ctrl-C or SIGTERM.
pub(crate) async fn until_signal(shutdown: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            shutdown.cancel();
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        shutdown.cancel();
    }
}
