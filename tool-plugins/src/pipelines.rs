//! Pipelines: <https://docs.gitlab.com/api/pipelines/>

use serde_json::{Map, Value};

use crate::prelude::*;

mod jobs;
mod log;

toolset!(
    /// Pipelines, jobs and their logs.
    Pipelines, "pipelines", "Pipelines, jobs and their logs.", default = false
);

const PIPELINE: &[&str] = &[
    "id",
    "iid",
    "name",
    "status",
    "source",
    "ref",
    "sha",
    "created_at",
    "updated_at",
    "web_url",
];

words!(PipelineScope: Running, Pending, Finished, Branches, Tags);
words!(PipelineStatus: Created, WaitingForResource, Preparing, WaitingForCallback, Pending, Running,
    Success, Failed, Canceling, Canceled, Skipped, Manual, Scheduled);
words!(PipelineOrder: Id, Status, Ref, UpdatedAt, UserId);
words!(Source: Unknown, Push, Web, Trigger, Schedule, Api, External, Pipeline, Chat, Webide,
    MergeRequestEvent, ExternalPullRequestEvent, ParentPipeline, OndemandDastScan,
    OndemandDastValidation, SecurityOrchestrationPolicy, ContainerRegistryPush, DuoWorkflow,
    PipelineExecutionPolicySchedule, DependencyManagementSecurityUpdate);
words!(VariableType: EnvVar, File);

/// List the pipelines of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/pipelines", toolset = Pipelines,
    facts = Facts::read().paged(Paging::Offset).fields(PIPELINE))]
struct ListPipelines {
    /// Project ID or path.
    project_id: ProjectId,
    /// Which sort.
    scope: Option<PipelineScope>,
    /// Status.
    status: Option<PipelineStatus>,
    /// Branch or tag.
    r#ref: Option<String>,
    /// Commit.
    sha: Option<String>,
    /// Only those with an invalid configuration.
    yaml_errors: Option<bool>,
    /// Who started it.
    username: Option<String>,
    /// ISO 8601.
    updated_after: Option<String>,
    /// ISO 8601.
    updated_before: Option<String>,
    /// Sort key.
    order_by: Option<PipelineOrder>,
    /// Direction.
    sort: Option<Order>,
    /// What started it.
    source: Option<Source>,
    /// Name of the pipeline.
    name: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

/// Get one pipeline.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/pipelines/{pipeline_id}", toolset = Pipelines)]
struct GetPipeline {
    /// Project ID or path.
    project_id: ProjectId,
    /// Pipeline ID.
    pipeline_id: Iid,
}

/// Start a pipeline on a branch or tag.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/pipeline", toolset = Pipelines)]
struct CreatePipeline {
    /// Project ID or path.
    project_id: ProjectId,
    /// Branch or tag.
    r#ref: String,
    /// Variables; where they are forbidden, use inputs.
    variables: Option<Vec<Variable>>,
    /// Typed inputs the configuration declares, by name (GitLab 17.11).
    inputs: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "GitLab's names")]
struct Variable {
    /// Name.
    key: String,
    /// Value.
    value: String,
    /// Environment variable (default) or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    variable_type: Option<VariableType>,
}

/// Run the failed and cancelled jobs of a pipeline again.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/pipelines/{pipeline_id}/retry", toolset = Pipelines)]
struct RetryPipeline {
    /// Project ID or path.
    project_id: ProjectId,
    /// Pipeline ID.
    pipeline_id: Iid,
}

/// Cancel a running pipeline.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/pipelines/{pipeline_id}/cancel", toolset = Pipelines)]
struct CancelPipeline {
    /// Project ID or path.
    project_id: ProjectId,
    /// Pipeline ID.
    pipeline_id: Iid,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn pipelines_are_filtered_in_the_query() {
        assert_eq!(
            request::<ListPipelines>(
                &json!({ "project_id": 1, "status": "Failed", "ref": "main", "order_by": "ref" })
            ),
            "GET projects/1/pipelines?status=failed&ref=main&order_by=ref"
        );
    }

    #[test]
    fn a_pipeline_is_read_retried_and_cancelled_by_number_or_url() {
        let by_url = json!({ "pipeline_id": "https://gitlab.example/a/b/-/pipelines/9" });
        assert_eq!(
            request::<GetPipeline>(&by_url),
            "GET projects/a%2Fb/pipelines/9"
        );
        let one = json!({ "project_id": 1, "pipeline_id": 9 });
        assert_eq!(
            request::<RetryPipeline>(&one),
            "POST projects/1/pipelines/9/retry"
        );
        assert_eq!(
            request::<CancelPipeline>(&one),
            "POST projects/1/pipelines/9/cancel"
        );
    }

    #[test]
    fn a_pipeline_starts_with_variables_and_inputs() {
        assert_eq!(
            request::<CreatePipeline>(&json!({ "project_id": 1, "ref": "main",
                "variables": [{ "key": "A", "value": "1" }], "inputs": { "deep": true } })),
            r#"POST projects/1/pipeline {"ref":"main","variables":[{"key":"A","value":"1"}],"inputs":{"deep":true}}"#
        );
    }
}
