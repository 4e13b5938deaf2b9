//! Quick actions in the text of a note: `/close`, `/label ~bug`, `/merge` …
//! <https://docs.gitlab.com/user/project/quick_actions/>

use serde_json::{Map, Value, json};

use super::Target;
use crate::context::Cx;
use crate::rest::issues::fields::{ensure_labels, parse_time, sets_metadata};
use crate::rest::{issues, merge_requests};
use crate::world::{MergeOptions, Noteable, Project};

/// What the quick actions of a text did, and the text without them.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) rest: String,
    pub(crate) changes: Map<String, Value>,
    pub(crate) summary: Vec<String>,
}

/// Executes the lines that are quick actions the caller may use here.
pub(crate) fn settle(cx: &mut Cx<'_>, target: &Target, body: &str) -> Done {
    let mut done = Done::default();
    let mut fenced = false;
    let mut rest: Vec<&str> = Vec::new();
    for line in body.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let command = line.trim().strip_prefix('/').filter(|_| !fenced);
        let (name, value) = command.map_or(("", ""), |c| c.split_once(' ').unwrap_or((c, "")));
        if command.is_none() || !execute(cx, target, (name, value.trim()), &mut done) {
            rest.push(line);
        }
    }
    // A text without commands stays byte for byte what it was.
    done.rest = if done.summary.is_empty() {
        body.to_owned()
    } else {
        rest.join("\n").trim().to_owned()
    };
    done
}

/// Whether the line was a command that did something.
fn execute(cx: &mut Cx<'_>, target: &Target, (name, value): (&str, &str), done: &mut Done) -> bool {
    // Commits, snippets and epics have no quick actions here.
    let Some(project) = &target.project else {
        return false;
    };
    let found = match target.noteable {
        Noteable::Issue(id) => on_issue(cx, target, project, id, (name, value)),
        Noteable::MergeRequest(id) => on_merge_request(cx, project, id, (name, value)),
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => None,
    };
    let found = found.or_else(|| on_either(cx, target, project, (name, value)));
    let Some((key, change, text)) = found else {
        return false;
    };
    done.changes.insert(key.to_owned(), change);
    done.summary.push(text);
    true
}

/// Name and value of the change, and the sentence GitLab says about it.
type Change = Option<(&'static str, Value, String)>;

fn on_issue(
    cx: &mut Cx<'_>,
    target: &Target,
    project: &Project,
    id: u64,
    (name, _): (&str, &str),
) -> Change {
    let issue = cx.world.issues.get(&id)?;
    if !issues::changes_issue(cx, project, issue) {
        return None;
    }
    let (user, now) = (cx.caller.user?, cx.now);
    let issue = cx.world.issues.get_mut(&id)?;
    match name {
        "close" if issue.state == "opened" => {
            issue.close(user, now);
            cx.world
                .add_system_note(target.noteable.clone(), user, "closed", now);
            Some((
                "state_event",
                json!("close"),
                "Closed this issue.".to_owned(),
            ))
        }
        "reopen" if issue.state == "closed" => {
            issue.reopen(now);
            cx.world
                .add_system_note(target.noteable.clone(), user, "reopened", now);
            Some((
                "state_event",
                json!("reopen"),
                "Reopened this issue.".to_owned(),
            ))
        }
        "confidential" => {
            issue.confidential = true;
            Some((
                "confidential",
                json!(true),
                "Made this issue confidential.".to_owned(),
            ))
        }
        _ => None,
    }
}

fn on_merge_request(
    cx: &mut Cx<'_>,
    project: &Project,
    id: u64,
    (name, _): (&str, &str),
) -> Change {
    let request = cx.world.merge_requests.get(&id)?.clone();
    let (user, now) = (cx.caller.user?, cx.now);
    let may = merge_requests::changes_merge_request(cx, project, &request);
    let draft = request.is_draft();
    match name {
        "merge" if merge_requests::may_merge(cx, project, &request) => {
            let options = MergeOptions {
                squash: request.squash,
                remove_source_branch: request.remove_source_branch,
                ..MergeOptions::default()
            };
            let ready = cx.world.merge_status(&request, now) == "mergeable";
            if !ready || cx.world.merge(id, &options, user, now).is_err() {
                return None;
            }
            Some((
                "merge",
                json!(request.sha),
                "Merged this merge request.".to_owned(),
            ))
        }
        "close" if may && request.is_open() => {
            merge_requests::close(cx, id, user);
            Some((
                "state_event",
                json!("close"),
                "Closed this merge request.".to_owned(),
            ))
        }
        "reopen" if may && request.state == "closed" => {
            merge_requests::reopen(cx, id, user);
            Some((
                "state_event",
                json!("reopen"),
                "Reopened this merge request.".to_owned(),
            ))
        }
        "draft" | "ready" if may && draft != (name == "draft") => {
            let title = merge_requests::with_draft(&request.title, name == "draft");
            cx.world.merge_requests.get_mut(&id)?.title = title;
            let text = if name == "draft" {
                "Set the Draft status."
            } else {
                "Unset the Draft status."
            };
            Some(("wip_event", json!(name), text.to_owned()))
        }
        _ => None,
    }
}

fn on_either(
    cx: &mut Cx<'_>,
    target: &Target,
    project: &Project,
    (name, value): (&str, &str),
) -> Change {
    if !sets_metadata(cx, project) {
        return None;
    }
    match name {
        "title" if !value.is_empty() => {
            match target.noteable {
                Noteable::Issue(id) => value.clone_into(&mut cx.world.issues.get_mut(&id)?.title),
                Noteable::MergeRequest(id) => {
                    value.clone_into(&mut cx.world.merge_requests.get_mut(&id)?.title);
                }
                Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => return None,
            }
            Some((
                "title",
                json!(value),
                format!("Changed the title to \"{value}\"."),
            ))
        }
        "label" | "unlabel" if !value.is_empty() => {
            labels(cx, target, project, name == "label", value)
        }
        "assign" | "unassign" => assign(cx, target, name == "assign", value),
        "estimate" | "spend" => time(cx, target, name, value),
        _ => None,
    }
}

fn labels(cx: &mut Cx<'_>, target: &Target, project: &Project, adds: bool, value: &str) -> Change {
    let names = value
        .split('~')
        .map(|name| name.trim().trim_matches('"').to_owned());
    let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    if adds {
        ensure_labels(cx, project, &names);
    }
    let labels = match target.noteable {
        Noteable::Issue(id) => &mut cx.world.issues.get_mut(&id)?.labels,
        Noteable::MergeRequest(id) => &mut cx.world.merge_requests.get_mut(&id)?.labels,
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => return None,
    };
    labels.retain(|label| !names.contains(label));
    let key = if adds {
        labels.extend(names.iter().cloned());
        "add_label_ids"
    } else {
        "remove_label_ids"
    };
    let verb = if adds { "Added" } else { "Removed" };
    Some((key, json!(names), format!("{verb} {value} label(s).")))
}

fn assign(cx: &mut Cx<'_>, target: &Target, adds: bool, value: &str) -> Change {
    let me = cx.caller.user;
    let named = value.split_whitespace().filter_map(|word| match word {
        "me" => me,
        word => cx
            .world
            .find_user(word.strip_prefix('@')?)
            .map(|user| user.id),
    });
    let users: Vec<u64> = named.collect();
    if adds && users.is_empty() {
        return None;
    }
    let assignees = match target.noteable {
        Noteable::Issue(id) => &mut cx.world.issues.get_mut(&id)?.assignees,
        Noteable::MergeRequest(id) => &mut cx.world.merge_requests.get_mut(&id)?.assignees,
        Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => return None,
    };
    assignees.retain(|user| !users.is_empty() && !users.contains(user));
    if adds {
        assignees.extend(&users);
    }
    let now = json!(assignees);
    let verb = if adds { "Assigned" } else { "Removed assignee" };
    Some((
        "assignee_ids",
        now,
        format!("{verb} {value}.").replace(" .", "."),
    ))
}

fn time(cx: &mut Cx<'_>, target: &Target, name: &str, value: &str) -> Change {
    let seconds = parse_time(value)?;
    let old = issues::times(cx, target);
    let (key, new, text) = if name == "estimate" {
        (
            "time_estimate",
            (seconds, old.1),
            format!("Set time estimate to {value}."),
        )
    } else {
        let spent = old.1.saturating_add(seconds).max(0);
        let by = cx.caller.user?;
        let entry = (spent - old.1, "");
        cx.world.log_time(&target.noteable, entry, by, cx.now);
        (
            "spend_time",
            (old.0, spent),
            format!("Added {value} spent time."),
        )
    };
    issues::set_times(cx.world, &target.noteable, new);
    Some((key, json!(seconds), text))
}
