//! The index of the instance: every resource that has routes, one per line.
//!
//! A resource lives in `rest/<resource>.rs`: its `routes` function is its table of
//! contents, its handlers follow below. OAuth and the HTML pages stand beside the
//! API, not under it.

pub(crate) mod access_tokens;
pub(crate) mod approvals;
pub(crate) mod branches;
pub(crate) mod commits;
pub(crate) mod conventions;
pub(crate) mod discussions;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod groups;
pub(crate) mod issues;
pub(crate) mod jobs;
pub(crate) mod labels;
pub(crate) mod members;
pub(crate) mod merge_requests;
pub(crate) mod milestones;
pub(crate) mod namespaces;
pub(crate) mod notes;
pub(crate) mod personal_access_tokens;
pub(crate) mod pipelines;
pub(crate) mod projects;
pub(crate) mod protected_branches;
pub(crate) mod repository;
pub(crate) mod search;
pub(crate) mod tags;
pub(crate) mod todos;
pub(crate) mod users;
pub(crate) mod version;

use crate::routes::{RouteTable, Surface};

/// All routes of an instance.
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
    search::routes(&mut table);
    events::routes(&mut table);
    todos::routes(&mut table);

    table.below("/api", Surface::GraphQl);
    crate::graphql::routes(&mut table);

    table.below("", Surface::Web);
    crate::oauth::routes(&mut table);
    crate::pages::routes(&mut table);
    crate::health::routes(&mut table);

    table.below("/-/mock", Surface::Control);
    crate::control::routes(&mut table);

    table
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
