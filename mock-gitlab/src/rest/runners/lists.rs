//! Which runners there are, and what they did.

use serde_json::{Value, json};

use super::entity::{short, status};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::world::access::MAINTAINER;
use crate::world::{Namespace, Reach, Runner};

fn answer(cx: &Cx<'_>, mut found: Vec<&Runner>) -> Result<Answer, ApiError> {
    let params = &cx.params;
    let kind = params.choice("type", &["instance_type", "group_type", "project_type"])?;
    let states = [
        "online",
        "offline",
        "stale",
        "never_contacted",
        "active",
        "paused",
    ];
    let wanted = params.choice("status", &states)?;
    let scopes = [
        "specific",
        "shared",
        "instance_type",
        "group_type",
        "project_type",
        "active",
        "paused",
        "online",
        "offline",
    ];
    let scope = params.choice("scope", &scopes)?;
    let paused = params.flag("paused")?;
    let tags = params.list("tag_list").unwrap_or_default();
    let fits = |runner: &Runner, word: &str| match word {
        "active" => !runner.paused,
        "paused" => runner.paused,
        "shared" => runner.reach == Reach::Instance,
        "specific" => runner.reach != Reach::Instance,
        "instance_type" | "group_type" | "project_type" => runner.reach.name() == word,
        word => status(cx, runner) == word,
    };
    found.retain(|runner| {
        [kind, wanted, scope]
            .iter()
            .flatten()
            .all(|word| fits(runner, word))
            && paused.is_none_or(|wanted| runner.paused == wanted)
            && tags.iter().all(|tag| runner.tags.contains(tag))
    });
    pagination::offset(cx, &found, |runner| Value::Object(short(cx, runner)))
}

/// Those of projects and groups that the caller keeps.
pub(super) fn own(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?.id;
    let keeps = |runner: &&Runner| match &runner.reach {
        Reach::Instance => false,
        Reach::Group(id) => cx.world.group_level(user, *id) >= crate::world::access::OWNER,
        Reach::Projects(_, ids) => ids.iter().any(|id| {
            let project = cx.world.projects.get(id);
            project.is_some_and(|project| cx.world.project_level(user, project) >= MAINTAINER)
        }),
    };
    let found = cx.world.runners.values().filter(keeps).collect();
    answer(cx, found)
}

pub(super) fn all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let found = cx.world.runners.values().collect();
    answer(cx, found)
}

/// Its own, those of the groups above and those of the instance.
pub(super) fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let works = |runner: &&Runner| match &runner.reach {
        Reach::Instance => true,
        Reach::Group(group) => match project.namespace {
            Namespace::Group(id) => cx.world.lies_below(id, *group),
            Namespace::User(_) => false,
        },
        Reach::Projects(_, ids) => ids.contains(&project.id),
    };
    let found = cx.world.runners.values().filter(works).collect();
    answer(cx, found)
}

/// Those of the group and of the groups above, and those of the instance.
pub(super) fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(MAINTAINER)?;
    let works = |runner: &&Runner| match &runner.reach {
        Reach::Instance => true,
        Reach::Group(id) => cx.world.lies_below(group.id, *id),
        Reach::Projects(..) => false,
    };
    let found = cx.world.runners.values().filter(works).collect();
    answer(cx, found)
}

/// The jobs it took, newest first; `status` chooses among them.
pub(super) fn jobs(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = cx.runner()?;
    let words = ["running", "success", "failed", "canceled"];
    let status = cx.params.choice("status", &words)?;
    let all = cx.world.jobs.values().rev().filter(|job| {
        job.runner == Some(runner.id) && status.is_none_or(|status| job.status == status)
    });
    let rows: Vec<u64> = all.map(|job| job.id).collect();
    pagination::offset(cx, &rows, |id| {
        super::super::jobs::entity(cx, *id).unwrap_or_default()
    })
}

/// One machine stands behind each runner that has spoken.
pub(super) fn managers(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let runner = cx.runner()?;
    let rows: Vec<Value> = runner
        .contacted_at
        .map(|at| {
            json!({
                "id": runner.id,
                "system_id": "s_mock",
                "version": null,
                "revision": null,
                "platform": null,
                "architecture": null,
                "created_at": runner.created_at,
                "contacted_at": at,
                "ip_address": null,
                "status": status(cx, &runner),
            })
        })
        .into_iter()
        .collect();
    Ok(Answer::json(&json!(rows)))
}
