//! Streams of change notices. MCP 2026-07-28, basic/utilities/subscriptions.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use gitlab_mcp_core::auth::Principal;
use gitlab_mcp_core::conversation::ListKind;
use rmcp::service::{SubscriptionContext, SubscriptionSink};

use super::Shared;

/// Most streams one principal may hold open.
const PER_PRINCIPAL: usize = 16;

/// The open streams.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    next: u64,
    open: BTreeMap<u64, (Principal, SubscriptionSink)>,
}

/// Takes the stream out of the table when it ends.
struct Listening<'a> {
    listeners: &'a Listeners,
    number: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut rows = self
            .listeners
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        rows.open.remove(&self.number);
    }
}

impl Listeners {
    fn add(&self, principal: Principal, sink: SubscriptionSink) -> Option<Listening<'_>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let held = rows
            .open
            .values()
            .filter(|(owner, _)| *owner == principal)
            .count();
        if held >= PER_PRINCIPAL {
            return None;
        }
        rows.next += 1;
        let number = rows.next;
        rows.open.insert(number, (principal, sink));
        Some(Listening {
            listeners: self,
            number,
        })
    }

    fn of(&self, principal: &Principal) -> Vec<SubscriptionSink> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.open
            .values()
            .filter(|(owner, _)| owner == principal)
            .map(|(_, sink)| sink.clone())
            .collect()
    }

    /// Tells the streams of `principal` that a list has changed.
    pub(super) async fn list_changed(&self, principal: &Principal, kind: ListKind) {
        for sink in self.of(principal) {
            let sent = match kind {
                ListKind::Tools => sink.notify_tool_list_changed().await,
                ListKind::Prompts => sink.notify_prompt_list_changed().await,
                ListKind::Resources => sink.notify_resource_list_changed().await,
            };
            // A stream that did not ask for this kind refuses it, which is as it should be.
            drop(sent);
        }
    }

    /// Tells the streams of `principal` that a resource has changed.
    pub(super) async fn resource_updated(&self, principal: &Principal, uri: &str) {
        for sink in self.of(principal) {
            drop(sink.notify_resource_updated(uri).await);
        }
    }
}

/// Keeps one stream open until the client or the process ends it. False when there are too many.
pub(super) async fn hold(
    shared: &Shared,
    principal: Principal,
    subscription: &SubscriptionContext,
) -> bool {
    let sink = subscription.sink().clone();
    let Some(_listening) = shared.listeners.add(principal, sink) else {
        return false;
    };
    tokio::select! {
        () = subscription.cancelled() => {}
        () = shared.stopping.cancelled() => {}
    }
    true
}
