//! Which crates brought entries into this binary. A plugin crate that a `main.rs` names but that
//! registered nothing was dropped on the way; the server refuses to start then.

use crate::auth::AuthDescriptor;
use crate::command::CommandDescriptor;
use crate::prompt::PromptDescriptor;
use crate::resource::ResourceDescriptor;
use crate::tool::{ToolDescriptor, ToolSetDescriptor};

/// A plugin crate, named by its own `PLUGIN` constant; see [`plugin!`](macro@crate::plugin).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// Cargo's name of the crate.
    pub crate_name: &'static str,
}

/// A plugin crate that was asked for but brought nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the plugin crate `{crate_name}` is named in main.rs but registered nothing: it was not linked \
     in, or its modules lack their `mod` lines"
)]
pub struct MissingPlugin {
    /// Cargo's name of the crate.
    pub crate_name: &'static str,
}

/// Checks that each named crate registered at least one entry.
///
/// # Errors
/// One [`MissingPlugin`] for each crate that did not.
pub fn check_linked(expected: &[Plugin]) -> Result<(), Vec<MissingPlugin>> {
    let present = registered_crates();
    let missing: Vec<_> = expected
        .iter()
        .filter(|plugin| !present.contains(&plugin.crate_name))
        .map(|plugin| MissingPlugin {
            crate_name: plugin.crate_name,
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing)
    }
}

/// The crates that registered anything, sorted, each once.
pub fn registered_crates() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = inventory::iter::<AuthDescriptor>
        .into_iter()
        .map(|entry| entry.crate_name)
        .chain(
            inventory::iter::<ToolDescriptor>
                .into_iter()
                .map(|entry| entry.crate_name),
        )
        .chain(
            inventory::iter::<ToolSetDescriptor>
                .into_iter()
                .map(|entry| entry.crate_name),
        )
        .chain(
            inventory::iter::<PromptDescriptor>
                .into_iter()
                .map(|entry| entry.crate_name),
        )
        .chain(
            inventory::iter::<ResourceDescriptor>
                .into_iter()
                .map(|entry| entry.crate_name),
        )
        .chain(
            inventory::iter::<CommandDescriptor>
                .into_iter()
                .map(|entry| entry.crate_name),
        )
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Declares `pub const PLUGIN` in a plugin crate. Handing it to the server links the crate and
/// makes the server check at start that its entries arrived.
#[macro_export]
macro_rules! plugin {
    () => {
        /// This crate, as the server library wants to hear of it.
        pub const PLUGIN: $crate::plugin::Plugin = $crate::plugin::Plugin {
            crate_name: env!("CARGO_PKG_NAME"),
        };
    };
}
