//! Opening and editing: <https://docs.gitlab.com/api/merge_requests/#create-mr>

use serde_json::{Map, Value};

use super::MergeRequests;
use super::target::{ONE, Target};
use crate::model::{body_of, number_of, text_of, with_changes};
use crate::prelude::*;

words!(MergeRequestEvent: Close, Reopen);

/// A title with or without the mark of a draft; GitLab has no other way to say it.
/// <https://docs.gitlab.com/user/project/merge_requests/drafts/>
fn drafted(title: &str, draft: bool) -> String {
    let mut rest = title.trim_start();
    while let Some(mark) = ["draft:", "[draft]", "(draft)"].iter().find(|mark| {
        rest.get(..mark.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(mark))
    }) {
        rest = rest.get(mark.len()..).unwrap_or_default().trim_start();
    }
    if draft {
        format!("Draft: {rest}")
    } else {
        rest.to_owned()
    }
}

/// Open a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct CreateMergeRequest {
    /// Project ID or path.
    #[serde(skip_serializing)]
    project_id: ProjectId,
    /// Title.
    title: String,
    /// Branch to merge.
    source_branch: String,
    /// Branch to merge into.
    target_branch: String,
    /// Description in Markdown.
    description: Option<Markdown>,
    /// Project to merge into, ID or path (the same).
    #[serde(skip_serializing)]
    target_project_id: Option<ProjectId>,
    /// User IDs.
    assignee_ids: Option<Vec<u64>>,
    /// User IDs.
    reviewer_ids: Option<Vec<u64>>,
    /// Label names.
    labels: Option<Labels>,
    /// Mark it as a draft.
    #[serde(skip_serializing)]
    draft: Option<bool>,
    /// Let members who can merge push to the source branch.
    allow_collaboration: Option<bool>,
    /// Delete the source branch after the merge.
    remove_source_branch: Option<bool>,
    /// Squash the commits.
    squash: Option<bool>,
    /// User ID.
    assignee_id: Option<u64>,
    /// Milestone ID.
    milestone_id: Option<u64>,
    /// Old form of `allow_collaboration`.
    allow_maintainer_to_push: Option<bool>,
}

impl CreateMergeRequest {
    fn request(&self, target: Option<u64>) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(self);
        if self.draft == Some(true) {
            body.insert("title".to_owned(), drafted(&self.title, true).into());
        }
        body.extend(target.map(|number| ("target_project_id".to_owned(), number.into())));
        let segments = [("project_id", self.project_id.as_str())];
        let path = ApiPath::fill("projects/{project_id}/merge_requests", &segments)?;
        Ok(ApiRequest::new(Method::Post, path).json(body.into()))
    }
}

#[async_trait]
impl Tool for CreateMergeRequest {
    const NAME: &'static str = "create_merge_request";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let target = match &self.target_project_id {
            Some(id) => Some(number_of(context, "projects/{id}", id.as_str()).await?),
            None => None,
        };
        let answer = context.send(self.request(target)?).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

register_tool!(CreateMergeRequest);

/// Edit, close, reopen, assign or label a merge request.
#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateMergeRequest {
    #[serde(flatten)]
    target: Target,
    #[serde(flatten)]
    change: Change,
    /// Mark it as a draft, or as ready.
    draft: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Change {
    /// Title.
    title: Option<String>,
    /// Description in Markdown.
    description: Option<Markdown>,
    /// Branch to merge into.
    target_branch: Option<String>,
    /// User IDs; replaces all, empty removes all.
    assignee_ids: Option<Vec<u64>>,
    /// User IDs; replaces all, empty removes all.
    reviewer_ids: Option<Vec<u64>>,
    /// Label names; replaces all.
    labels: Option<Labels>,
    /// Close or reopen.
    state_event: Option<MergeRequestEvent>,
    /// Delete the source branch after the merge.
    remove_source_branch: Option<bool>,
    /// Squash the commits.
    squash: Option<bool>,
    /// Milestone ID; 0 removes it.
    milestone_id: Option<u64>,
    /// User ID; 0 removes it.
    assignee_id: Option<u64>,
    /// Labels to add.
    add_labels: Option<Labels>,
    /// Labels to take away.
    remove_labels: Option<Labels>,
    /// Let members who can merge push to the source branch.
    allow_collaboration: Option<bool>,
    /// Old form of `allow_collaboration`.
    allow_maintainer_to_push: Option<bool>,
    /// Only members may comment.
    discussion_locked: Option<bool>,
}

impl UpdateMergeRequest {
    /// The request, with the mark of a draft on `title`, the given or the present one.
    fn request(&self, iid: &str, title: Option<&str>) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(&self.change);
        if let (Some(draft), Some(title)) = (self.draft, title) {
            body.insert("title".to_owned(), drafted(title, draft).into());
        }
        let path = ApiPath::fill(ONE, &self.target.segments(iid))?;
        let request = ApiRequest::new(Method::Put, path);
        if body.is_empty() {
            with_changes(request, "title")
        } else {
            Ok(request.json(Value::Object(body)))
        }
    }
}

#[async_trait]
impl Tool for UpdateMergeRequest {
    const NAME: &'static str = "update_merge_request";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::write().idempotent();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        if self.draft.is_none() {
            self.request("0", None)?;
        }
        let (iid, present) = if self.draft.is_some() && self.change.title.is_none() {
            self.target.read(context).await?
        } else {
            (self.target.iid(context).await?, Value::Null)
        };
        let title = self
            .change
            .title
            .as_deref()
            .or_else(|| text_of(&present, "title"));
        let answer = context.send(self.request(&iid, title)?).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

register_tool!(UpdateMergeRequest);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_mark_of_a_draft_stands_once_in_front_or_not_at_all() {
        for (title, as_draft, as_ready) in [
            ("Add x", "Draft: Add x", "Add x"),
            ("draft: Add x", "Draft: Add x", "Add x"),
            ("[Draft] (draft) Add x", "Draft: Add x", "Add x"),
            ("Drafting: é", "Draft: Drafting: é", "Drafting: é"),
            ("ééééé", "Draft: ééééé", "ééééé"),
        ] {
            assert_eq!(drafted(title, true), as_draft);
            assert_eq!(drafted(title, false), as_ready);
        }
    }

    #[test]
    fn a_merge_request_is_opened_as_draft_into_another_project() {
        let tool: CreateMergeRequest = serde_json::from_value(json!({ "project_id": "me/b",
            "title": "Add x", "source_branch": "x", "target_branch": "main", "draft": true,
            "target_project_id": "a/b", "labels": ["p1"] }))
        .unwrap();
        assert_eq!(
            tool.request(Some(9)).unwrap().to_string(),
            r#"POST projects/me%2Fb/merge_requests {"title":"Draft: Add x","source_branch":"x","target_branch":"main","labels":"p1","target_project_id":9}"#
        );
    }

    #[test]
    fn an_update_sends_what_is_given_and_needs_something() {
        let tool =
            |fields: Value| -> UpdateMergeRequest { serde_json::from_value(fields).unwrap() };
        let update = tool(
            json!({ "project_id": "1", "merge_request_iid": 7, "reviewer_ids": [],
            "add_labels": ["a"], "draft": false }),
        );
        assert_eq!(
            update.request("7", Some("Draft: T")).unwrap().to_string(),
            r#"PUT projects/1/merge_requests/7 {"reviewer_ids":[],"add_labels":"a","title":"T"}"#
        );
        let nothing = tool(json!({ "project_id": "1", "merge_request_iid": 7 }));
        assert!(nothing.request("7", None).is_err());
    }
}
