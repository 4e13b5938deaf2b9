//! The built-in plugin crates, named once. Naming `PLUGIN` links a crate with everything it
//! registers, and lets the start check that its entries arrived.

use gitlab_mcp_core::plugin::Plugin;

/// The crates every binary has.
pub(crate) const BUILT_IN: [Plugin; 2] = [
    gitlab_mcp_auth_plugins::PLUGIN,
    gitlab_mcp_tool_plugins::PLUGIN,
];
