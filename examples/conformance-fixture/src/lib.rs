//! What the official conformance suite expects a server to offer, registered the same way as any
//! plugin's entries. Names, keys and texts are the suite's: `@modelcontextprotocol/conformance`.
//!
//! | module | scenarios |
//! |---|---|
//! | `content` | `tools-call-*`: each kind of content block |
//! | `notices` | progress, log messages, list changes, resumed streams |
//! | `questions` | sampling and elicitation in the middle of a call |
//! | `rounds` | `input-required-result-*`: the same questions without server requests |
//! | `schemas` | `json-schema-2020-12`, `http-custom-header-server-validation` |
//! | `resources`, `prompts` | `resources-*`, `prompts-*`, `completion-complete` |

#[macro_use]
mod fixture;

mod ask;
mod content;
mod notices;
mod prompts;
mod questions;
mod resources;
mod rounds;
mod samples;
mod schemas;

#[cfg(test)]
mod tests;

use gitlab_mcp_core::resource::Capability;
use gitlab_mcp_core::{register_capability, toolset};

toolset!(
    /// Everything below.
    Conformance, "conformance", "Fixtures of the MCP conformance suite.", default = true
);

register_capability!(Capability::Logging);
register_capability!(Capability::ResourceSubscriptions);

gitlab_mcp_core::plugin!();
