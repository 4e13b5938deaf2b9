//! New projects: <https://docs.gitlab.com/api/projects/#create-a-project>

use serde_json::Map;

use super::Repositories;
use crate::model::{Visibility, body_of, number_of};
use crate::prelude::*;

/// Create a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct CreateRepository {
    /// Name.
    name: String,
    /// Group or user, ID or path, that will hold it (your own).
    #[schemars(extend("x-aliases" = ["namespace"]))]
    namespace_id: Option<GroupId>,
    /// Description.
    description: Option<String>,
    /// Who can see it.
    visibility: Option<Visibility>,
    /// Start with a README.
    initialize_with_readme: Option<bool>,
    /// Issues.
    issues_enabled: Option<bool>,
    /// Merge requests.
    merge_requests_enabled: Option<bool>,
    /// CI/CD.
    jobs_enabled: Option<bool>,
    /// Wiki.
    wiki_enabled: Option<bool>,
    /// Snippets.
    snippets_enabled: Option<bool>,
    /// Git LFS.
    lfs_enabled: Option<bool>,
    /// Users may ask for access.
    request_access_enabled: Option<bool>,
    /// Merge only after a successful pipeline.
    only_allow_merge_if_pipeline_succeeds: Option<bool>,
    /// Merge only when all threads are resolved.
    only_allow_merge_if_all_discussions_are_resolved: Option<bool>,
    /// Last part of the path (made from the name).
    path: Option<String>,
    /// Default branch.
    default_branch: Option<String>,
}

impl CreateRepository {
    /// The request, once the number of the namespace is known.
    fn request(&self, namespace: Option<u64>) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(self);
        body.shift_remove("namespace_id");
        body.extend(namespace.map(|number| ("namespace_id".to_owned(), number.into())));
        let path = ApiPath::fill("projects", &[])?;
        Ok(ApiRequest::new(Method::Post, path).json(body.into()))
    }
}

#[async_trait]
impl Tool for CreateRepository {
    const NAME: &'static str = "create_repository";
    type Set = Repositories;
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let namespace = match &self.namespace_id {
            Some(id) => Some(number_of(context, "namespaces/{id}", id.as_str()).await?),
            None => None,
        };
        let answer = context.send(self.request(namespace)?).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

register_tool!(CreateRepository);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_given_is_sent_with_the_number_of_the_namespace() {
        let tool: CreateRepository = serde_json::from_value(
            json!({ "name": "web", "namespace_id": "shop", "visibility": "internal" }),
        )
        .unwrap();
        assert_eq!(
            tool.request(Some(7)).unwrap().to_string(),
            r#"POST projects {"name":"web","visibility":"internal","namespace_id":7}"#
        );
    }
}
