//! MCP over the catalogue: maps our registries to the wire, in both eras. MCP 2025-03-26 to
//! 2026-07-28. Nothing outside this folder names rmcp.

use std::sync::Arc;

use rmcp::model::{Implementation, MetaObject};
use tokio_util::sync::CancellationToken;

mod call;
mod capabilities;
mod complete;
mod dialogue;
mod direct;
mod endpoint;
mod handler;
mod listen;
mod local;
mod prompts;
mod questions;
mod request_state;
mod resources;
mod result;
mod run;
mod session;
mod sessions;
mod splice;
mod sse;
mod standing;
mod tool_list;

pub(crate) use capabilities::Wire;
pub(crate) use endpoint::Endpoint;
pub(crate) use local::{Lines, Outgoing, run as run_local};
pub(crate) use session::{Rejected, Session};
pub(crate) use sessions::{Missing, Opened, Sessions};
pub(crate) use splice::spliced;
pub(crate) use sse::response as event_stream;
pub(crate) use tool_list::Form;

use crate::app::App;
use crate::audit::Audit;
use crate::http::Metrics;
use capabilities::Declared;
use listen::Listeners;
use request_state::RequestState;
use tool_list::ToolList;

/// Revisions opened by `initialize`, oldest first.
pub(crate) const LEGACY: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];
/// The revision in which each request stands alone.
pub(crate) const MODERN: &str = "2026-07-28";

/// What every call shares: made once, read without a lock.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) declared: Declared,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Audit,
    /// Cancelled when the process stops taking work; open streams then end, calls go on.
    pub(crate) stopping: CancellationToken,
    tools: ToolList,
    identity: Implementation,
    identity_meta: MetaObject,
    instructions: Option<String>,
    seal: RequestState,
    listeners: Listeners,
}

impl Shared {
    /// Reads the registries and serialises what never changes.
    pub(crate) fn new(app: App, metrics: Arc<Metrics>, stopping: CancellationToken) -> Arc<Self> {
        let identity = Implementation::new(app.server_name.as_ref(), env!("CARGO_PKG_VERSION"));
        let identity_meta = result::identity_meta(&identity);
        let tools = ToolList::new(&app.catalog, &app.policy, &identity_meta);
        let declared = Declared::of(&app);
        let instructions = capabilities::instructions(&app);
        let seal = RequestState::new(app.random.as_ref());
        let audit = Audit::new(app.mode);
        Arc::new(Self {
            app,
            declared,
            metrics,
            audit,
            stopping,
            tools,
            identity,
            identity_meta,
            instructions,
            seal,
            listeners: Listeners::default(),
        })
    }

    /// The result of `tools/list`, serialised.
    pub(crate) fn tool_list(&self, form: Form) -> bytes::Bytes {
        self.tools.bytes(form)
    }
}
