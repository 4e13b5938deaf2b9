//! Steps about issues and labels.

use serde_json::json;

use mock_gitlab::MockGitlab;

use super::projects::asks;
use super::rules::{GUEST, Issue, Model, PLANNER};
use super::steps::LABELS;
use super::told::{Told, pick, same};
use crate::client::Client;

pub(super) async fn open(
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

pub(super) async fn turn(
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

pub(super) async fn name(
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
pub(super) async fn unname(
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
