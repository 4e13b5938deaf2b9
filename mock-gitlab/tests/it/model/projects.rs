//! Steps about projects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use mock_gitlab::MockGitlab;

use super::rules::{DEVELOPER, Model, OWNER, Place, Project, VISIBILITIES};
use super::steps::PATHS;
use super::told::{Told, number, person, pick, same};
use crate::client::Client;

pub(super) async fn start(
    gl: &MockGitlab,
    model: &mut Model,
    (by, path, group, visibility): (usize, usize, Option<usize>, usize),
) -> Told {
    let (by, name) = person(model, by);
    let path = pick(&PATHS, path);
    let group = group.filter(|_| !model.groups.is_empty());
    let group = group.map(|at| at % model.groups.len());
    let mut visibility = visibility % VISIBILITIES.len();
    let place = match group {
        Some(at) => {
            visibility = visibility.min(model.groups[at].visibility);
            Place::Group(at)
        }
        None => Place::Own(by),
    };
    let mut body = json!({"path": path, "name": path, "visibility": VISIBILITIES[visibility]});
    if let Some(at) = group {
        body["namespace_id"] = json!(model.groups[at].id);
    }
    let taken = |project: &Project| project.place == place && project.path == path;
    let expected = match group {
        _ if model.blocked.contains(&by) => 403,
        Some(at) if !model.sees_group(by, at) || model.group_level(by, at) < DEVELOPER => 400,
        _ if model.projects.iter().any(taken) => 400,
        _ => 201,
    };
    let reply = Client::of(gl, &name).post("/projects", body).await;
    same(&reply, expected)?;
    if expected == 201 {
        let members = match place {
            Place::Own(user) => BTreeMap::from([(user, OWNER)]),
            Place::Group(_) => BTreeMap::new(),
        };
        model.projects.push(Project {
            id: number(&reply.json()),
            path: path.to_owned(),
            place,
            visibility,
            members,
            labels: BTreeSet::new(),
            issues: Vec::new(),
            marked: false,
        });
    }
    Ok(())
}

/// Who asks, in which project, and what keeps them from it, if anything does.
pub(super) fn asks(
    model: &Model,
    by: usize,
    project: usize,
) -> Option<(String, u64, usize, Option<u16>)> {
    if model.projects.is_empty() {
        return None;
    }
    let (by, name) = person(model, by);
    let at = project % model.projects.len();
    let refused = if model.blocked.contains(&by) {
        Some(403)
    } else if model.sees_project(by, &model.projects[at]) {
        None
    } else {
        Some(404)
    };
    Some((name, by, at, refused))
}

pub(super) async fn mark(gl: &MockGitlab, model: &mut Model, by: usize, project: usize) -> Told {
    let Some((name, by, at, refused)) = asks(model, by, project) else {
        return Ok(());
    };
    let level = model.project_level(by, &model.projects[at]);
    let project = &mut model.projects[at];
    let expected = refused.unwrap_or(match project.marked {
        _ if level < OWNER => 403,
        true => 400,
        false => 202,
    });
    project.marked |= expected == 202;
    let reply = Client::of(gl, &name)
        .delete(&format!("/projects/{}", project.id))
        .await;
    same(&reply, expected)
}
