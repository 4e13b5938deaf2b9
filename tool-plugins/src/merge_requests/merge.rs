//! Merging: <https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request>

use gitlab_mcp_core::tool::ErrorCode;
use serde_json::{Map, Value};

use super::MergeRequests;
use super::target::{ONE, Target};
use crate::model::{body_of, text_of};
use crate::prelude::*;

const MERGE: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/merge";

/// Words of `detailed_merge_status` that block a merge, and what lifts them.
/// <https://docs.gitlab.com/api/merge_requests/#merge-status>
const BLOCKERS: [(&str, &str); 19] = [
    (
        "approvals_syncing",
        "wait until GitLab has counted the approvals",
    ),
    (
        "ci_must_pass",
        "a pipeline must succeed: look at list_merge_request_pipelines",
    ),
    (
        "ci_still_running",
        "wait for the pipeline, or merge with auto_merge",
    ),
    (
        "commits_status",
        "the source branch must exist and hold commits",
    ),
    ("conflict", "resolve the conflicts with the target branch"),
    (
        "discussions_not_resolved",
        "resolve the open threads: look at mr_discussions",
    ),
    (
        "draft_status",
        "mark it as ready: update_merge_request with draft=false",
    ),
    (
        "external_status_checks",
        "wait for the external status checks",
    ),
    (
        "jira_association_missing",
        "name a Jira issue in title or description",
    ),
    ("locked_lfs_files", "files locked in LFS must be unlocked"),
    ("locked_paths", "locked paths must be unlocked"),
    (
        "merge_request_blocked",
        "merge the merge request it depends on first",
    ),
    ("merge_time", "wait until its merge time"),
    ("need_rebase", "rebase the source branch"),
    (
        "not_approved",
        "approvals are missing: look at get_merge_request_approval_state",
    ),
    ("requested_changes", "a reviewer has requested changes"),
    (
        "security_policy_violations",
        "security policies must be satisfied",
    ),
    ("status_checks_must_pass", "wait for the status checks"),
    (
        "title_regex",
        "the title must match the pattern of the project",
    ),
];

/// Merge a merge request, now or when its checks pass.
///
/// Checks first that nothing blocks it. Give the sha you have reviewed.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct MergeMergeRequest {
    /// Project ID or path.
    #[serde(skip_serializing)]
    project_id: ProjectId,
    /// Number of the merge request in the project.
    #[serde(skip_serializing)]
    merge_request_iid: Iid,
    /// Head you have reviewed; refused if it has moved.
    sha: Option<String>,
    /// Merge as soon as the checks pass.
    #[serde(skip_serializing)]
    auto_merge: Option<bool>,
    /// Message of the merge commit.
    merge_commit_message: Option<String>,
    /// Old form of `auto_merge`.
    #[serde(skip_serializing)]
    merge_when_pipeline_succeeds: Option<bool>,
    /// Delete the source branch.
    should_remove_source_branch: Option<bool>,
    /// Message of the squashed commit.
    squash_commit_message: Option<String>,
    /// Squash the commits.
    squash: Option<bool>,
}

impl MergeMergeRequest {
    fn auto(&self) -> Option<bool> {
        self.auto_merge.or(self.merge_when_pipeline_succeeds)
    }

    /// Why GitLab would refuse, as far as it says so beforehand.
    fn blocked(&self, merge_request: &Value) -> Option<ToolError> {
        let state = text_of(merge_request, "state").unwrap_or("opened");
        if state != "opened" {
            return Some(ToolError::new(
                ErrorCode::NotMergeable,
                format!("the merge request is {state}"),
                "only open merge requests can be merged; nothing was sent",
            ));
        }
        let head = text_of(merge_request, "sha");
        if let (Some(reviewed), Some(head)) = (self.sha.as_deref(), head)
            && reviewed != head
        {
            return Some(moved(head));
        }
        if self.auto() == Some(true) {
            return None;
        }
        let status = text_of(merge_request, "detailed_merge_status")?;
        let (_, advice) = BLOCKERS.iter().find(|(word, _)| *word == status)?;
        Some(ToolError::new(
            ErrorCode::NotMergeable,
            format!("the merge is blocked: detailed_merge_status is {status}"),
            format!("{advice}; nothing was sent"),
        ))
    }

    fn request(&self, target: &Target, iid: &str) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(self);
        // GitLab before 17.11 knows only the second name, later ones prefer the first.
        for name in ["auto_merge", "merge_when_pipeline_succeeds"] {
            body.extend(self.auto().map(|auto| (name.to_owned(), auto.into())));
        }
        let path = ApiPath::fill(MERGE, &target.segments(iid))?;
        Ok(ApiRequest::new(Method::Put, path).json(body.into()))
    }
}

fn moved(head: &str) -> ToolError {
    ToolError::new(
        ErrorCode::Conflict,
        format!("the source branch has moved; its head is now {head}"),
        format!("review the new commits, then merge with sha={head}"),
    )
}

/// GitLab's refusal of a merge, told apart from other refusals.
fn refusal(mut error: ToolError, head: Option<&str>) -> ToolError {
    match error.status {
        // The same credential has just read the merge request, so it is valid.
        Some(401 | 403) => {
            error.code = ErrorCode::Forbidden;
            "this user may not merge here; a higher role is needed"
                .clone_into(&mut error.next_step);
        }
        Some(405 | 406 | 422) => {
            error.code = ErrorCode::NotMergeable;
            "read the merge request and look at its detailed_merge_status"
                .clone_into(&mut error.next_step);
        }
        Some(409) => {
            if let Some(head) = head {
                let words = error.gitlab.take();
                error = moved(head);
                error.status = Some(409);
                error.gitlab = words;
            }
        }
        _ => {}
    }
    error
}

#[async_trait]
impl Tool for MergeMergeRequest {
    const NAME: &'static str = "merge_merge_request";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::write().destructive();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let target = Target {
            project_id: self.project_id.clone(),
            merge_request_iid: Some(self.merge_request_iid),
            source_branch: None,
        };
        let (iid, merge_request) = target.read(context).await?;
        if let Some(blocked) = self.blocked(&merge_request) {
            return Err(blocked);
        }
        match context.send(self.request(&target, &iid)?).await {
            Ok(answer) => context.envelope(&answer, &Self::FACTS, &Map::new()),
            Err(error) if error.status == Some(409) => {
                let now = context.send(target.get(ONE, &iid)?).await?.json()?;
                Err(refusal(error, text_of(&now, "sha")))
            }
            Err(error) => Err(refusal(error, None)),
        }
    }
}

register_tool!(MergeMergeRequest);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(more: &Value) -> MergeMergeRequest {
        let mut fields = json!({ "project_id": "1", "merge_request_iid": 7 });
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn what_blocks_a_merge_is_told_before_anything_is_sent() {
        let open = |status: &str| json!({ "state": "opened", "sha": "abc", "detailed_merge_status": status });
        for (merge_request, more, expected) in [
            (open("mergeable"), json!({}), None),
            (open("mergeable"), json!({ "sha": "abc" }), None),
            (open("checking"), json!({}), None),
            (open("a_new_word"), json!({}), None),
            (json!({}), json!({}), None),
            (
                open("draft_status"),
                json!({}),
                Some(ErrorCode::NotMergeable),
            ),
            (open("conflict"), json!({}), Some(ErrorCode::NotMergeable)),
            (
                open("ci_still_running"),
                json!({}),
                Some(ErrorCode::NotMergeable),
            ),
            (
                open("ci_still_running"),
                json!({ "auto_merge": true }),
                None,
            ),
            (
                open("mergeable"),
                json!({ "sha": "old" }),
                Some(ErrorCode::Conflict),
            ),
            (
                json!({ "state": "merged" }),
                json!({}),
                Some(ErrorCode::NotMergeable),
            ),
        ] {
            let blocked = tool(&more).blocked(&merge_request);
            assert_eq!(
                blocked.map(|error| error.code),
                expected,
                "{merge_request} {more}"
            );
        }
    }

    #[test]
    fn only_what_was_given_is_sent_and_auto_merge_under_both_names() {
        let target = Target {
            project_id: ProjectId("a/b".to_owned()),
            merge_request_iid: None,
            source_branch: None,
        };
        let request = |more: Value| tool(&more).request(&target, "7").unwrap().to_string();
        let path = "PUT projects/a%2Fb/merge_requests/7/merge";
        assert_eq!(request(json!({})), format!("{path} {{}}"));
        assert_eq!(
            request(json!({ "sha": "abc", "auto_merge": true })),
            format!(
                r#"{path} {{"sha":"abc","auto_merge":true,"merge_when_pipeline_succeeds":true}}"#
            )
        );
    }

    #[test]
    fn refusals_say_what_they_are() {
        let refused = |status| {
            let mut error = ToolError::new(ErrorCode::Internal, "no", "none");
            error.status = Some(status);
            refusal(error, Some("new"))
        };
        assert_eq!(refused(401).code, ErrorCode::Forbidden);
        assert_eq!(refused(405).code, ErrorCode::NotMergeable);
        assert_eq!(refused(422).code, ErrorCode::NotMergeable);
        assert!(refused(409).message.contains("its head is now new"));
        assert_eq!(refused(500).code, ErrorCode::Internal);
    }
}
