//! The index of the instance: every resource that has routes, one per line.
//!
//! A resource lives in `rest/<resource>.rs`: its `routes` function is its table of
//! contents, its handlers follow below. OAuth and the HTML pages stand beside the
//! API, not under it.

pub(crate) mod access_requests;
pub(crate) mod access_tokens;
pub(crate) mod applications;
pub(crate) mod approval_rules;
pub(crate) mod approvals;
pub(crate) mod audit_events;
pub(crate) mod avatars;
pub(crate) mod badges;
pub(crate) mod boards;
pub(crate) mod branches;
pub(crate) mod broadcast_messages;
pub(crate) mod ci_lint;
pub(crate) mod commits;
pub(crate) mod conventions;
pub(crate) mod custom_attributes;
pub(crate) mod dependency_proxy;
pub(crate) mod deploy_keys;
pub(crate) mod deploy_tokens;
pub(crate) mod deployments;
pub(crate) mod discussions;
pub(crate) mod emails;
pub(crate) mod environments;
pub(crate) mod epics;
pub(crate) mod error_tracking;
pub(crate) mod events;
#[cfg(feature = "archives")]
pub(crate) mod exports;
pub(crate) mod feature_flags;
pub(crate) mod features;
pub(crate) mod files;
pub(crate) mod freeze_periods;
pub(crate) mod gpg_keys;
pub(crate) mod group_protected_branches;
pub(crate) mod groups;
pub(crate) mod hooks;
pub(crate) mod impersonation_tokens;
pub(crate) mod instance_variables;
pub(crate) mod integrations;
pub(crate) mod invitations;
pub(crate) mod issues;
pub(crate) mod iterations;
pub(crate) mod job_token_scope;
pub(crate) mod jobs;
pub(crate) mod labels;
pub(crate) mod license;
#[cfg(feature = "markdown")]
pub(crate) mod markdown;
pub(crate) mod member_roles;
pub(crate) mod members;
pub(crate) mod merge_requests;
pub(crate) mod merge_trains;
pub(crate) mod milestones;
pub(crate) mod mirrors;
pub(crate) mod namespaces;
pub(crate) mod notes;
pub(crate) mod notification_settings;
pub(crate) mod packages;
pub(crate) mod pages_sites;
pub(crate) mod personal_access_tokens;
pub(crate) mod pipeline_schedules;
pub(crate) mod pipelines;
pub(crate) mod projects;
pub(crate) mod protected_branches;
pub(crate) mod protected_environments;
pub(crate) mod protected_tags;
pub(crate) mod push_rules;
pub(crate) mod registry;
pub(crate) mod releases;
pub(crate) mod repository;
pub(crate) mod resource_events;
pub(crate) mod resource_groups;
pub(crate) mod runners;
pub(crate) mod search;
pub(crate) mod secure_files;
pub(crate) mod service_accounts;
pub(crate) mod settings;
pub(crate) mod shares;
pub(crate) mod sidekiq;
pub(crate) mod snippets;
pub(crate) mod ssh_keys;
pub(crate) mod statistics;
pub(crate) mod status_checks;
pub(crate) mod system_hooks;
pub(crate) mod tags;
pub(crate) mod templates;
pub(crate) mod todos;
pub(crate) mod topics;
pub(crate) mod triggers;
pub(crate) mod uploads;
pub(crate) mod users;
pub(crate) mod variables;
pub(crate) mod version;
pub(crate) mod wikis;

use crate::routes::{RouteTable, Surface};

/// All routes of an instance.
#[expect(clippy::too_many_lines, reason = "one line per resource")]
pub(crate) fn table() -> RouteTable {
    let mut table = RouteTable::new();

    table.below("/api/v4", Surface::Rest);
    version::routes(&mut table);
    users::routes(&mut table);
    personal_access_tokens::routes(&mut table);
    access_tokens::routes(&mut table);
    namespaces::routes(&mut table);
    groups::routes(&mut table);
    projects::routes(&mut table);
    members::routes(&mut table);
    branches::routes(&mut table);
    commits::routes(&mut table);
    files::routes(&mut table);
    repository::routes(&mut table);
    protected_branches::routes(&mut table);
    tags::routes(&mut table);
    labels::routes(&mut table);
    milestones::routes(&mut table);
    issues::routes(&mut table);
    notes::routes(&mut table);
    discussions::routes(&mut table);
    merge_requests::routes(&mut table);
    approvals::routes(&mut table);
    pipelines::routes(&mut table);
    jobs::routes(&mut table);
    project_content(&mut table);
    search::routes(&mut table);
    events::routes(&mut table);
    todos::routes(&mut table);
    deploy_keys::routes(&mut table);
    emails::routes(&mut table);
    gpg_keys::routes(&mut table);
    impersonation_tokens::routes(&mut table);
    ssh_keys::routes(&mut table);
    avatars::routes(&mut table);
    custom_attributes::routes(&mut table);
    deploy_tokens::routes(&mut table);
    instance_variables::routes(&mut table);
    license::routes(&mut table);
    applications::routes(&mut table);
    broadcast_messages::routes(&mut table);
    features::routes(&mut table);
    notification_settings::routes(&mut table);
    settings::routes(&mut table);
    sidekiq::routes(&mut table);
    statistics::routes(&mut table);
    system_hooks::routes(&mut table);
    access_requests::routes(&mut table);
    invitations::routes(&mut table);
    shares::routes(&mut table);
    group_protected_branches::routes(&mut table);
    service_accounts::routes(&mut table);
    #[cfg(feature = "markdown")]
    markdown::routes(&mut table);
    templates::routes(&mut table);
    member_roles::routes(&mut table);
    runners::routes(&mut table);
    audit_events::routes(&mut table);
    topics::routes(&mut table);

    table.below("/api", Surface::GraphQl);
    crate::graphql::routes(&mut table);

    table.below("", Surface::Web);
    crate::oauth::routes(&mut table);
    crate::pages::routes(&mut table);
    crate::health::routes(&mut table);
    avatars::pages(&mut table);

    table.below("/-/mock", Surface::Control);
    crate::control::routes(&mut table);

    table
}

/// What lies in projects and groups besides code, issues and merge requests.
fn project_content(table: &mut RouteTable) {
    approval_rules::routes(table);
    badges::routes(table);
    boards::routes(table);
    ci_lint::routes(table);
    dependency_proxy::routes(table);
    deployments::routes(table);
    environments::routes(table);
    epics::routes(table);
    error_tracking::routes(table);
    #[cfg(feature = "archives")]
    exports::routes(table);
    feature_flags::routes(table);
    freeze_periods::routes(table);
    hooks::routes(table);
    integrations::routes(table);
    iterations::routes(table);
    job_token_scope::routes(table);
    merge_trains::routes(table);
    mirrors::routes(table);
    packages::routes(table);
    pages_sites::routes(table);
    pipeline_schedules::routes(table);
    protected_environments::routes(table);
    protected_tags::routes(table);
    push_rules::routes(table);
    registry::routes(table);
    releases::routes(table);
    resource_events::routes(table);
    resource_groups::routes(table);
    secure_files::routes(table);
    snippets::routes(table);
    status_checks::routes(table);
    triggers::routes(table);
    uploads::routes(table);
    variables::routes(table);
    wikis::routes(table);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Of two routes with one shape the second would never be reached.
    #[test]
    fn no_route_hides_another() {
        let mut seen = BTreeSet::new();
        for (method, path) in table().listing() {
            let nameless = |part: &str| match part.chars().next() {
                Some(sign @ (':' | '*')) => sign.to_string(),
                _ => part.to_owned(),
            };
            let shape: Vec<String> = path.split('/').map(nameless).collect();
            assert!(seen.insert((method, shape)), "{method} {path} stands twice");
        }
    }
}
