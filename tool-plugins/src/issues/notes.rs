//! Comments on issues: <https://docs.gitlab.com/api/notes/#issues>,
//! <https://docs.gitlab.com/api/discussions/#issues>

use super::Issues;
use crate::prelude::*;

words!(NoteableType: Issue, MergeRequest);

/// List the discussion threads of an issue.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/issues/{issue_iid}/discussions", toolset = Issues,
    facts = Facts::read().paged(Paging::Offset))]
struct ListIssueDiscussions {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
    #[serde(flatten)]
    page: Paged,
}

/// Comment on an issue, or reply in one of its threads.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct CreateIssueNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
    /// Thread to reply in.
    discussion_id: Option<String>,
    /// Text in Markdown.
    body: Markdown,
    /// ISO 8601; for owners and administrators.
    created_at: Option<String>,
}

impl Endpoint for CreateIssueNote {
    const NAME: &'static str = "create_issue_note";
    type Set = Issues;
    const ROUTE: Route = Route {
        method: Method::Post,
        path: "projects/{project_id}/issues/{issue_iid}/notes",
    };
    const FACTS: Facts = Facts::write();

    fn request(&self) -> Result<ApiRequest, RequestError> {
        const REPLY: Route = Route {
            method: Method::Post,
            path: "projects/{project_id}/issues/{issue_iid}/discussions/{discussion_id}/notes",
        };
        let route = match self.discussion_id {
            Some(_) => REPLY,
            None => Self::ROUTE,
        };
        ApiRequest::from_fields(&route, self)
    }
}

register_endpoint!(CreateIssueNote);

/// Edit a comment on an issue, or resolve it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct UpdateIssueNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
    /// Note ID.
    note_id: u64,
    /// Thread that holds the note.
    discussion_id: Option<String>,
    /// New text in Markdown.
    body: Option<Markdown>,
    /// Resolve or reopen; needs `discussion_id`.
    resolved: Option<bool>,
}

impl Endpoint for UpdateIssueNote {
    const NAME: &'static str = "update_issue_note";
    type Set = Issues;
    const ROUTE: Route = Route {
        method: Method::Put,
        path: "projects/{project_id}/issues/{issue_iid}/notes/{note_id}",
    };
    const FACTS: Facts = Facts::write().idempotent();

    fn request(&self) -> Result<ApiRequest, RequestError> {
        const IN_THREAD: Route = Route {
            method: Method::Put,
            path: "projects/{project_id}/issues/{issue_iid}/discussions/{discussion_id}/notes/{note_id}",
        };
        let refuse = |argument: &str, expected: &str| {
            Err(RequestError {
                argument: argument.to_owned(),
                expected: expected.to_owned(),
            })
        };
        match (&self.body, self.resolved, &self.discussion_id) {
            (None, None, _) => refuse("body", "give a body, or resolved"),
            (_, Some(_), None) => refuse("discussion_id", "resolved needs the thread"),
            (.., Some(_)) => ApiRequest::from_fields(&IN_THREAD, self),
            (.., None) => ApiRequest::from_fields(&Self::ROUTE, self),
        }
    }
}

register_endpoint!(UpdateIssueNote);

/// Comment on an issue or a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct CreateNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue or merge request in the project.
    #[schemars(extend("x-aliases" = ["noteable_id"]))]
    noteable_iid: Iid,
    /// What is commented on.
    #[serde(skip_serializing)]
    noteable_type: NoteableType,
    /// Text in Markdown.
    body: Markdown,
    /// Visible to members only.
    #[serde(rename(serialize = "internal"))]
    confidential: Option<bool>,
    /// ISO 8601; for owners and administrators.
    created_at: Option<String>,
}

impl Endpoint for CreateNote {
    const NAME: &'static str = "create_note";
    type Set = Issues;
    const ROUTE: Route = Route {
        method: Method::Post,
        path: "projects/{project_id}/issues/{noteable_iid}/notes",
    };
    const FACTS: Facts = Facts::write();

    fn request(&self) -> Result<ApiRequest, RequestError> {
        const ON_MERGE_REQUEST: Route = Route {
            method: Method::Post,
            path: "projects/{project_id}/merge_requests/{noteable_iid}/notes",
        };
        let route = match self.noteable_type {
            NoteableType::Issue => Self::ROUTE,
            NoteableType::MergeRequest => ON_MERGE_REQUEST,
        };
        ApiRequest::from_fields(&route, self)
    }
}

register_endpoint!(CreateNote);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn threads_are_listed() {
        assert_eq!(
            request::<ListIssueDiscussions>(&json!({ "project_id": 1, "issue_iid": 2, "page": 3 })),
            "GET projects/1/issues/2/discussions?page=3"
        );
    }

    #[test]
    fn a_comment_goes_into_the_thread_that_is_named() {
        let mut note = json!({ "project_id": 1, "issue_iid": 2, "body": "Hi" });
        assert_eq!(
            request::<CreateIssueNote>(&note),
            r#"POST projects/1/issues/2/notes {"body":"Hi"}"#
        );
        note["discussion_id"] = json!("abc");
        assert_eq!(
            request::<CreateIssueNote>(&note),
            r#"POST projects/1/issues/2/discussions/abc/notes {"body":"Hi"}"#
        );
    }

    #[test]
    fn a_comment_is_edited_or_resolved_in_its_thread() {
        let note = |more: serde_json::Value| {
            let mut note = json!({ "project_id": 1, "issue_iid": 2, "note_id": 3 });
            note.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            request::<UpdateIssueNote>(&note)
        };
        assert_eq!(
            note(json!({ "body": "x" })),
            r#"PUT projects/1/issues/2/notes/3 {"body":"x"}"#
        );
        assert_eq!(
            note(json!({ "discussion_id": "d", "resolved": true })),
            r#"PUT projects/1/issues/2/discussions/d/notes/3 {"resolved":true}"#
        );
        assert!(note(json!({})).contains("/body"));
        assert!(note(json!({ "resolved": true })).contains("/discussion_id"));
    }

    #[test]
    fn a_note_finds_its_issue_or_merge_request() {
        for (kind, path) in [("issue", "issues"), ("merge request", "merge_requests")] {
            assert_eq!(
                request::<CreateNote>(&json!({ "project_id": 1, "noteable_id": "2",
                    "noteable_type": kind, "body": "Hi", "confidential": true })),
                format!(r#"POST projects/1/{path}/2/notes {{"body":"Hi","internal":true}}"#)
            );
        }
    }

    #[test]
    fn quick_actions_in_comments_are_refused() {
        let answer = request::<CreateIssueNote>(
            &json!({ "project_id": 1, "issue_iid": 2, "body": "/close" }),
        );
        assert!(answer.contains("quick action `/close`"), "{answer}");
    }
}
