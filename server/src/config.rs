//! The configuration of the server: its sections, and how they are read together.

mod encryption;
mod gitlab;
mod limits;
mod listener;
mod logging;
mod network;
mod pem_file;
mod tools;

pub use gitlab::GitLabConfig;
pub use listener::{ListenerConfig, Transport};
pub use logging::{AuditDestination, LogDestination, LogFormat, LoggingConfig};
pub use network::NetworkConfig;
pub use tools::ToolsConfig;

use std::collections::BTreeSet;

use gitlab_mcp_core::auth::{self, AuthDescriptor};
use gitlab_mcp_core::command::CommandDescriptor;
use gitlab_mcp_core::config::{Section, Setting};

/// Settings that belong together, under the heading of the reference.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub title: String,
    /// The settings, in the order of their declaration.
    pub settings: Vec<&'static Setting>,
}

/// Every setting that anything in this binary reads: the server's own, those of selection, and
/// those of every linked auth mode and command; each once.
pub fn groups(modes: &[AuthDescriptor], commands: &[CommandDescriptor]) -> Vec<Group> {
    let own: [(&str, &[&'static Setting]); 8] = [
        ("Transport and listener", ListenerConfig::SETTINGS),
        ("Limits", limits::SETTINGS),
        ("HTTPS", encryption::SETTINGS),
        ("GitLab", GitLabConfig::SETTINGS),
        ("Network towards GitLab", NetworkConfig::SETTINGS),
        ("Tools", ToolsConfig::SETTINGS),
        ("Logging", LoggingConfig::SETTINGS),
        ("Choice of the auth mode", auth::SETTINGS),
    ];
    let own = own.map(|(title, settings)| (title.to_owned(), settings));
    let modes = modes
        .iter()
        .map(|mode| (format!("Auth mode `{}`", mode.name), mode.settings));
    let commands = commands
        .iter()
        .map(|one| (format!("Command `gitlab-mcp {}`", one.name), one.settings));
    let mut known: BTreeSet<&'static str> = BTreeSet::new();
    let mut groups = Vec::new();
    for (title, settings) in own.into_iter().chain(modes).chain(commands) {
        let fresh = settings.iter().copied();
        let settings: Vec<_> = fresh.filter(|one| known.insert(one.variable())).collect();
        groups.push(Group { title, settings });
    }
    groups.retain(|group| !group.settings.is_empty());
    groups
}

/// The settings of all [`groups`].
pub fn settings(modes: &[AuthDescriptor], commands: &[CommandDescriptor]) -> Vec<&'static Setting> {
    let groups = groups(modes, commands).into_iter();
    groups.flat_map(|group| group.settings).collect()
}
