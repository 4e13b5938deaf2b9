//! What the authorization server writes into the audit stream: one entry per decision about a person,
//! a client or a login.

pub use gitlab_mcp_core::audit::{Entry, Event, From};

use super::AuthorizationServer;

impl AuthorizationServer {
    /// An entry about this server's auth mode and its GitLab.
    pub(crate) fn entry(&self, event: Event) -> Entry<'_> {
        let entry = Entry::new(event).mode(self.rules.mode);
        entry.instance(self.instance.host())
    }
}
