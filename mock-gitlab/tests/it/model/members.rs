//! Steps about members of groups and projects.

use std::collections::BTreeMap;

use serde_json::json;

use mock_gitlab::MockGitlab;

use super::rules::{MAINTAINER, Model, OWNER};
use super::steps::{LEVELS, Where};
use super::told::{Told, person, same};
use crate::client::{Client, Reply};

/// What happens to a membership.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Join(usize),
    Lift(usize),
    Leave,
}

/// Where it happens, and what the caller is there.
struct Scene {
    path: String,
    seen: bool,
    own: u64,
    needed: u64,
    place: Where,
}

fn scene(model: &Model, by: u64, place: Where) -> Option<Scene> {
    match place {
        Where::Group(at) if !model.groups.is_empty() => {
            let at = at % model.groups.len();
            Some(Scene {
                path: format!("/groups/{}/members", model.groups[at].id),
                seen: model.sees_group(by, at),
                own: model.group_level(by, at),
                needed: OWNER,
                place: Where::Group(at),
            })
        }
        Where::Project(at) if !model.projects.is_empty() => {
            let at = at % model.projects.len();
            let project = &model.projects[at];
            Some(Scene {
                path: format!("/projects/{}/members", project.id),
                seen: model.sees_project(by, project),
                own: model.project_level(by, project),
                needed: MAINTAINER,
                place: Where::Project(at),
            })
        }
        _ => None,
    }
}

fn members(model: &mut Model, place: Where) -> &mut BTreeMap<u64, u64> {
    match place {
        Where::Group(at) => &mut model.groups[at].members,
        Where::Project(at) => &mut model.projects[at].members,
    }
}

impl Scene {
    /// What GitLab's rules say. `last` is whether an owner would leave nobody behind.
    fn verdict(&self, change: Change, former: Option<u64>, itself: bool, last: bool) -> u16 {
        let level = match change {
            Change::Join(level) | Change::Lift(level) => level as u64,
            Change::Leave => 0,
        };
        let may = self.own >= self.needed && level <= self.own;
        match (change, former) {
            _ if !self.seen => 404,
            (Change::Join(_) | Change::Lift(_), _) if !may => 403,
            (Change::Join(_), Some(_)) => 409,
            (Change::Join(_), None) => 201,
            (Change::Leave, _) if !may && !itself => 403,
            (_, None) => 404,
            (Change::Lift(_), Some(former)) if former > self.own => 403,
            (Change::Lift(_), Some(_)) => 200,
            (Change::Leave, Some(former)) if former > self.own && !itself => 403,
            (Change::Leave, Some(_)) if last => 403,
            (Change::Leave, Some(_)) => 204,
        }
    }
}

async fn ask(client: &Client<'_>, path: &str, user: u64, change: Change) -> Reply {
    let one = format!("{path}/{user}");
    match change {
        Change::Join(level) => {
            let body = json!({"user_id": user, "access_level": level});
            client.post(path, body).await
        }
        Change::Lift(level) => client.put(&one, json!({"access_level": level})).await,
        Change::Leave => client.delete(&one).await,
    }
}

pub(super) async fn change(
    gl: &MockGitlab,
    model: &mut Model,
    (by, place, user): (usize, Where, usize),
    change: Change,
) -> Told {
    let (by, name) = person(model, by);
    let (user, _) = person(model, user);
    let level = |at: usize| usize::try_from(LEVELS[at % LEVELS.len()]).unwrap_or(0);
    let change = match change {
        Change::Join(at) => Change::Join(level(at)),
        Change::Lift(at) => Change::Lift(level(at)),
        Change::Leave => Change::Leave,
    };
    let Some(scene) = scene(model, by, place) else {
        return Ok(());
    };
    let members = members(model, scene.place);
    let former = members.get(&user).copied();
    let owners = members.values().filter(|level| **level == OWNER).count();
    let is_group = matches!(scene.place, Where::Group(_));
    let last = is_group && former == Some(OWNER) && owners == 1;
    let verdict = scene.verdict(change, former, by == user, last);
    let expected = if model.blocked.contains(&by) {
        403
    } else {
        verdict
    };
    let reply = ask(&Client::of(gl, &name), &scene.path, user, change).await;
    same(&reply, expected)?;
    let members = self::members(model, scene.place);
    match (expected, change) {
        (200 | 201, Change::Join(level) | Change::Lift(level)) => {
            members.insert(user, level as u64);
        }
        (204, _) => {
            members.remove(&user);
        }
        _ => {}
    }
    Ok(())
}
