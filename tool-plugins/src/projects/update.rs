//! Settings of a project: <https://docs.gitlab.com/api/projects/#edit-a-project>

use super::Projects;
use crate::model::{Visibility, with_changes};
use crate::prelude::*;

words!(Access: Disabled, Private, Enabled);
words!(PagesAccess: Disabled, Private, Enabled, Public);
words!(SquashOption: Never, Always, DefaultOn, DefaultOff);
words!(MergeMethod: Merge, RebaseMerge, Ff);

/// Change settings of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct UpdateProject {
    /// Project ID or path.
    project_id: ProjectId,
    /// Name.
    name: Option<String>,
    /// Last part of the path; changes every URL.
    path: Option<String>,
    /// Description.
    description: Option<String>,
    /// Default branch.
    default_branch: Option<String>,
    /// Who can see it.
    visibility: Option<Visibility>,
    /// Topics; replaces all.
    topics: Option<Vec<String>>,
    /// Users may ask for access.
    request_access_enabled: Option<bool>,
    /// Delete source branches after merge by default.
    remove_source_branch_after_merge: Option<bool>,
    /// Merge only after a successful pipeline.
    only_allow_merge_if_pipeline_succeeds: Option<bool>,
    /// Merge only when all threads are resolved.
    only_allow_merge_if_all_discussions_are_resolved: Option<bool>,
    /// Whether merges squash.
    squash_option: Option<SquashOption>,
    /// How merges are made.
    merge_method: Option<MergeMethod>,
    /// Who may use issues.
    issues_access_level: Option<Access>,
    /// Who may use merge requests.
    merge_requests_access_level: Option<Access>,
    /// Who may use CI/CD.
    builds_access_level: Option<Access>,
    /// Who may use the wiki.
    wiki_access_level: Option<Access>,
    /// Who may use snippets.
    snippets_access_level: Option<Access>,
    /// Who may use the container registry.
    container_registry_access_level: Option<Access>,
    /// Who may use environments.
    environments_access_level: Option<Access>,
    /// Who may fork.
    forking_access_level: Option<Access>,
    /// Who may use packages.
    package_registry_access_level: Option<Access>,
    /// Who may see the pages.
    pages_access_level: Option<PagesAccess>,
    /// Old form of `issues_access_level`.
    issues_enabled: Option<bool>,
    /// Old form of `merge_requests_access_level`.
    merge_requests_enabled: Option<bool>,
    /// Old form of `builds_access_level`.
    jobs_enabled: Option<bool>,
    /// Old form of `wiki_access_level`.
    wiki_enabled: Option<bool>,
    /// Old form of `snippets_access_level`.
    snippets_enabled: Option<bool>,
    /// Git LFS.
    lfs_enabled: Option<bool>,
    /// Default text of issues.
    issues_template: Option<String>,
    /// Default text of merge requests.
    merge_requests_template: Option<String>,
    /// Pipelines for merged results.
    merge_pipelines_enabled: Option<bool>,
    /// Merge trains.
    merge_trains_enabled: Option<bool>,
    /// Merge only after all status checks.
    only_allow_merge_if_all_status_checks_passed: Option<bool>,
    /// Who may use requirements.
    requirements_access_level: Option<Access>,
}

impl Endpoint for UpdateProject {
    const NAME: &'static str = "update_project";
    type Set = Projects;
    const ROUTE: Route = Route {
        method: Method::Put,
        path: "projects/{project_id}",
    };
    const FACTS: Facts = Facts::write().idempotent();

    fn request(&self) -> Result<ApiRequest, RequestError> {
        with_changes(ApiRequest::from_fields(&Self::ROUTE, self)?, "name")
    }
}

register_endpoint!(UpdateProject);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn only_named_settings_are_sent() {
        assert_eq!(
            request::<UpdateProject>(&json!({
                "project_id": "a/b", "merge_method": "FF", "topics": [], "lfs_enabled": "false",
            })),
            r#"PUT projects/a%2Fb {"topics":[],"merge_method":"ff","lfs_enabled":false}"#
        );
    }

    #[test]
    fn an_update_without_a_setting_is_refused() {
        let answer = request::<UpdateProject>(&json!({ "project_id": 1 }));
        assert!(answer.contains("at least one field"), "{answer}");
    }
}
