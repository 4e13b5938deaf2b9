//! Merge requests: <https://docs.gitlab.com/api/merge_requests/>

use serde_json::{Map, Value};

use crate::prelude::*;

mod approvals;
mod change;
mod compare;
mod diffs;
mod discussions;
mod list;
mod merge;
mod notes;
mod position;
mod target;

use target::Target;

toolset!(
    /// Merge requests, their diffs, reviews and merges.
    MergeRequests, "merge_requests", "Merge requests: diffs, reviews, merges.", default = true
);

/// Get one merge request by number or source branch.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetMergeRequest {
    #[serde(flatten)]
    target: Target,
    /// Add the number of commits, the approvals and the latest pipeline.
    include_summaries: Option<bool>,
    /// Count the commits it is behind (true).
    include_diverged_commits_count: Option<bool>,
    /// Tell whether a rebase is running.
    include_rebase_in_progress: Option<bool>,
}

impl GetMergeRequest {
    fn request(&self, iid: &str) -> Result<ApiRequest, RequestError> {
        let diverged = self.include_diverged_commits_count.unwrap_or(true);
        Ok(self
            .target
            .get(target::ONE, iid)?
            .query("include_diverged_commits_count", diverged)
            .maybe_query(
                "include_rebase_in_progress",
                self.include_rebase_in_progress,
            ))
    }

    /// Three further reads; one that fails is a warning.
    async fn summaries(
        &self,
        iid: &str,
        context: &Context,
    ) -> Result<(Map<String, Value>, Vec<String>), ToolError> {
        let mut summaries = Map::new();
        let mut warnings = Vec::new();
        let mut keep = |name: &str, part: Result<Value, ToolError>| match part {
            Ok(value) => {
                summaries.insert(name.to_owned(), value);
            }
            Err(error) => warnings.push(format!("{name} is not known: {error}")),
        };
        let commits = self.target.get(
            "projects/{project_id}/merge_requests/{merge_request_iid}/commits",
            iid,
        )?;
        let commits = context.all_pages(commits).await;
        keep(
            "commit_count",
            commits.map(|list| list.as_array().map_or(0, Vec::len).into()),
        );
        keep(
            "approvals",
            approvals::approvals(&self.target, iid, context).await,
        );
        let pipelines = self.target.get(
            "projects/{project_id}/merge_requests/{merge_request_iid}/pipelines",
            iid,
        )?;
        let pipelines = context.send(pipelines.query("per_page", 1)).await;
        keep(
            "latest_pipeline",
            pipelines.and_then(|answer| {
                let list = answer.json()?;
                let first = list.as_array().and_then(|list| list.first());
                Ok(first.cloned().unwrap_or_default())
            }),
        );
        Ok((summaries, warnings))
    }
}

#[async_trait]
impl Tool for GetMergeRequest {
    const NAME: &'static str = "get_merge_request";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let iid = self.target.iid(context).await?;
        let answer = context.send(self.request(&iid)?).await?;
        if self.include_summaries != Some(true) {
            return context.envelope(&answer, &Self::FACTS, &Map::new());
        }
        let (summaries, warnings) = self.summaries(&iid, context).await?;
        let mut item = answer.json()?;
        if let Some(members) = item.as_object_mut() {
            members.insert("summaries".to_owned(), summaries.into());
        }
        let mut output = context.shown(item, &Self::FACTS);
        for warning in warnings {
            crate::model::warn(&mut output, warning);
        }
        Ok(output)
    }
}

register_tool!(GetMergeRequest);

/// List the pipelines that ran for a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/merge_requests/{merge_request_iid}/pipelines",
    toolset = MergeRequests, facts = Facts::read().paged(Paging::Offset))]
struct ListMergeRequestPipelines {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    #[serde(flatten)]
    page: Paged,
}

/// List the versions of a merge request's diff, one for each push.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/merge_requests/{merge_request_iid}/versions",
    toolset = MergeRequests, facts = Facts::read().paged(Paging::Offset))]
struct ListMergeRequestVersions {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    #[serde(flatten)]
    page: Paged,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn pipelines_and_versions_are_listed_from_a_url() {
        let url = "https://gitlab.example/a/b/-/merge_requests/7/diffs";
        let one = json!({ "project_id": url, "per_page": 5 });
        let path = "projects/a%2Fb/merge_requests/7";
        assert_eq!(
            request::<ListMergeRequestPipelines>(&one),
            format!("GET {path}/pipelines?per_page=5")
        );
        assert_eq!(
            request::<ListMergeRequestVersions>(&one),
            format!("GET {path}/versions?per_page=5")
        );
    }

    #[test]
    fn a_merge_request_is_read_with_how_far_it_is_behind() {
        let tool: GetMergeRequest = serde_json::from_value(
            json!({ "project_id": "1", "merge_request_iid": 7, "include_rebase_in_progress": true }),
        )
        .unwrap();
        assert_eq!(
            tool.request("7").unwrap().to_string(),
            "GET projects/1/merge_requests/7?include_diverged_commits_count=true\
             &include_rebase_in_progress=true"
        );
    }
}
