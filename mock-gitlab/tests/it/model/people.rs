//! Steps about users and groups.

use serde_json::json;

use mock_gitlab::MockGitlab;

use super::rules::{Group, MAINTAINER, Model, ROOT, VISIBILITIES};
use super::steps::PATHS;
use super::told::{Told, number, person, pick, same};
use crate::client::Client;

pub(super) async fn make_user(gl: &MockGitlab, model: &mut Model, name: &str) -> Told {
    let body = json!({"username": name, "name": name, "email": format!("{name}@model.example"),
                      "password": "a-long-password"});
    let reply = Client::of(gl, "root").post("/users", body).await;
    same(&reply, 201)?;
    model.users.insert(number(&reply.json()), name.to_owned());
    Ok(())
}

pub(super) async fn block(gl: &MockGitlab, model: &mut Model, user: usize, on: bool) -> Told {
    let (id, _) = person(model, user);
    let word = if on { "block" } else { "unblock" };
    let reply = Client::of(gl, "root")
        .post(&format!("/users/{id}/{word}"), json!({}))
        .await;
    if id == ROOT {
        return same(&reply, if on { 403 } else { 201 });
    }
    if on {
        model.blocked.insert(id);
    } else {
        model.blocked.remove(&id);
    }
    same(&reply, 201)
}

pub(super) async fn found(
    gl: &MockGitlab,
    model: &mut Model,
    (by, path, parent, visibility): (usize, usize, Option<usize>, usize),
) -> Told {
    let (by, name) = person(model, by);
    let parent = parent.filter(|_| !model.groups.is_empty());
    let parent = parent.map(|at| at % model.groups.len());
    // Three levels of groups are enough.
    let parent = parent.filter(|at| model.groups[*at].parent.is_none());
    let path = pick(&PATHS, path);
    let visibility = visibility % VISIBILITIES.len();
    let mut body = json!({"name": path, "path": path, "visibility": VISIBILITIES[visibility]});
    if let Some(parent) = parent {
        body["parent_id"] = json!(model.groups[parent].id);
    }
    let expected = match parent {
        _ if model.blocked.contains(&by) => 403,
        Some(parent) if !model.sees_group(by, parent) => 404,
        Some(parent) if model.group_level(by, parent) < MAINTAINER => 403,
        _ if model.path_is_taken(parent, path) => 400,
        Some(parent) if model.groups[parent].visibility < visibility => 400,
        _ => 201,
    };
    let reply = Client::of(gl, &name).post("/groups", body).await;
    same(&reply, expected)?;
    if expected == 201 {
        let members = model.founder(by, parent);
        model.groups.push(Group {
            id: number(&reply.json()),
            path: path.to_owned(),
            parent,
            visibility,
            members,
        });
    }
    Ok(())
}
