//! Which paths exist, and who may reach each of them.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::body::Body;
use axum::routing::MethodRouter;
use gitlab_mcp_core::auth::{AuthClass, Routes};
use http::{Request, Response};
use tower::ServiceExt as _;

/// Longest body of a route that is not an MCP route.
pub(crate) const OTHER_LIMIT: usize = 64 * 1024;

/// Where a request goes.
#[derive(Debug)]
pub(crate) enum Route<'a> {
    /// The MCP endpoint.
    Mcp,
    /// The process answers at all.
    Live,
    /// The process takes work.
    Health,
    /// The process takes work and can do it.
    Ready,
    /// The counters.
    Metrics,
    /// A route of the auth mode.
    Auth(AuthClass, &'a MethodRouter),
    /// Nothing.
    Unknown,
}

impl Route<'_> {
    /// The label in the counters.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Live | Self::Health | Self::Ready => "health",
            Self::Metrics => "metrics",
            Self::Auth(..) => "auth",
            Self::Unknown => "unknown",
        }
    }
}

/// The routes of this server.
#[derive(Debug)]
pub(crate) struct Table {
    root: bool,
    metrics: bool,
    /// What a proxy may leave in front of `/mcp`; empty, or a path without its last slash.
    prefix: String,
    auth: HashMap<String, (AuthClass, MethodRouter)>,
}

impl Table {
    /// Our own routes and those of the auth mode; ours win.
    pub(crate) fn new(root: bool, metrics: bool, prefix: &str, routes: Routes) -> Self {
        let auth = routes
            .into_entries()
            .into_iter()
            .map(|(path, class, handler)| (path, (class, handler)))
            .collect();
        Self {
            root,
            metrics,
            prefix: prefix.to_owned(),
            auth,
        }
    }

    /// The route of an exact path.
    pub(crate) fn find(&self, path: &str) -> Route<'_> {
        match path {
            "/mcp" => Route::Mcp,
            "/" if self.root => Route::Mcp,
            "/health" => Route::Health,
            "/health/ready" => Route::Ready,
            "/health/live" => Route::Live,
            "/metrics" if self.metrics => Route::Metrics,
            _ if self.is_prefixed_mcp(path) => Route::Mcp,
            _ => match self.auth.get(path) {
                Some((class, handler)) => Route::Auth(*class, handler),
                None => Route::Unknown,
            },
        }
    }

    fn is_prefixed_mcp(&self, path: &str) -> bool {
        if self.prefix.is_empty() {
            return false;
        }
        match path.strip_prefix(self.prefix.as_str()) {
            Some("/mcp") => true,
            Some("" | "/") => self.root,
            _ => false,
        }
    }
}

/// Runs a route of the auth mode.
pub(crate) async fn run(handler: &MethodRouter, request: Request<Body>) -> Response<Body> {
    let served: Result<Response<Body>, Infallible> = handler.clone().oneshot(request).await;
    match served {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
