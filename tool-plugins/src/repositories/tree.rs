//! Folders: <https://docs.gitlab.com/api/repositories/#list-all-repository-trees-in-a-project>

use super::Repositories;
use crate::prelude::*;

words!(TreePaging: Legacy, Keyset, None);

/// List the files and folders of a repository.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub(super) struct GetRepositoryTree {
    /// Project ID or path.
    pub(super) project_id: ProjectId,
    /// Folder (the root).
    pub(super) path: Option<String>,
    /// Branch, tag or commit (the default branch).
    pub(super) r#ref: Option<String>,
    /// Include everything below.
    pub(super) recursive: Option<bool>,
    /// Where to go on, from the answer before.
    page_token: Option<String>,
    /// How to page (keyset unless page is given).
    pagination: Option<TreePaging>,
    #[serde(flatten)]
    pub(super) page: Paged,
}

impl GetRepositoryTree {
    /// One folder, without what is below.
    pub(super) fn of(project_id: &ProjectId, path: &str, r#ref: Option<&str>) -> Self {
        Self {
            project_id: project_id.clone(),
            path: (!path.is_empty()).then(|| path.to_owned()),
            r#ref: r#ref.map(str::to_owned),
            recursive: None,
            page_token: None,
            pagination: Some(TreePaging::Legacy),
            page: Paged::default(),
        }
    }
}

impl Endpoint for GetRepositoryTree {
    const NAME: &'static str = "get_repository_tree";
    type Set = Repositories;
    const ROUTE: Route = Route {
        method: Method::Get,
        path: "projects/{project_id}/repository/tree",
    };
    const FACTS: Facts = Facts::read().paged(Paging::Keyset);

    fn request(&self) -> Result<ApiRequest, RequestError> {
        let mut fields = self.clone();
        fields.pagination = match (self.pagination, self.page.page) {
            (Some(chosen), _) => Some(chosen),
            (None, Some(_)) => None,
            (None, None) => Some(TreePaging::Keyset),
        };
        ApiRequest::from_fields(&Self::ROUTE, &fields)
    }
}

register_endpoint!(GetRepositoryTree);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn trees_are_paged_by_key_unless_a_page_is_named() {
        assert_eq!(
            request::<GetRepositoryTree>(&json!({ "project_id": 1, "path": "src", "ref": "main" })),
            "GET projects/1/repository/tree?path=src&ref=main&pagination=keyset"
        );
        assert_eq!(
            request::<GetRepositoryTree>(&json!({ "project_id": 1, "page": 2 })),
            "GET projects/1/repository/tree?page=2"
        );
    }
}
