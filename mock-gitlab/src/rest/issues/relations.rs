//! Who and what has to do with an issue.
//! <https://docs.gitlab.com/api/issues/#list-all-merge-requests-related-to-an-issue>

use serde_json::{Value, json};

use super::{entity, fields, find};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::merge_requests;
use crate::world::{Issue, MergeRequest, Noteable};

/// Merge requests of the project that name the issue in title or description.
pub(super) fn related<'a>(cx: &'a Cx<'_>, issue: &Issue) -> Vec<&'a MergeRequest> {
    let mark = format!("#{}", issue.iid);
    let names = |text: &str| {
        text.match_indices(&mark).any(|(at, _)| {
            let after = text.get(at + mark.len()..).unwrap_or_default();
            !after.starts_with(|letter: char| letter.is_ascii_digit())
        })
    };
    let requests = cx.world.merge_requests.values();
    requests
        .filter(|request| request.project == issue.project)
        .filter(|request| names(&request.title) || names(&request.description))
        .collect()
}

pub(super) fn related_merge_requests(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let rows = related(cx, &issue);
    pagination::offset(cx, &rows, |request| merge_requests::entity(cx, request))
}

pub(super) fn closed_by(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let mut rows = related(cx, &issue);
    rows.retain(|request| cx.world.issues_closed_by(request).contains(&issue.id));
    pagination::offset(cx, &rows, |request| merge_requests::entity(cx, request))
}

pub(super) fn participants(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let mut people = vec![issue.author];
    people.extend(&issue.assignees);
    people.extend(writers(cx, &Noteable::Issue(issue.id)));
    Ok(Answer::json(&fields::users(
        cx,
        &fields::known_users(cx, people),
    )))
}

/// Everyone who wrote a note.
pub(crate) fn writers(cx: &Cx<'_>, noteable: &Noteable) -> Vec<u64> {
    let notes = cx.world.notes_on(noteable).filter(|note| !note.system);
    notes.map(|note| note.author).collect()
}

pub(super) fn subscribe(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    subscription(cx, true)
}

pub(super) fn unsubscribe(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    subscription(cx, false)
}

fn subscription(cx: &Cx<'_>, wanted: bool) -> Result<Answer, ApiError> {
    let issue = find(cx)?;
    let mut value = entity(cx, &issue);
    if let Value::Object(all) = &mut value {
        all.insert("subscribed".to_owned(), json!(wanted));
    }
    Ok(Answer::created(&value))
}
