//! What people do to runners.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::entity::full;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Reach, Runner};

/// The least GitLab lets a job take, in seconds.
const SHORTEST_TIMEOUT: i64 = 600;

/// Whom the new runner works for, if the caller may say so.
fn reach(cx: &Cx<'_>) -> Result<Reach, ApiError> {
    let kinds = ["instance_type", "group_type", "project_type"];
    cx.params.required("runner_type")?;
    match cx.params.choice("runner_type", &kinds)? {
        Some("group_type") => {
            let group = cx.group_named(&cx.params.required("group_id")?)?;
            if cx.level_in_group(&group) < OWNER {
                return Err(ApiError::forbidden());
            }
            Ok(Reach::Group(group.id))
        }
        Some("project_type") => {
            let project = cx.project_named(&cx.params.required("project_id")?)?;
            cx.require(&project, MAINTAINER)?;
            Ok(Reach::Projects(project.id, BTreeSet::from([project.id])))
        }
        _ => {
            cx.admin()?;
            Ok(Reach::Instance)
        }
    }
}

/// The runner with what the request sets.
fn changed(cx: &Cx<'_>, runner: Runner) -> Result<Runner, ApiError> {
    let params = &cx.params;
    let paused = match (params.flag("paused")?, params.flag("active")?) {
        (Some(paused), _) => paused,
        (None, Some(active)) => !active,
        (None, None) => runner.paused,
    };
    let access = params.choice("access_level", &["not_protected", "ref_protected"])?;
    let runner = Runner {
        description: params.text("description").unwrap_or(runner.description),
        paused,
        locked: params.flag("locked")?.unwrap_or(runner.locked),
        run_untagged: params.flag("run_untagged")?.unwrap_or(runner.run_untagged),
        tags: params.list("tag_list").unwrap_or(runner.tags),
        access_level: access.map_or(runner.access_level, str::to_owned),
        maximum_timeout: params
            .integer("maximum_timeout")?
            .or(runner.maximum_timeout),
        maintenance_note: params.text("maintenance_note").or(runner.maintenance_note),
        ..runner
    };
    if runner
        .maximum_timeout
        .is_some_and(|seconds| seconds < SHORTEST_TIMEOUT)
    {
        return Err(ApiError::validation(
            "maximum_timeout",
            "needs to be at least 10 minutes",
        ));
    }
    if !runner.run_untagged && runner.tags.is_empty() {
        return Err(ApiError::validation(
            "tags_list",
            "can not be empty when runner is not allowed to pick untagged jobs",
        ));
    }
    Ok(runner)
}

pub(super) fn fresh_token(cx: &mut Cx<'_>) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    format!("glrt-{}", cx.world.ids.text("runner", 20, letters))
}

/// The token is shown this once.
pub(super) fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?.id;
    let runner = Runner {
        id: 0,
        reach: reach(cx)?,
        token: String::new(),
        description: String::new(),
        paused: false,
        locked: false,
        run_untagged: true,
        tags: Vec::new(),
        access_level: "not_protected".to_owned(),
        maximum_timeout: None,
        maintenance_note: None,
        created_by: user,
        created_at: cx.now,
        contacted_at: None,
    };
    let runner = changed(cx, runner)?;
    let runner = Runner {
        id: cx.world.next_id("runner"),
        token: fresh_token(cx),
        ..runner
    };
    let shown = json!({ "id": runner.id, "token": runner.token, "token_expires_at": null });
    cx.world.runners.insert(runner.id, runner);
    Ok(Answer::created(&shown))
}

pub(super) fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = cx.runner()?;
    Ok(Answer::json(&full(cx, &runner)))
}

pub(super) fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = changed(cx, cx.runner()?)?;
    cx.world.runners.insert(runner.id, runner.clone());
    Ok(Answer::json(&full(cx, &runner)))
}

/// A runner of several projects is not deleted, except by administrators.
pub(super) fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = cx.runner()?;
    if let Reach::Projects(_, projects) = &runner.reach
        && projects.len() > 1
        && !cx.is_admin()
    {
        return Err(ApiError::forbidden_because(
            "Runner associated with more than one project",
        ));
    }
    cx.world.runners.remove(&runner.id);
    Ok(Answer::no_content())
}

pub(super) fn reset_token(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let mut runner = cx.runner()?;
    runner.token = fresh_token(cx);
    let shown = json!({ "token": runner.token, "token_expires_at": Value::Null });
    cx.world.runners.insert(runner.id, runner);
    Ok(Answer::created(&shown))
}

/// Lets a runner of another project work here too.
pub(super) fn enable(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let id = cx.params.required_id("runner_id")?;
    let runner = cx.world.runners.get(&id).cloned();
    let mut runner = runner.ok_or_else(|| ApiError::not_found("Runner"))?;
    if !cx.keeps(&runner) {
        return Err(ApiError::forbidden_because("No access granted"));
    }
    match &mut runner.reach {
        Reach::Instance => {
            return Err(ApiError::forbidden_because("Runner is an instance runner"));
        }
        Reach::Group(_) => return Err(ApiError::forbidden_because("Runner is a group runner")),
        Reach::Projects(..) if runner.locked => {
            return Err(ApiError::forbidden_because("Runner is locked"));
        }
        Reach::Projects(_, projects) => {
            if !projects.insert(project) {
                return Err(ApiError::validation("runner_id", "has already been taken"));
            }
        }
    }
    cx.world.runners.insert(runner.id, runner.clone());
    Ok(Answer::created(&Value::Object(super::entity::short(
        cx, &runner,
    ))))
}

/// Its last project a runner cannot leave.
pub(super) fn disable(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?.id;
    let id = cx.number("runner_id", "Runner")?;
    let runner = cx.world.runners.get(&id).cloned();
    let mut runner = runner.ok_or_else(|| ApiError::not_found("Runner"))?;
    match &mut runner.reach {
        Reach::Projects(owner, projects) if projects.contains(&project) => {
            if projects.len() == 1 {
                return Err(ApiError::forbidden_because(
                    "Only one project associated with the runner. Please remove the runner instead",
                ));
            }
            if *owner == project {
                return Err(ApiError::forbidden_because(
                    "You cannot unassign a runner from the owner project. Delete the runner instead",
                ));
            }
            projects.remove(&project);
        }
        _ => return Err(ApiError::not_found("Runner")),
    }
    cx.world.runners.insert(runner.id, runner);
    Ok(Answer::no_content())
}
