//! The configuration of the server: its sections, and how they are read together.

mod gitlab;
mod listener;
mod logging;
mod tools;

pub use gitlab::GitLabConfig;
pub use listener::{ListenerConfig, Transport};
pub use logging::{LogFormat, LoggingConfig};
pub use tools::ToolsConfig;

use gitlab_mcp_core::auth::{self, AuthDescriptor};
use gitlab_mcp_core::command::CommandDescriptor;
use gitlab_mcp_core::config::{Section, Setting};

/// Every setting that anything in this binary reads: the server's own, those of selection, and
/// those of every linked auth mode and command.
pub fn settings(modes: &[AuthDescriptor], commands: &[CommandDescriptor]) -> Vec<&'static Setting> {
    let mut all: Vec<&'static Setting> = [
        ListenerConfig::SETTINGS,
        GitLabConfig::SETTINGS,
        ToolsConfig::SETTINGS,
        LoggingConfig::SETTINGS,
        auth::SETTINGS,
    ]
    .concat();
    let of_modes = modes.iter().flat_map(|mode| mode.settings);
    let of_commands = commands.iter().flat_map(|command| command.settings);
    for setting in of_modes.chain(of_commands) {
        if !all
            .iter()
            .any(|known| known.variable() == setting.variable())
        {
            all.push(setting);
        }
    }
    all
}
