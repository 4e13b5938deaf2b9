//! Jobs: <https://docs.gitlab.com/api/jobs/>

use super::{Pipelines, Variable};
use crate::prelude::*;

const JOB: &[&str] = &[
    "id",
    "name",
    "stage",
    "status",
    "failure_reason",
    "allow_failure",
    "ref",
    "created_at",
    "started_at",
    "finished_at",
    "duration",
    "queued_duration",
    "web_url",
];

words!(JobStatus: Created, Pending, Running, Failed, Success, Canceled, Skipped,
    WaitingForResource, Manual, Canceling, Preparing, Scheduled, WaitingForCallback);

/// List the jobs of a pipeline.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/pipelines/{pipeline_id}/jobs", toolset = Pipelines,
    facts = Facts::read().paged(Paging::Offset).fields(JOB))]
struct ListPipelineJobs {
    /// Project ID or path.
    project_id: ProjectId,
    /// Pipeline ID.
    pipeline_id: Iid,
    /// Only jobs with one of these states.
    #[schemars(extend("x-aliases" = ["job_scope"]))]
    scope: Option<Vec<JobStatus>>,
    /// Include runs that were retried.
    include_retried: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

/// Get one job.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/jobs/{job_id}", toolset = Pipelines)]
struct GetPipelineJob {
    /// Project ID or path.
    project_id: ProjectId,
    /// Job ID.
    job_id: Iid,
}

/// Start a manual job.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/jobs/{job_id}/play", toolset = Pipelines)]
struct PlayPipelineJob {
    /// Project ID or path.
    project_id: ProjectId,
    /// Job ID.
    job_id: Iid,
    /// Variables for this run.
    job_variables_attributes: Option<Vec<Variable>>,
}

/// Run a job again.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/jobs/{job_id}/retry", toolset = Pipelines)]
struct RetryPipelineJob {
    /// Project ID or path.
    project_id: ProjectId,
    /// Job ID.
    job_id: Iid,
}

/// Cancel a job.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/jobs/{job_id}/cancel", toolset = Pipelines)]
struct CancelPipelineJob {
    /// Project ID or path.
    project_id: ProjectId,
    /// Job ID.
    job_id: Iid,
    /// Give up on a job that does not stop (maintainers).
    force: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn jobs_are_filtered_by_several_states() {
        assert_eq!(
            request::<ListPipelineJobs>(
                &json!({ "project_id": 1, "pipeline_id": 2, "job_scope": "failed, canceled" })
            ),
            "GET projects/1/pipelines/2/jobs?scope[]=failed&scope[]=canceled"
        );
    }

    #[test]
    fn a_job_is_read_played_retried_and_cancelled() {
        let one = json!({ "project_id": 1, "job_id": "5" });
        assert_eq!(request::<GetPipelineJob>(&one), "GET projects/1/jobs/5");
        assert_eq!(
            request::<PlayPipelineJob>(&one),
            "POST projects/1/jobs/5/play"
        );
        assert_eq!(
            request::<RetryPipelineJob>(&one),
            "POST projects/1/jobs/5/retry"
        );
        assert_eq!(
            request::<CancelPipelineJob>(&json!({ "project_id": 1, "job_id": 5, "force": true })),
            r#"POST projects/1/jobs/5/cancel {"force":true}"#
        );
    }
}
