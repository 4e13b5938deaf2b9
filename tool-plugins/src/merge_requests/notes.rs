//! Comments on merge requests: <https://docs.gitlab.com/api/notes/#merge-requests>

use super::MergeRequests;
use crate::prelude::*;

words!(NoteOrder: CreatedAt, UpdatedAt);

/// List the comments on a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/merge_requests/{merge_request_iid}/notes",
    toolset = MergeRequests, facts = Facts::read().paged(Paging::Offset))]
struct GetMergeRequestNotes {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Direction.
    sort: Option<Order>,
    /// Sort key.
    order_by: Option<NoteOrder>,
    #[serde(flatten)]
    page: Paged,
}

/// Get one comment on a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/merge_requests/{merge_request_iid}/notes/{note_id}",
    toolset = MergeRequests)]
struct GetMergeRequestNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Note ID.
    note_id: u64,
}

/// Comment on a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/merge_requests/{merge_request_iid}/notes",
    toolset = MergeRequests)]
struct CreateMergeRequestNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Text in Markdown.
    body: Markdown,
}

/// Edit a comment on a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(PUT, "projects/{project_id}/merge_requests/{merge_request_iid}/notes/{note_id}",
    toolset = MergeRequests, facts = Facts::write().idempotent())]
struct UpdateMergeRequestNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Note ID.
    note_id: u64,
    /// New text in Markdown.
    body: Markdown,
}

/// Delete a comment on a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(DELETE, "projects/{project_id}/merge_requests/{merge_request_iid}/notes/{note_id}",
    toolset = MergeRequests, facts = Facts::delete().answers(Answers::Nothing))]
struct DeleteMergeRequestNote {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Note ID.
    note_id: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    const PATH: &str = "projects/1/merge_requests/7/notes";

    #[test]
    fn comments_are_listed_read_and_deleted() {
        assert_eq!(
            request::<GetMergeRequestNotes>(
                &json!({ "project_id": 1, "merge_request_iid": "!7", "sort": "asc" })
            ),
            format!("GET {PATH}?sort=asc")
        );
        let one = json!({ "project_id": 1, "merge_request_iid": 7, "note_id": 3 });
        assert_eq!(
            request::<GetMergeRequestNote>(&one),
            format!("GET {PATH}/3")
        );
        assert_eq!(
            request::<DeleteMergeRequestNote>(&one),
            format!("DELETE {PATH}/3")
        );
    }

    #[test]
    fn comments_are_written_and_edited_without_quick_actions() {
        let note = |body: &str| json!({ "project_id": 1, "merge_request_iid": 7, "body": body });
        assert_eq!(
            request::<CreateMergeRequestNote>(&note("LGTM")),
            format!(r#"POST {PATH} {{"body":"LGTM"}}"#)
        );
        let mut edit = note("better");
        edit["note_id"] = json!(3);
        assert_eq!(
            request::<UpdateMergeRequestNote>(&edit),
            format!(r#"PUT {PATH}/3 {{"body":"better"}}"#)
        );
        let answer = request::<CreateMergeRequestNote>(&note("LGTM\n/merge"));
        assert!(answer.contains("/body: line 2"), "{answer}");
    }
}
