//! Opening, changing and deleting issues.
//! <https://docs.gitlab.com/api/issues/#create-an-issue>

use super::{entity, fields, find};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::{GUEST, OWNER, PLANNER};
use crate::world::changes::Watched;
use crate::world::{Issue, Noteable, Project, Visibility};

const TYPES: [&str; 4] = ["issue", "incident", "test_case", "task"];
/// Longest title a model takes.
const TITLE_LIMIT: usize = 255;

pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let user = cx.user()?;
    let level = cx.level_in(&project);
    if project.archived || (level < GUEST && project.visibility == Visibility::Private) {
        return Err(ApiError::forbidden());
    }
    let title = cx.params.required("title")?;
    check_title(&title)?;
    cx.params.choice("issue_type", &TYPES)?;
    let id = cx.world.add_issue(project.id, user.id, &title, cx.now);
    let mut issue = cx
        .world
        .issues
        .get(&id)
        .cloned()
        .ok_or_else(ApiError::gone)?;
    // Guests describe a new issue fully; later only planners and above may.
    let applied = apply(cx, &project, &mut issue, level >= GUEST);
    if let Err(error) = applied {
        cx.world.remove_issue(id);
        return Err(error);
    }
    if let Some(at) = cx.params.time("created_at")?.filter(|_| level >= OWNER) {
        issue.created_at = at;
        issue.updated_at = at;
    }
    cx.world.issues.insert(id, issue.clone());
    history(cx, id, &opened(), user.id);
    Ok(Answer::created(&entity::single(cx, &issue)))
}

/// What an issue is before anything is written on it.
fn opened() -> Watched {
    Watched {
        state: "opened".to_owned(),
        ..Watched::default()
    }
}

fn history(cx: &mut Cx<'_>, id: u64, before: &Watched, by: u64) {
    let now = cx.now;
    cx.world
        .write_history(&Noteable::Issue(id), before, by, now);
}

fn check_title(title: &str) -> Result<(), ApiError> {
    if title.chars().count() > TITLE_LIMIT {
        let text = format!("is too long (maximum is {TITLE_LIMIT} characters)");
        return Err(ApiError::validation("title", &text));
    }
    Ok(())
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    const FIELDS: [&str; 17] = [
        "title",
        "description",
        "assignee_ids",
        "assignee_id",
        "labels",
        "add_labels",
        "remove_labels",
        "milestone_id",
        "state_event",
        "confidential",
        "discussion_locked",
        "due_date",
        "weight",
        "issue_type",
        "created_at",
        "updated_at",
        "epic_id",
    ];
    let project = cx.project()?;
    let mut issue = find(cx)?;
    let user = cx.user()?;
    let before = cx.world.watched(&Noteable::Issue(issue.id));
    let may = changes_issue(cx, &project, &issue);
    if !may {
        return Err(ApiError::forbidden());
    }
    if !FIELDS.iter().any(|name| cx.params.has(name)) {
        let text = format!(
            "{} are missing, at least one parameter must be provided",
            FIELDS.join(", ")
        );
        return Err(ApiError::error(400, &text));
    }
    retitle(cx, &mut issue, user.id)?;
    let metadata = fields::sets_metadata(cx, &project);
    apply(cx, &project, &mut issue, metadata)?;
    match cx.params.choice("state_event", &["close", "reopen"])? {
        Some("close") if issue.state == "opened" => {
            issue.close(user.id, cx.now);
            cx.world
                .add_system_note(Noteable::Issue(issue.id), user.id, "closed", cx.now);
        }
        Some("reopen") if issue.state == "closed" => {
            issue.reopen(cx.now);
            cx.world
                .add_system_note(Noteable::Issue(issue.id), user.id, "reopened", cx.now);
        }
        _ => {}
    }
    issue.updated_at = cx.now;
    cx.world.issues.insert(issue.id, issue.clone());
    history(cx, issue.id, &before.unwrap_or_default(), user.id);
    Ok(Answer::json(&entity::single(cx, &issue)))
}

fn retitle(cx: &mut Cx<'_>, issue: &mut Issue, by: u64) -> Result<(), ApiError> {
    if !cx.params.has("title") {
        return Ok(());
    }
    let title = cx.params.required("title")?;
    check_title(&title)?;
    if title != issue.title {
        let text = format!("changed title from **{}** to **{title}**", issue.title);
        cx.world
            .add_system_note(Noteable::Issue(issue.id), by, &text, cx.now);
    }
    issue.title = title;
    Ok(())
}

/// Author, assignee, or planner and above.
pub(crate) fn changes_issue(cx: &Cx<'_>, project: &Project, issue: &Issue) -> bool {
    let own = cx
        .caller
        .user
        .is_some_and(|user| issue.author == user || issue.assignees.contains(&user));
    !project.archived && (own || cx.level_in(project) >= PLANNER)
}

/// The fields that create and update share.
fn apply(
    cx: &mut Cx<'_>,
    project: &Project,
    issue: &mut Issue,
    metadata: bool,
) -> Result<(), ApiError> {
    if cx.params.has("description") {
        issue.description = cx.params.text("description").unwrap_or_default();
    }
    if let Some(confidential) = cx.params.flag("confidential")? {
        issue.confidential = confidential;
    }
    if let Some(kind) = cx.params.choice("issue_type", &TYPES)? {
        kind.clone_into(&mut issue.issue_type);
    }
    if !metadata {
        return Ok(());
    }
    if let Some(assignees) = fields::assignee_change(cx)? {
        issue.assignees = assignees;
    }
    fields::set_milestone(cx, project, &mut issue.milestone)?;
    fields::set_day(cx, "due_date", &mut issue.due_date)?;
    if cx.params.has("weight") {
        let weight = cx.params.integer("weight")?;
        if weight.is_some_and(|weight| weight < 0) {
            return Err(ApiError::validation(
                "weight",
                "must be greater than or equal to 0",
            ));
        }
        issue.weight = weight;
    }
    if let Some(locked) = cx.params.flag("discussion_locked")? {
        issue.discussion_locked = locked;
    }
    if let Some(labels) = fields::label_change(cx, project, &issue.labels.clone()) {
        issue.labels = labels;
    }
    Ok(())
}

pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let issue = find(cx)?;
    let level = cx.level_in(&project);
    if level < OWNER && level != PLANNER {
        return Err(ApiError::forbidden());
    }
    cx.world.remove_issue(issue.id);
    Ok(Answer::no_content())
}
