//! The steps of a history: what is asked of the mock, and what the model expects.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, any as anything, prop_oneof};
use serde_json::{Value, json};

use mock_gitlab::MockGitlab;

use super::rules::{
    DEVELOPER, GUEST, Group, Issue, MAINTAINER, Model, OWNER, PLANNER, Place, Project, ROOT,
    VISIBILITIES,
};
use crate::client::{Client, Reply};

/// Who takes part besides root.
pub(super) const PEOPLE: [&str; 3] = ["ada", "ben", "cleo"];
const PATHS: [&str; 4] = ["ada", "bell", "comb", "drum"];
const LABELS: [&str; 3] = ["bug", "later", "tune"];
const LEVELS: [u64; 6] = [5, 10, 15, 30, 40, 50];

/// One request. Numbers choose among what is there, whatever their size.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Block {
        user: usize,
        on: bool,
    },
    Found {
        by: usize,
        path: usize,
        parent: Option<usize>,
        visibility: usize,
    },
    Join {
        by: usize,
        place: Where,
        user: usize,
        level: usize,
    },
    Lift {
        by: usize,
        place: Where,
        user: usize,
        level: usize,
    },
    Leave {
        by: usize,
        place: Where,
        user: usize,
    },
    Start {
        by: usize,
        path: usize,
        group: Option<usize>,
        visibility: usize,
    },
    Mark {
        by: usize,
        project: usize,
    },
    Open {
        by: usize,
        project: usize,
        label: Option<usize>,
    },
    Turn {
        by: usize,
        project: usize,
        issue: usize,
        close: bool,
    },
    Name {
        by: usize,
        project: usize,
        label: usize,
    },
    Unname {
        by: usize,
        project: usize,
        label: usize,
    },
}

/// A place with members.
#[derive(Debug, Clone, Copy)]
pub(super) enum Where {
    Group(usize),
    Project(usize),
}

pub(super) fn any() -> impl Strategy<Value = Step> {
    let n = || 0_usize..64;
    let maybe = || prop_oneof![Just(None), n().prop_map(Some)];
    let place = || prop_oneof![n().prop_map(Where::Group), n().prop_map(Where::Project)];
    prop_oneof![
        1 => (n(), anything::<bool>()).prop_map(|(user, on)| Step::Block { user, on }),
        4 => (n(), n(), maybe(), n()).prop_map(|(by, path, parent, visibility)| {
            Step::Found { by, path, parent, visibility }
        }),
        4 => (n(), place(), n(), n())
            .prop_map(|(by, place, user, level)| Step::Join { by, place, user, level }),
        2 => (n(), place(), n(), n())
            .prop_map(|(by, place, user, level)| Step::Lift { by, place, user, level }),
        2 => (n(), place(), n()).prop_map(|(by, place, user)| Step::Leave { by, place, user }),
        4 => (n(), n(), maybe(), n()).prop_map(|(by, path, group, visibility)| {
            Step::Start { by, path, group, visibility }
        }),
        1 => (n(), n()).prop_map(|(by, project)| Step::Mark { by, project }),
        4 => (n(), n(), maybe()).prop_map(|(by, project, label)| Step::Open { by, project, label }),
        3 => (n(), n(), n(), anything::<bool>())
            .prop_map(|(by, project, issue, close)| Step::Turn { by, project, issue, close }),
        2 => (n(), n(), n()).prop_map(|(by, project, label)| Step::Name { by, project, label }),
        2 => (n(), n(), n()).prop_map(|(by, project, label)| Step::Unname { by, project, label }),
    ]
}

type Told = Result<(), String>;

fn same(reply: &Reply, expected: u16) -> Told {
    if reply.status == expected {
        return Ok(());
    }
    Err(format!(
        "the model says {expected}, the mock {}: {}",
        reply.status,
        reply.text()
    ))
}

fn number(value: &Value) -> u64 {
    value["id"].as_u64().expect("an id")
}

fn pick(all: &[&'static str], at: usize) -> &'static str {
    all[at % all.len()]
}

/// The actor or subject a number chooses.
fn person(model: &Model, at: usize) -> (u64, String) {
    let (id, name) = model
        .users
        .iter()
        .nth(at % model.users.len())
        .expect("somebody");
    (*id, name.clone())
}

pub(super) async fn make_user(gl: &MockGitlab, model: &mut Model, name: &str) -> Told {
    let body = json!({"username": name, "name": name, "email": format!("{name}@model.example"),
                      "password": "a-long-password"});
    let reply = Client::of(gl, "root").post("/users", body).await;
    same(&reply, 201)?;
    model.users.insert(number(&reply.json()), name.to_owned());
    Ok(())
}

impl Step {
    pub(super) async fn play(&self, gl: &MockGitlab, model: &mut Model) -> Told {
        match *self {
            Self::Block { user, on } => block(gl, model, user, on).await,
            Self::Found {
                by,
                path,
                parent,
                visibility,
            } => found(gl, model, (by, path, parent, visibility)).await,
            Self::Join {
                by,
                place,
                user,
                level,
            } => membership(gl, model, (by, place, user), Some((level, true))).await,
            Self::Lift {
                by,
                place,
                user,
                level,
            } => membership(gl, model, (by, place, user), Some((level, false))).await,
            Self::Leave { by, place, user } => membership(gl, model, (by, place, user), None).await,
            Self::Start {
                by,
                path,
                group,
                visibility,
            } => start(gl, model, (by, path, group, visibility)).await,
            Self::Mark { by, project } => mark(gl, model, by, project).await,
            Self::Open { by, project, label } => open(gl, model, by, project, label).await,
            Self::Turn {
                by,
                project,
                issue,
                close,
            } => turn(gl, model, (by, project, issue), close).await,
            Self::Name { by, project, label } => name(gl, model, by, project, label).await,
            Self::Unname { by, project, label } => unname(gl, model, by, project, label).await,
        }
    }
}

async fn block(gl: &MockGitlab, model: &mut Model, user: usize, on: bool) -> Told {
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

async fn found(
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

/// Joins (`Some((level, true))`), changes (`Some((level, false))`) or leaves (`None`).
async fn membership(
    gl: &MockGitlab,
    model: &mut Model,
    (by, place, user): (usize, Where, usize),
    change: Option<(usize, bool)>,
) -> Told {
    let (by, name) = person(model, by);
    let (user, _) = person(model, user);
    let change = change.map(|(level, joins)| (LEVELS[level % LEVELS.len()], joins));
    let (path, seen, own, needed, at) = match place {
        Where::Group(at) if !model.groups.is_empty() => {
            let at = at % model.groups.len();
            let path = format!("/groups/{}/members", model.groups[at].id);
            (
                path,
                model.sees_group(by, at),
                model.group_level(by, at),
                OWNER,
                at,
            )
        }
        Where::Project(at) if !model.projects.is_empty() => {
            let at = at % model.projects.len();
            let project = &model.projects[at];
            let path = format!("/projects/{}/members", project.id);
            let (seen, own) = (
                model.sees_project(by, project),
                model.project_level(by, project),
            );
            (path, seen, own, MAINTAINER, at)
        }
        _ => return Ok(()),
    };
    let is_group = matches!(place, Where::Group(_));
    let members = if is_group {
        &mut model.groups[at].members
    } else {
        &mut model.projects[at].members
    };
    let former = members.get(&user).copied();
    let owners = members.values().filter(|level| **level == OWNER).count();
    let one = format!("{path}/{user}");
    let client = Client::of(gl, &name);
    let (reply, expected) = match change {
        Some((level, true)) => {
            let expected = match former {
                _ if !seen => 404,
                _ if own < needed || level > own => 403,
                Some(_) => 409,
                None => 201,
            };
            let body = json!({"user_id": user, "access_level": level});
            (client.post(&path, body).await, expected)
        }
        Some((level, false)) => {
            let expected = match former {
                _ if !seen => 404,
                _ if own < needed || level > own => 403,
                None => 404,
                Some(former) if former > own => 403,
                Some(_) => 200,
            };
            (
                client.put(&one, json!({"access_level": level})).await,
                expected,
            )
        }
        None => {
            let expected = match former {
                _ if !seen => 404,
                _ if own < needed && by != user => 403,
                None => 404,
                Some(former) if former > own && by != user => 403,
                Some(OWNER) if is_group && owners == 1 => 403,
                Some(_) => 204,
            };
            (client.delete(&one).await, expected)
        }
    };
    if model.blocked.contains(&by) {
        return same(&reply, 403);
    }
    same(&reply, expected)?;
    let members = if is_group {
        &mut model.groups[at].members
    } else {
        &mut model.projects[at].members
    };
    match (expected, change) {
        (200 | 201, Some((level, _))) => {
            members.insert(user, level);
        }
        (204, _) => {
            members.remove(&user);
        }
        _ => {}
    }
    Ok(())
}

async fn start(
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
fn asks(model: &Model, by: usize, project: usize) -> Option<(String, u64, usize, Option<u16>)> {
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

async fn mark(gl: &MockGitlab, model: &mut Model, by: usize, project: usize) -> Told {
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

async fn open(
    gl: &MockGitlab,
    model: &mut Model,
    by: usize,
    project: usize,
    label: Option<usize>,
) -> Told {
    let Some((name, by, at, refused)) = asks(model, by, project) else {
        return Ok(());
    };
    let level = model.project_level(by, &model.projects[at]);
    let project = &mut model.projects[at];
    let hidden = project.visibility == 0 && level < GUEST;
    let expected = refused.unwrap_or(if hidden { 403 } else { 201 });
    let label = label.map(|at| pick(&LABELS, at));
    let body = json!({"title": "It hums", "labels": label.unwrap_or_default()});
    let path = format!("/projects/{}/issues", project.id);
    let reply = Client::of(gl, &name).post(&path, body).await;
    same(&reply, expected)?;
    if expected == 201 {
        // Outsiders may report and not sort.
        let label = label.filter(|_| level >= GUEST).map(str::to_owned);
        project.labels.extend(label.clone());
        project.issues.push(Issue {
            author: by,
            open: true,
            labels: label.into_iter().collect(),
        });
    }
    Ok(())
}

async fn turn(
    gl: &MockGitlab,
    model: &mut Model,
    (by, project, issue): (usize, usize, usize),
    close: bool,
) -> Told {
    let Some((name, by, at, refused)) = asks(model, by, project) else {
        return Ok(());
    };
    let level = model.project_level(by, &model.projects[at]);
    let project = &mut model.projects[at];
    if project.issues.is_empty() {
        return Ok(());
    }
    let iid = issue % project.issues.len();
    let issue = &mut project.issues[iid];
    let may = level >= PLANNER || issue.author == by;
    let expected = refused.unwrap_or(if may { 200 } else { 403 });
    let body = json!({"state_event": if close { "close" } else { "reopen" }});
    let path = format!("/projects/{}/issues/{}", project.id, iid + 1);
    let reply = Client::of(gl, &name).put(&path, body).await;
    same(&reply, expected)?;
    if expected == 200 {
        issue.open = !close;
    }
    Ok(())
}

async fn name(gl: &MockGitlab, model: &mut Model, by: usize, project: usize, label: usize) -> Told {
    let Some((name, by, at, refused)) = asks(model, by, project) else {
        return Ok(());
    };
    let level = model.project_level(by, &model.projects[at]);
    let project = &mut model.projects[at];
    let label = pick(&LABELS, label);
    let expected = refused.unwrap_or(match project.labels.contains(label) {
        _ if level < PLANNER => 403,
        true => 409,
        false => 201,
    });
    let path = format!("/projects/{}/labels", project.id);
    let body = json!({"name": label, "color": "#112233"});
    let reply = Client::of(gl, &name).post(&path, body).await;
    same(&reply, expected)?;
    if expected == 201 {
        project.labels.insert(label.to_owned());
    }
    Ok(())
}

/// A label that goes leaves its issues too.
async fn unname(
    gl: &MockGitlab,
    model: &mut Model,
    by: usize,
    project: usize,
    label: usize,
) -> Told {
    let Some((name, by, at, refused)) = asks(model, by, project) else {
        return Ok(());
    };
    let level = model.project_level(by, &model.projects[at]);
    let project = &mut model.projects[at];
    let label = pick(&LABELS, label);
    let expected = refused.unwrap_or(match project.labels.contains(label) {
        _ if level < PLANNER => 403,
        true => 204,
        false => 404,
    });
    let path = format!("/projects/{}/labels/{label}", project.id);
    let reply = Client::of(gl, &name).delete(&path).await;
    same(&reply, expected)?;
    if expected == 204 {
        project.labels.remove(label);
        for issue in &mut project.issues {
            issue.labels.remove(label);
        }
    }
    Ok(())
}

/// Everybody's lists, and every issue as root sees it.
pub(super) async fn compare(gl: &MockGitlab, model: &Model) -> Told {
    for (user, name) in &model.users {
        if model.blocked.contains(user) {
            continue;
        }
        let client = Client::of(gl, name);
        let seen = |project: &&Project| model.sees_project(*user, project);
        let projects = model
            .projects
            .iter()
            .filter(seen)
            .map(|project| project.id)
            .collect();
        equal(&client, "/projects?per_page=100", name, &projects).await?;
        let groups = (0..model.groups.len()).filter(|at| model.sees_group(*user, *at));
        let groups = groups.map(|at| model.groups[at].id).collect();
        equal(&client, "/groups?per_page=100", name, &groups).await?;
    }
    let root = Client::of(gl, "root");
    for project in &model.projects {
        let path = format!("/projects/{}/issues?per_page=100&sort=asc", project.id);
        let rows = root.get(&path).await.json();
        let expected: Vec<Value> = project
            .issues
            .iter()
            .map(|issue| json!([if issue.open { "opened" } else { "closed" }, issue.labels]))
            .collect();
        let rows: Vec<Value> = rows
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| json!([row["state"], row["labels"]]))
            .collect();
        if rows != expected {
            return Err(format!(
                "issues of {}: {expected:?}, the mock {rows:?}",
                project.id
            ));
        }
    }
    Ok(())
}

async fn equal(client: &Client<'_>, path: &str, name: &str, expected: &BTreeSet<u64>) -> Told {
    let rows = client.get(path).await.json();
    let shown: BTreeSet<u64> = rows.as_array().into_iter().flatten().map(number).collect();
    if shown == *expected {
        return Ok(());
    }
    Err(format!(
        "{name} sees at {path} {expected:?} by the model, {shown:?} in the mock"
    ))
}
