//! Projects: <https://docs.gitlab.com/api/projects/>

use crate::model::Visibility;
use crate::prelude::*;

mod members;
mod update;

toolset!(
    /// Projects, their members and settings.
    Projects, "projects", "Projects, their members and settings.", default = true
);

/// What is shown of each project of a list.
pub(crate) const PROJECT: &[&str] = &[
    "id",
    "name",
    "path_with_namespace",
    "description",
    "default_branch",
    "visibility",
    "archived",
    "topics",
    "star_count",
    "last_activity_at",
    "web_url",
];

words!(ProjectOrder: Id, Name, Path, CreatedAt, UpdatedAt, LastActivityAt, Similarity, StarCount,
    StorageSize, RepositorySize, WikiSize, PackagesSize);
words!(GroupProjectOrder: Id, Name, Path, CreatedAt, UpdatedAt, LastActivityAt, Similarity,
    StarCount);

/// Get one project.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}", toolset = Projects)]
struct GetProject {
    /// Project ID or path.
    project_id: ProjectId,
    /// Add sizes and the commit count.
    statistics: Option<bool>,
    /// Add the licence.
    license: Option<bool>,
}

/// List projects.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects", toolset = Projects,
    facts = Facts::read().paged(Paging::Offset).fields(PROJECT))]
struct ListProjects {
    /// Text in name or path.
    search: Option<String>,
    /// Search in the names of the groups above, too.
    search_namespaces: Option<bool>,
    /// Only your own.
    owned: Option<bool>,
    /// Only those you are a member of.
    membership: Option<bool>,
    /// Fewer members per project.
    simple: Option<bool>,
    /// Only archived ones, or only others.
    archived: Option<bool>,
    /// Only these.
    visibility: Option<Visibility>,
    /// Sort key.
    order_by: Option<ProjectOrder>,
    /// Direction.
    sort: Option<Order>,
    /// Only those with issues.
    with_issues_enabled: Option<bool>,
    /// Only those with merge requests.
    with_merge_requests_enabled: Option<bool>,
    /// Only those where your access is at least this: 20 reporter, 30 developer, 40 maintainer.
    #[schemars(range(min = 10, max = 50))]
    min_access_level: Option<u32>,
    /// Only those with all these topics.
    topic: Option<Labels>,
    /// Only those you have starred.
    starred: Option<bool>,
    /// Include those that wait for deletion.
    #[serde(rename(serialize = "include_pending_delete"))]
    include_deleted: Option<bool>,
    /// Only those marked for deletion on this date.
    marked_for_deletion_on: Option<String>,
    /// Neither archived nor marked for deletion.
    active: Option<bool>,
    /// Only those that use this language.
    with_programming_language: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// List the projects of a group.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "groups/{group_id}/projects", toolset = Projects,
    facts = Facts::read().paged(Paging::Offset).fields(PROJECT))]
struct ListGroupProjects {
    /// Group ID or path.
    group_id: GroupId,
    /// Include projects of subgroups.
    include_subgroups: Option<bool>,
    /// Text in name or path.
    search: Option<String>,
    /// Sort key.
    order_by: Option<GroupProjectOrder>,
    /// Direction.
    sort: Option<Order>,
    /// Only archived ones, or only others.
    archived: Option<bool>,
    /// Only these.
    visibility: Option<Visibility>,
    /// Only those with issues.
    with_issues_enabled: Option<bool>,
    /// Only those with merge requests.
    with_merge_requests_enabled: Option<bool>,
    /// Only those where your access is at least this: 20 reporter, 30 developer, 40 maintainer.
    #[schemars(range(min = 10, max = 50))]
    min_access_level: Option<u32>,
    /// Only those you have starred.
    starred: Option<bool>,
    /// Add custom attributes (administrators).
    with_custom_attributes: Option<bool>,
    /// Only those with security reports.
    with_security_reports: Option<bool>,
    /// Only those with all these topics.
    topic: Option<Labels>,
    /// Only your own.
    owned: Option<bool>,
    /// Fewer members per project.
    simple: Option<bool>,
    /// Include projects shared with the group (true).
    with_shared: Option<bool>,
    /// Neither archived nor marked for deletion.
    active: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn a_project_is_read_by_path_or_url() {
        for project in [
            "shop/web",
            "shop%2Fweb",
            "https://gitlab.example/shop/web/-/issues/3",
        ] {
            assert_eq!(
                request::<GetProject>(&json!({ "project_id": project, "license": true })),
                "GET projects/shop%2Fweb?license=true"
            );
        }
    }

    #[test]
    fn filters_of_projects_are_query_parameters() {
        assert_eq!(
            request::<ListProjects>(&json!({
                "topic": ["rust", "mcp"], "include_deleted": true, "order_by": "last-activity-at",
                "min_access_level": "30",
            })),
            "GET projects?order_by=last_activity_at&min_access_level=30&topic=rust,mcp\
             &include_pending_delete=true"
        );
    }

    #[test]
    fn projects_of_a_group_are_listed() {
        assert_eq!(
            request::<ListGroupProjects>(&json!({ "group_id": "a/b", "include_subgroups": true })),
            "GET groups/a%2Fb/projects?include_subgroups=true"
        );
    }
}
