//! Forks: <https://docs.gitlab.com/api/project_forks/>

use serde_json::{Map, Value};

use super::Repositories;
use crate::model::{body_of, warn};
use crate::prelude::*;

/// Fork a project.
#[derive(Debug, Deserialize, JsonSchema)]
struct ForkRepository {
    /// Project ID or path.
    project_id: ProjectId,
    #[serde(flatten)]
    fork: Fork,
    #[serde(flatten)]
    settings: Settings,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Fork {
    /// ID or path of the group or user that will hold the fork (your own).
    namespace: Option<String>,
    /// Path of the group or user that will hold the fork.
    namespace_path: Option<String>,
    /// Name of the fork.
    #[schemars(extend("x-aliases" = ["fork_name"]))]
    name: Option<String>,
    /// Last part of the fork's path.
    #[schemars(extend("x-aliases" = ["fork_path"]))]
    path: Option<String>,
}

/// What the fork itself does not take; applied to the new project afterwards.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Settings {
    /// Issues in the fork.
    issues_enabled: Option<bool>,
    /// Merge requests in the fork.
    merge_requests_enabled: Option<bool>,
    /// CI/CD in the fork.
    jobs_enabled: Option<bool>,
    /// Wiki in the fork.
    wiki_enabled: Option<bool>,
    /// Snippets in the fork.
    snippets_enabled: Option<bool>,
    /// Git LFS in the fork.
    lfs_enabled: Option<bool>,
    /// Users may ask for access to the fork.
    request_access_enabled: Option<bool>,
    /// Merge only after a successful pipeline.
    only_allow_merge_if_pipeline_succeeds: Option<bool>,
    /// Merge only when all threads are resolved.
    only_allow_merge_if_all_discussions_are_resolved: Option<bool>,
}

impl ForkRepository {
    fn request(&self) -> Result<ApiRequest, RequestError> {
        let segments = [("project_id", self.project_id.as_str())];
        let path = ApiPath::fill("projects/{project_id}/fork", &segments)?;
        Ok(ApiRequest::new(Method::Post, path).json(body_of(&self.fork).into()))
    }

    /// The settings for the fork with this number, if any were given.
    fn settings_of(&self, fork: u64) -> Result<Option<ApiRequest>, RequestError> {
        let body = body_of(&self.settings);
        if body.is_empty() {
            return Ok(None);
        }
        let path = ApiPath::fill("projects/{id}", &[("id", &fork.to_string())])?;
        Ok(Some(
            ApiRequest::new(Method::Put, path).json(Value::Object(body)),
        ))
    }
}

#[async_trait]
impl Tool for ForkRepository {
    const NAME: &'static str = "fork_repository";
    type Set = Repositories;
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let answer = context.send(self.request()?).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        let fork = answer.json()?;
        let Some(number) = fork.get("id").and_then(Value::as_u64) else {
            return Ok(output);
        };
        if let Some(settings) = self.settings_of(number)?
            && let Err(error) = context.send(settings).await
        {
            warn(
                &mut output,
                format!(
                    "the fork exists, but its settings were not applied ({error}); call \
                     update_project for project {number} once its import_status is finished"
                ),
            );
        }
        Ok(output)
    }
}

register_tool!(ForkRepository);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_no_part_of_the_fork_and_follow_it() {
        let tool: ForkRepository = serde_json::from_value(json!({
            "project_id": "a/b", "namespace_path": "me", "wiki_enabled": false,
        }))
        .unwrap();
        assert_eq!(
            tool.request().unwrap().to_string(),
            r#"POST projects/a%2Fb/fork {"namespace_path":"me"}"#
        );
        assert_eq!(
            tool.settings_of(9).unwrap().unwrap().to_string(),
            r#"PUT projects/9 {"wiki_enabled":false}"#
        );
    }
}
