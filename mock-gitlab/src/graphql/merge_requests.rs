//! Merge requests.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::connection::list;
use super::resolvers::Resolver;
use super::session::one;
use super::shape::{self, id, number};
use crate::context::Cx;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("MergeRequest.labels", |cx, request, _| {
        Ok(super::work_items::labels(cx, request))
    }),
    ("MergeRequest.project", |cx, request, _| {
        Ok(one(
            cx,
            &format!("/projects/{}", number(request, "project_id")),
        ))
    }),
    ("MergeRequest.sourceProject", |cx, request, _| {
        Ok(one(
            cx,
            &format!("/projects/{}", number(request, "source_project_id")),
        ))
    }),
    ("MergeRequest.approvedBy", |cx, request, _| {
        let approvals = one(cx, &format!("{}/approvals", path(request)));
        let by = approvals
            .get("approved_by")
            .and_then(Value::as_array)
            .cloned();
        let users = by.unwrap_or_default();
        Ok(users
            .iter()
            .filter_map(|one| one.get("user").cloned())
            .collect())
    }),
    ("MergeRequest.approved", |cx, request, _| {
        let approvals = one(cx, &format!("{}/approvals", path(request)));
        Ok(approvals.get("approved").cloned().unwrap_or_default())
    }),
    ("MergeRequest.approvalsRequired", |cx, request, _| {
        let approvals = one(cx, &format!("{}/approvals", path(request)));
        Ok(approvals
            .get("approvals_required")
            .cloned()
            .unwrap_or(json!(0)))
    }),
    ("MergeRequest.approvalsLeft", |cx, request, _| {
        let approvals = one(cx, &format!("{}/approvals", path(request)));
        Ok(approvals.get("approvals_left").cloned().unwrap_or(json!(0)))
    }),
    ("MergeRequest.diffHeadSha", |_, request, _| {
        Ok(request.get("sha").cloned().unwrap_or_default())
    }),
    ("MergeRequest.diffRefs", |cx, request, _| {
        Ok(whole(cx, request)
            .get("diff_refs")
            .cloned()
            .unwrap_or_default())
    }),
    ("MergeRequest.headPipeline", |cx, request, _| {
        Ok(whole(cx, request)
            .get("head_pipeline")
            .cloned()
            .unwrap_or_default())
    }),
    ("MergeRequest.diffStats", |cx, request, _| {
        Ok(stats(cx, request))
    }),
    ("MergeRequest.diffStatsSummary", summary),
    ("MergeRequest.conflicts", |_, request, _| {
        Ok(request.get("has_conflicts").cloned().unwrap_or_default())
    }),
    ("MergeRequest.detailedMergeStatus", |_, request, _| {
        Ok(json!(
            shape::text(request, "detailed_merge_status").to_uppercase()
        ))
    }),
    ("MergeRequest.mergeStatusEnum", |_, request, _| {
        Ok(json!(shape::text(request, "merge_status").to_uppercase()))
    }),
    ("MergeRequest.mergeableDiscussionsState", |_, request, _| {
        Ok(request
            .get("blocking_discussions_resolved")
            .cloned()
            .unwrap_or_default())
    }),
    ("MergeRequest.autoMergeEnabled", |_, request, _| {
        Ok(request
            .get("merge_when_pipeline_succeeds")
            .cloned()
            .unwrap_or_default())
    }),
    ("MergeRequest.reference", |_, request, arguments| {
        let full = arguments.get("full").and_then(Value::as_bool) == Some(true);
        let kind = if full { "full" } else { "short" };
        let references = request.get("references");
        Ok(references
            .and_then(|all| all.get(kind))
            .cloned()
            .unwrap_or_default())
    }),
    ("MergeRequest.pipelines", |_, request, _| {
        Ok(list(format!("{}/pipelines", path(request))))
    }),
    ("MergeRequest.notes", |_, request, _| {
        Ok(super::notes::notes_of(request))
    }),
    ("MergeRequest.discussions", |_, request, _| {
        Ok(super::notes::discussions_of(request, None))
    }),
];

fn path(request: &Value) -> String {
    let project = number(request, "project_id");
    format!(
        "/projects/{project}/merge_requests/{}",
        number(request, "iid")
    )
}

/// Rows of a list lack what only the single form has.
fn whole(cx: &mut Cx<'_>, request: &Value) -> Value {
    if request.get("diff_refs").is_some() {
        return request.clone();
    }
    one(cx, &path(request))
}

fn stats(cx: &mut Cx<'_>, request: &Value) -> Value {
    let Some(request) = cx.world.merge_requests.get(&id(request)) else {
        return json!([]);
    };
    let files = cx.world.diff_of_merge_request(request);
    files
        .iter()
        .map(|file| json!({ "path": file.new_path, "additions": file.added, "deletions": file.removed }))
        .collect()
}

fn summary(cx: &mut Cx<'_>, request: &Value, _: &Arguments) -> Resolved {
    let files = stats(cx, request);
    let files = files.as_array().cloned().unwrap_or_default();
    let sum = |name: &str| files.iter().map(|file| number(file, name)).sum::<u64>();
    let (added, gone) = (sum("additions"), sum("deletions"));
    Ok(json!({
        "additions": added,
        "deletions": gone,
        "changes": added + gone,
        "fileCount": files.len(),
    }))
}
