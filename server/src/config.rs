//! The configuration of the server: its sections, and how they are read together.

mod gitlab;
mod listener;
mod logging;
mod network;
mod pem_file;
mod tools;

pub use gitlab::GitLabConfig;
pub use listener::{ListenerConfig, Transport};
pub use logging::{LogFormat, LoggingConfig};
pub use network::NetworkConfig;
pub use tools::ToolsConfig;

use gitlab_mcp_core::auth::{self, AuthDescriptor};
use gitlab_mcp_core::config::{Section, Setting};

/// Every setting that anything in this binary reads: the server's own, those of selection, and
/// those of every linked auth mode.
pub fn settings(modes: &[AuthDescriptor]) -> Vec<&'static Setting> {
    let mut all: Vec<&'static Setting> = [
        ListenerConfig::SETTINGS,
        GitLabConfig::SETTINGS,
        NetworkConfig::SETTINGS,
        ToolsConfig::SETTINGS,
        LoggingConfig::SETTINGS,
        auth::SETTINGS,
    ]
    .concat();
    for setting in modes.iter().flat_map(|mode| mode.settings) {
        if !all
            .iter()
            .any(|known| known.variable() == setting.variable())
        {
            all.push(setting);
        }
    }
    all
}
