//! World `huge`: the company, and a warehouse in which every list is too long.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::world::repository::{Change, FileEntry, NewCommit, Person, REGULAR};
use crate::world::{Namespace, NewMergeRequest, NewProject, Visibility, World};

/// Issues of the warehouse: above the 10,000 rows GitLab still counts for a client.
const ISSUES: u64 = 20_000;
/// Files in its directory `shelves`.
const FILES: usize = 12_000;
/// Bytes of the file its merge request adds.
const DIFF: usize = 5 * 1024 * 1024;
/// A tenth of the issues is about each of these.
const LABELS: [&str; 4] = ["bug", "feature", "docs", "mechanics"];

/// Plants the company and the warehouse behind it. The log of five megabytes is the
/// company's: the job `huge` of its main project.
pub(crate) fn plant(world: &mut World) {
    super::company::plant(world);
    let now = Timestamp::parse("2026-08-03T07:00:00Z").unwrap_or_default();
    let group = world.find_group("larkspur").map_or(0, |group| group.id);
    let alice = world.find_user("alice").map_or(0, |user| user.id);
    let warehouse = NewProject {
        name: "Warehouse",
        path: "warehouse",
        namespace: Namespace::Group(group),
        description: "Every box ever made, and a note on each",
        visibility: Visibility::Internal,
    };
    let project = world.add_project(warehouse, alice, now);
    issues(world, project, now);
    shelves(world, project, now);
    inventory(world, project, now);
}

/// One issue a minute, by everyone in turn, one in three closed.
fn issues(world: &mut World, project: u64, start: Timestamp) {
    let people: Vec<u64> = ["alice", "bob", "carol"]
        .iter()
        .filter_map(|name| world.find_user(name).map(|user| user.id))
        .collect();
    let turn = |list: &[u64], number: u64| {
        let at = usize::try_from(number).unwrap_or(0) % list.len().max(1);
        list.get(at).copied().unwrap_or(0)
    };
    for number in 1..=ISSUES {
        let now = start.plus(Duration::from_mins(number));
        let author = turn(&people, number);
        let title = format!("Box {number} wants a new spring");
        let id = world.add_issue(project, author, &title, now);
        let Some(issue) = world.issues.get_mut(&id) else {
            continue;
        };
        let label = usize::try_from(number % 10)
            .ok()
            .and_then(|at| LABELS.get(at));
        issue.labels = label.into_iter().map(|name| (*name).to_owned()).collect();
        if number % 5 == 0 {
            issue.assignees = vec![turn(&people, number + 1)];
        }
        if number % 3 == 0 {
            issue.close(author, now.plus(Duration::from_secs(30)));
        }
    }
}

fn person(world: &World, at: Timestamp) -> Person {
    let alice = world.find_user("alice");
    Person {
        name: alice.map_or_else(String::new, |user| user.name.clone()),
        email: alice.map_or_else(String::new, |user| user.email.clone()),
        at,
    }
}

/// The first commit: a directory with more entries than anyone pages through.
fn shelves(world: &mut World, project: u64, now: Timestamp) {
    let author = person(world, now);
    let Some(repository) = world.repositories.get_mut(&project) else {
        return;
    };
    // One content for all of them keeps it small.
    let blob = repository.add_blob(b"one music box, wound\n");
    let entry = |blob: &String| FileEntry {
        mode: REGULAR,
        blob: blob.clone(),
    };
    let mut files: std::collections::BTreeMap<_, _> = (1..=FILES)
        .map(|number| (format!("shelves/box-{number:05}.txt"), entry(&blob)))
        .collect();
    let readme = repository.add_blob(b"# Warehouse\n\nMind the ladder.\n");
    files.insert("README.md".to_owned(), entry(&readme));
    let commit = NewCommit {
        parents: Vec::new(),
        author: author.clone(),
        committer: author,
        message: "Put every box on its shelf\n".to_owned(),
    };
    let id = repository.write_commit(&files, commit);
    repository.branches.insert("main".to_owned(), id);
}

/// A merge request that adds one file of five megabytes.
fn inventory(world: &mut World, project: u64, start: Timestamp) {
    use std::fmt::Write as _;
    let now = start.plus(Duration::from_hours(24));
    let author = person(world, now);
    let mut text = String::with_capacity(DIFF + 80);
    let mut number = 0_u64;
    while text.len() < DIFF {
        number += 1;
        let shelf = number % 97;
        // Writing to a String cannot fail.
        writeln!(
            text,
            "{number},shelf {shelf},eighteen teeth,wound,no complaints"
        )
        .ok();
    }
    if let Some(repository) = world.repositories.get_mut(&project) {
        let main = repository.branches.get("main").cloned();
        repository
            .branches
            .extend(main.map(|id| ("count-the-boxes".to_owned(), id)));
        let change = [Change::create("inventory.csv", &text)];
        // A path that cannot be made would leave the branch empty; the tests would notice.
        repository
            .commit_to("count-the-boxes", &change, &author, "Count the boxes\n")
            .ok();
    }
    let alice = world.find_user("alice").map_or(0, |user| user.id);
    let new = NewMergeRequest {
        project,
        source_project: project,
        source_branch: "count-the-boxes",
        target_branch: "main",
        author: alice,
        title: "Count the boxes",
    };
    world.add_merge_request(new, now);
}
