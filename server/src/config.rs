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
use gitlab_mcp_core::config::{Section, Setting, Table};

/// Settings and tables that belong together, under the heading of the reference.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub title: String,
    /// The settings, in the order of their declaration.
    pub settings: Vec<&'static Setting>,
    /// The tables of the configuration file.
    pub tables: Vec<&'static Table>,
}

/// Everything that anything in this binary reads: the server's own, those of selection, and
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
    let none: &[&'static Table] = &[];
    let own = own.map(|(title, settings)| (title.to_owned(), settings, none));
    let modes = modes.iter().map(|mode| {
        let title = format!("Auth mode `{}`", mode.name);
        (title, mode.settings, mode.tables)
    });
    let commands = commands.iter().map(|one| {
        let title = format!("Command `gitlab-mcp {}`", one.name);
        (title, one.settings, one.tables)
    });
    let (mut known, mut known_tables) = (BTreeSet::new(), BTreeSet::new());
    let mut groups = Vec::new();
    for (title, settings, tables) in own.into_iter().chain(modes).chain(commands) {
        let (settings, tables) = (settings.iter().copied(), tables.iter().copied());
        groups.push(Group {
            title,
            settings: settings
                .filter(|one| known.insert(one.variable()))
                .collect(),
            tables: tables
                .filter(|one| known_tables.insert(one.name()))
                .collect(),
        });
    }
    groups.retain(|group| !group.settings.is_empty() || !group.tables.is_empty());
    groups
}

/// The settings of all [`groups`].
pub fn settings(modes: &[AuthDescriptor], commands: &[CommandDescriptor]) -> Vec<&'static Setting> {
    let groups = groups(modes, commands).into_iter();
    groups.flat_map(|group| group.settings).collect()
}

/// The tables of all [`groups`].
pub fn tables(modes: &[AuthDescriptor], commands: &[CommandDescriptor]) -> Vec<&'static Table> {
    let groups = groups(modes, commands).into_iter();
    groups.flat_map(|group| group.tables).collect()
}
