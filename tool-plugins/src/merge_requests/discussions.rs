//! Threads on merge requests: <https://docs.gitlab.com/api/discussions/#merge-requests>

use serde_json::{Map, Value, json};

use super::MergeRequests;
use super::position::Position;
use super::target::Target;
use crate::diff::FileDiff;
use crate::model::body_of;
use crate::prelude::*;

/// List the discussion threads of a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/merge_requests/{merge_request_iid}/discussions",
    toolset = MergeRequests, name = "mr_discussions", facts = Facts::read().paged(Paging::Offset))]
struct Discussions {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    #[serde(flatten)]
    page: Paged,
}

/// Reply in a thread of a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST,
    "projects/{project_id}/merge_requests/{merge_request_iid}/discussions/{discussion_id}/notes",
    toolset = MergeRequests)]
struct CreateMergeRequestDiscussionNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Thread to reply in.
    discussion_id: String,
    /// Text in Markdown.
    body: Markdown,
    /// ISO 8601; for owners and administrators.
    created_at: Option<String>,
}

/// Resolve or reopen a thread of a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(PUT,
    "projects/{project_id}/merge_requests/{merge_request_iid}/discussions/{discussion_id}",
    toolset = MergeRequests, facts = Facts::write().idempotent())]
struct ResolveMergeRequestThread {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// The thread.
    discussion_id: String,
    /// Resolved, or open again.
    resolved: bool,
}

/// Start a thread on a merge request, or on a line of its diff.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct CreateMergeRequestThread {
    /// Project ID or path.
    #[serde(skip_serializing)]
    project_id: ProjectId,
    /// Number of the merge request in the project.
    #[serde(skip_serializing)]
    merge_request_iid: Iid,
    /// Text in Markdown.
    body: Markdown,
    /// Where in the diff; path with `new_line` or `old_line` is enough.
    #[serde(skip_serializing)]
    position: Option<Position>,
    /// ISO 8601; for owners and administrators.
    created_at: Option<String>,
    /// Commit to comment on.
    commit_id: Option<String>,
}

impl CreateMergeRequestThread {
    fn target(&self) -> Target {
        Target {
            project_id: self.project_id.clone(),
            merge_request_iid: Some(self.merge_request_iid),
            source_branch: None,
        }
    }

    /// The position as GitLab needs it; what is missing is read from the merge request.
    async fn place(&self, position: &Position, context: &Context) -> Result<Value, ToolError> {
        if position.is_complete() {
            return Ok(json!(body_of(position)));
        }
        let target = self.target();
        let (iid, merge_request) = target.read(context).await?;
        let path = position.new_or_old_path()?;
        let file = super::diffs::file(&target, &iid, path, context).await?;
        position.filled(&merge_request, &FileDiff::of(&file))
    }

    fn request(&self, position: Option<Value>) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(self);
        body.extend(position.map(|place| ("position".to_owned(), place)));
        let iid = self.merge_request_iid.0.to_string();
        let target = self.target();
        let path = ApiPath::fill(DISCUSSIONS, &target.segments(&iid))?;
        Ok(ApiRequest::new(Method::Post, path).json(body.into()))
    }
}

const DISCUSSIONS: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/discussions";

#[async_trait]
impl Tool for CreateMergeRequestThread {
    const NAME: &'static str = "create_merge_request_thread";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let position = match &self.position {
            Some(position) => Some(self.place(position, context).await?),
            None => None,
        };
        let answer = context.send(self.request(position)?).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

register_tool!(CreateMergeRequestThread);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::request;

    const PATH: &str = "projects/1/merge_requests/7/discussions";

    #[test]
    fn threads_are_listed_answered_and_resolved() {
        let mut one = json!({ "project_id": 1, "merge_request_iid": 7 });
        assert_eq!(request::<Discussions>(&one), format!("GET {PATH}"));
        one["discussion_id"] = json!("abc");
        let mut resolve = one.clone();
        resolve["resolved"] = json!("true");
        assert_eq!(
            request::<ResolveMergeRequestThread>(&resolve),
            format!(r#"PUT {PATH}/abc {{"resolved":true}}"#)
        );
        one["body"] = json!("Done");
        assert_eq!(
            request::<CreateMergeRequestDiscussionNote>(&one),
            format!(r#"POST {PATH}/abc/notes {{"body":"Done"}}"#)
        );
    }

    #[test]
    fn a_thread_carries_its_position() {
        let tool: CreateMergeRequestThread = serde_json::from_value(
            json!({ "project_id": "1", "merge_request_iid": 7, "body": "Why?" }),
        )
        .unwrap();
        assert_eq!(
            tool.request(None).unwrap().to_string(),
            format!(r#"POST {PATH} {{"body":"Why?"}}"#)
        );
        assert_eq!(
            tool.request(Some(json!({ "new_line": 3 })))
                .unwrap()
                .to_string(),
            format!(r#"POST {PATH} {{"body":"Why?","position":{{"new_line":3}}}}"#)
        );
    }
}
