//! What is declared, computed from the registries. MCP 2026-07-28, basic/lifecycle, server/discover.

use gitlab_mcp_core::resource::{Capability, Location};
use rmcp::model::{
    JsonObject, PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};

use crate::app::App;

/// Longest instructions in bytes.
const INSTRUCTIONS: usize = 4096;

/// How a client is connected; decides what can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A legacy session, or stdio: messages may come at any time.
    Session,
    /// Legacy without sessions: one answer per request, nothing else.
    Stateless,
    /// 2026-07-28: each request stands alone, changes come by `subscriptions/listen`.
    Modern,
}

/// Which families of methods exist at all.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, set by name"
)]
pub(crate) struct Declared {
    pub(crate) prompts: bool,
    pub(crate) resources: bool,
    pub(crate) completions: bool,
    pub(crate) logging: bool,
    pub(crate) subscriptions: bool,
}

impl Declared {
    /// Reads the registries of `app`.
    pub(crate) fn of(app: &App) -> Self {
        let templates = app
            .resources
            .iter()
            .any(|resource| matches!(resource.spec().location, Location::Template(_)));
        Self {
            prompts: !app.prompts.is_empty(),
            resources: !app.resources.is_empty(),
            completions: !app.prompts.is_empty() || templates,
            logging: app.capabilities.contains(&Capability::Logging),
            subscriptions: app
                .capabilities
                .contains(&Capability::ResourceSubscriptions),
        }
    }

    /// True when the modern revision knows `method` here. Removed methods stay unknown.
    pub(crate) fn knows_modern(self, method: &str) -> bool {
        match method {
            "server/discover" | "tools/list" | "tools/call" | "subscriptions/listen" => true,
            "prompts/list" | "prompts/get" => self.prompts,
            "resources/list" | "resources/templates/list" | "resources/read" => self.resources,
            "completion/complete" => self.completions,
            _ => method.starts_with("notifications/"),
        }
    }

    /// True when a legacy revision knows `method` here.
    pub(crate) fn knows_legacy(self, method: &str) -> bool {
        match method {
            "initialize" | "ping" | "tools/list" | "tools/call" => true,
            "logging/setLevel" => self.logging,
            "resources/subscribe" | "resources/unsubscribe" => self.subscriptions,
            "server/discover" | "subscriptions/listen" => false,
            _ => self.knows_modern(method),
        }
    }

    /// The capabilities object for one kind of connection.
    pub(crate) fn capabilities(self, wire: Wire) -> ServerCapabilities {
        let changes = (wire != Wire::Stateless).then_some(true);
        let mut capabilities = ServerCapabilities::default();
        let mut tools = ToolsCapability::default();
        tools.list_changed = changes;
        capabilities.tools = Some(tools);
        if self.prompts {
            let mut prompts = PromptsCapability::default();
            prompts.list_changed = changes;
            capabilities.prompts = Some(prompts);
        }
        if self.resources {
            let mut resources = ResourcesCapability::default();
            resources.list_changed = changes;
            resources.subscribe = (self.subscriptions && changes.is_some()).then_some(true);
            capabilities.resources = Some(resources);
        }
        if self.completions {
            capabilities.completions = Some(JsonObject::new());
        }
        if self.logging {
            capabilities.logging = Some(JsonObject::new());
        }
        capabilities
    }
}

/// One line for each enabled tool set; static, and never text from GitLab.
pub(crate) fn instructions(app: &App) -> Option<String> {
    let mut text = String::from("Tools for GitLab, by tool set:");
    let mut any = false;
    for set in app.catalog.sets() {
        let listed = app
            .catalog
            .entries()
            .iter()
            .any(|entry| entry.set.id == set.set.id && app.policy.lists(entry));
        let line = format!("\n- {}: {}", set.set.id, set.set.summary);
        if listed && text.len() + line.len() <= INSTRUCTIONS {
            text.push_str(&line);
            any = true;
        }
    }
    any.then_some(text)
}
