//! What everybody sees in the end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use mock_gitlab::MockGitlab;

use super::rules::{Model, Project};
use super::told::{Told, number};
use crate::client::Client;

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
