//! Routes an auth mode adds to the HTTP server. A route cannot be added without saying who may
//! reach it, so the guard covers every one of them.

use std::fmt;

use axum::routing::MethodRouter;

/// Who may reach a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthClass {
    /// Anybody, from any origin (CORS `*`): discovery documents, token endpoint.
    Public,
    /// Opened by a browser from anywhere, also from other sites: no CORS, and no judgement of `Origin`.
    /// Nothing such a request asks for may have an effect by itself.
    Page,
    /// Sent by our own pages: `Origin` is judged, cookies may be used.
    Form,
    /// An MCP route: authenticated by the provider itself.
    Mcp,
}

/// The routes of one provider.
#[derive(Default)]
pub struct Routes {
    entries: Vec<(String, AuthClass, MethodRouter)>,
}

impl Routes {
    /// Adds one exact path.
    #[must_use]
    pub fn route(
        mut self,
        path: impl Into<String>,
        class: AuthClass,
        handler: MethodRouter,
    ) -> Self {
        self.entries.push((path.into(), class, handler));
        self
    }

    /// Takes the routes apart, in the order they were added.
    pub fn into_entries(self) -> Vec<(String, AuthClass, MethodRouter)> {
        self.entries
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.iter().map(|(path, class, _)| (path, class)))
            .finish()
    }
}
