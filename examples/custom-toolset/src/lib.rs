//! Release notes: a tool set that is not part of the server, in a crate of its own.
//!
//! `list_release_notes` is one REST call and therefore only a struct; `draft_release_notes` makes
//! two calls and writes a text of what they answered.

mod draft;
mod published;

use gitlab_mcp_core::toolset;

toolset!(
    /// Published release notes, and a draft of the next ones.
    ReleaseNotes, "release_notes", "Release notes: published ones and a draft of the next.", default = true
);

gitlab_mcp_core::plugin!();
