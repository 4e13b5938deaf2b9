//! Opening, changing and deleting merge requests.
//! <https://docs.gitlab.com/api/merge_requests/#create-mr>

use serde_json::json;

use super::{entity, find, readable};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::issues::fields;
use crate::world::access::{DEVELOPER, OWNER};
use crate::world::changes::Watched;
use crate::world::{MergeRequest, NewMergeRequest, Noteable, Project};

const DRAFT: &str = "Draft: ";

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let source = readable(cx)?;
    let user = cx.user()?;
    let title = cx.params.required("title")?;
    let source_branch = cx.params.required("source_branch")?;
    let target_branch = cx.params.required("target_branch")?;
    cx.require(&source, DEVELOPER)?;
    let target = match cx.params.filled("target_project_id") {
        Some(id) => cx.project_named(&id)?,
        None => source.clone(),
    };
    check(cx, (&source, &source_branch), (&target, &target_branch))?;
    let new = NewMergeRequest {
        project: target.id,
        source_project: source.id,
        source_branch: &source_branch,
        target_branch: &target_branch,
        author: user.id,
        title: &title,
    };
    let id = cx.world.add_merge_request(new, cx.now);
    let mut request = cx
        .world
        .merge_requests
        .get(&id)
        .cloned()
        .ok_or_else(ApiError::gone)?;
    if let Err(error) = apply(cx, &target, &mut request) {
        cx.world.remove_merge_request(id);
        return Err(error);
    }
    cx.world.merge_requests.insert(id, request.clone());
    let before = Watched {
        state: "opened".to_owned(),
        ..Watched::default()
    };
    let noteable = Noteable::MergeRequest(id);
    cx.world.write_history(&noteable, &before, user.id, cx.now);
    cx.world.pipeline_for_merge_request(id, user.id, cx.now);
    Ok(Answer::created(&entity::single(cx, &request)))
}

fn check(cx: &Cx<'_>, source: (&Project, &str), target: (&Project, &str)) -> Result<(), ApiError> {
    let same = source.0.id == target.0.id;
    if same && source.1 == target.1 {
        let text = "You can't use same project/branch for source and target";
        return Err(ApiError::message(422, json!([text])));
    }
    for (field, (project, branch)) in [("source_branch", source), ("target_branch", target)] {
        let repository = cx.repository(project)?;
        if !repository.branches.contains_key(branch) {
            return Err(ApiError::validation(field, "does not exist"));
        }
    }
    if !same && source.0.forked_from != Some(target.0.id) {
        return Err(ApiError::message(
            422,
            json!(["Source project is not a fork of the target project"]),
        ));
    }
    let twin = cx.world.merge_requests.values().find(|other| {
        other.is_open()
            && (other.source_project, other.source_branch.as_str()) == (source.0.id, source.1)
            && (other.project, other.target_branch.as_str()) == (target.0.id, target.1)
    });
    match twin {
        None => Ok(()),
        Some(twin) => {
            let text = format!(
                "Another open merge request already exists for this source branch: !{}",
                twin.iid
            );
            Err(ApiError::conflict(json!([text])))
        }
    }
}

/// Author, assignee, or developers and above.
pub(crate) fn changes_merge_request(
    cx: &Cx<'_>,
    project: &Project,
    request: &MergeRequest,
) -> bool {
    let own = cx
        .caller
        .user
        .is_some_and(|user| request.author == user || request.assignees.contains(&user));
    !project.archived && (own || cx.level_in(project) >= DEVELOPER)
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    const FIELDS: [&str; 17] = [
        "title",
        "description",
        "target_branch",
        "assignee_id",
        "assignee_ids",
        "reviewer_ids",
        "labels",
        "add_labels",
        "remove_labels",
        "milestone_id",
        "state_event",
        "remove_source_branch",
        "squash",
        "discussion_locked",
        "allow_collaboration",
        "allow_maintainer_to_push",
        "merge_after",
    ];
    let project = readable(cx)?;
    let mut request = find(cx)?;
    let user = cx.user()?;
    if !changes_merge_request(cx, &project, &request) {
        return Err(ApiError::forbidden());
    }
    if !FIELDS.iter().any(|name| cx.params.has(name)) {
        let text = format!(
            "{} are missing, at least one parameter must be provided",
            FIELDS.join(", ")
        );
        return Err(ApiError::error(400, &text));
    }
    if cx.params.has("title") {
        request.title = cx.params.required("title")?;
    }
    if let Some(branch) = cx.params.filled("target_branch") {
        if !cx.repository(&project)?.branches.contains_key(&branch) {
            return Err(ApiError::validation("target_branch", "does not exist"));
        }
        request.target_branch = branch;
    }
    apply(cx, &project, &mut request)?;
    let event = cx.params.choice("state_event", &["close", "reopen"])?;
    request.updated_at = cx.now;
    let id = request.id;
    let noteable = Noteable::MergeRequest(id);
    let before = cx.world.watched(&noteable).unwrap_or_default();
    cx.world.merge_requests.insert(id, request);
    match event {
        Some("close") => close(cx, id, user.id),
        Some(_) => reopen(cx, id, user.id),
        None => {}
    }
    cx.world.write_history(&noteable, &before, user.id, cx.now);
    let request = cx
        .world
        .merge_requests
        .get(&id)
        .ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&entity::single(cx, request)))
}

/// Closes an open merge request.
pub(crate) fn close(cx: &mut Cx<'_>, id: u64, by: u64) {
    let now = cx.now;
    let open = cx
        .world
        .merge_requests
        .get_mut(&id)
        .filter(|request| request.is_open());
    if let Some(request) = open {
        "closed".clone_into(&mut request.state);
        request.closed_at = Some(now);
        request.closed_by = Some(by);
        request.auto_merge = false;
        cx.world
            .add_system_note(Noteable::MergeRequest(id), by, "closed", now);
    }
}

/// Opens a closed merge request again.
pub(crate) fn reopen(cx: &mut Cx<'_>, id: u64, by: u64) {
    let now = cx.now;
    let closed = cx
        .world
        .merge_requests
        .get_mut(&id)
        .filter(|request| request.state == "closed");
    if let Some(request) = closed {
        "opened".clone_into(&mut request.state);
        request.closed_at = None;
        request.closed_by = None;
        cx.world
            .add_system_note(Noteable::MergeRequest(id), by, "reopened", now);
    }
}

/// The title with or without its mark.
pub(crate) fn with_draft(title: &str, draft: bool) -> String {
    let lower = title.to_lowercase();
    let mark = ["draft:", "[draft]", "(draft)"]
        .into_iter()
        .find(|mark| lower.starts_with(mark));
    let plain = mark
        .and_then(|mark| title.get(mark.len()..))
        .unwrap_or(title)
        .trim_start();
    if draft {
        format!("{DRAFT}{plain}")
    } else {
        plain.to_owned()
    }
}

/// The fields that create and update share.
fn apply(cx: &mut Cx<'_>, project: &Project, request: &mut MergeRequest) -> Result<(), ApiError> {
    if cx.params.has("description") {
        request.description = cx.params.text("description").unwrap_or_default();
    }
    if let Some(assignees) = fields::assignee_change(cx)? {
        request.assignees = assignees;
    }
    if let Some(reviewers) = cx.params.ids("reviewer_ids")? {
        request.reviewers = fields::known_users(cx, reviewers);
    }
    fields::set_milestone(cx, project, &mut request.milestone)?;
    if let Some(remove) = cx.params.flag("remove_source_branch")? {
        request.remove_source_branch = remove;
    }
    if let Some(squash) = cx.params.flag("squash")? {
        request.squash = squash;
    }
    if let Some(locked) = cx.params.flag("discussion_locked")? {
        request.discussion_locked = locked;
    }
    if let Some(labels) = fields::label_change(cx, project, &request.labels.clone()) {
        request.labels = labels;
    }
    Ok(())
}

pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let request = find(cx)?;
    cx.require(&project, OWNER)?;
    cx.world.remove_merge_request(request.id);
    Ok(Answer::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_mark_comes_and_goes() {
        assert_eq!(with_draft("Add a bird", true), "Draft: Add a bird");
        assert_eq!(with_draft("draft: Add a bird", true), "Draft: Add a bird");
        assert_eq!(with_draft("[Draft] Add a bird", false), "Add a bird");
    }
}
