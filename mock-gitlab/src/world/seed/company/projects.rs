//! Groups, projects, members, labels and milestones of Larkspur.

use crate::clock::Timestamp;
use crate::world::access::{DEVELOPER, GUEST, MAINTAINER};
use crate::world::{
    Label, Member, Milestone, Namespace, NewGroup, NewProject, Owner, Visibility, World,
};

/// Namespace, name, path, visibility, description, topics.
type Plan = (
    &'static str,
    &'static str,
    &'static str,
    Visibility,
    &'static str,
    &'static [&'static str],
);

/// The projects, in the order of their ids: 1 is the main one.
const PROJECTS: [Plan; 9] = [
    (
        "larkspur",
        "Music Box",
        "music-box",
        Visibility::Public,
        "Firmware and arrangement tools for the crank-driven music box",
        &["music", "rust", "clockwork"],
    ),
    (
        "larkspur",
        "Website",
        "website",
        Visibility::Public,
        "The shop window: larkspur.example",
        &["html"],
    ),
    (
        "larkspur/workshop",
        "Tuning Fork",
        "tuning-fork",
        Visibility::Internal,
        "Listens to a comb and says which tooth is flat",
        &["music", "python"],
    ),
    (
        "larkspur/workshop",
        "Suggestion Box",
        "suggestion-box",
        Visibility::Internal,
        "Ideas from customers, as they wrote them. Read with care.",
        &["letters"],
    ),
    (
        "larkspur",
        "Ledger",
        "ledger",
        Visibility::Private,
        "Orders, prices and the spare parts list",
        &[],
    ),
    (
        "root",
        "Instance Notes",
        "instance-notes",
        Visibility::Private,
        "Where the keys hang",
        &[],
    ),
    (
        "alice",
        "Sketches",
        "sketches",
        Visibility::Private,
        "Mechanisms that may never turn",
        &[],
    ),
    (
        "bob",
        "Scratchpad",
        "scratchpad",
        Visibility::Private,
        "Half a governor and a pun",
        &[],
    ),
    (
        "carol",
        "Letters",
        "letters",
        Visibility::Private,
        "Drafts of answers to customers",
        &[],
    ),
];

const LABELS: [(&str, &str, &str); 6] = [
    ("bug", "#d9534f", "Something does not turn as it should"),
    ("feature", "#428bca", "A new tune, or a new trick"),
    ("docs", "#5cb85c", "Words about the box"),
    ("mechanics", "#8e44ad", "Springs, combs, cylinders"),
    (
        "good first turn",
        "#f0ad4e",
        "Small enough for a first afternoon",
    ),
    ("priority::high", "#c0392b", "Before the holidays"),
];

pub(super) fn plant(world: &mut World) {
    let now = Timestamp::parse("2025-02-03T09:00:00Z").unwrap_or_default();
    let user = |world: &World, name: &str| world.find_user(name).map_or(0, |user| user.id);
    let (root, alice) = (user(world, "root"), user(world, "alice"));
    let (bob, carol) = (user(world, "bob"), user(world, "carol"));
    let larkspur = world.add_group(
        NewGroup {
            name: "Larkspur",
            path: "larkspur",
            parent: None,
            description: "Makers of wind-up music boxes since this morning",
            visibility: Visibility::Public,
        },
        root,
        now,
    );
    world.add_group(
        NewGroup {
            name: "Workshop",
            path: "workshop",
            parent: Some(larkspur),
            description: "Tools only we would miss",
            visibility: Visibility::Internal,
        },
        root,
        now,
    );
    if let Some(group) = world.groups.get_mut(&larkspur) {
        group.members.extend([
            Member::new(alice, MAINTAINER, now),
            Member::new(bob, DEVELOPER, now),
            Member::new(carol, GUEST, now),
        ]);
    }
    projects(world, alice, now);
    labels(world, larkspur);
    milestones(world, now);
    iterations(world, larkspur, now);
}

fn projects(world: &mut World, alice: u64, now: Timestamp) {
    for (place, name, path, visibility, description, topics) in PROJECTS {
        let (namespace, creator) = match (world.find_group(place), world.find_user(place)) {
            (Some(group), _) => (Namespace::Group(group.id), alice),
            (None, Some(user)) => (Namespace::User(user.id), user.id),
            (None, None) => continue,
        };
        let new = NewProject {
            name,
            path,
            namespace,
            description,
            visibility,
        };
        let id = world.add_project(new, creator, now);
        world.protect_branch(id, "main");
        if let Some(project) = world.projects.get_mut(&id) {
            project.topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
            project.star_count = if id == 1 { 12 } else { 0 };
        }
    }
}

/// Labels of the main project, and one of the group.
fn labels(world: &mut World, larkspur: u64) {
    let mut add = |owner: Owner, (name, color, description): (&str, &str, &str)| {
        let id = world.next_id("label");
        let label = Label {
            id,
            owner,
            name: name.to_owned(),
            color: color.to_owned(),
            description: Some(description.to_owned()),
            priority: None,
        };
        world.labels.insert(id, label);
    };
    for label in LABELS {
        add(Owner::Project(1), label);
    }
    add(
        Owner::Group(larkspur),
        ("customer", "#17a2b8", "Somebody wrote us a letter"),
    );
}

/// Fortnights at the bench: one that is over, the one in which the story begins, and the next.
fn iterations(world: &mut World, larkspur: u64, now: Timestamp) {
    for days in [
        ("2026-10-12", "2026-10-25"),
        ("2026-10-26", "2026-11-08"),
        ("2026-11-09", "2026-11-22"),
    ] {
        world.add_iteration(larkspur, "Bench fortnights", days, now);
    }
}

fn milestones(world: &mut World, now: Timestamp) {
    let plan = [
        (
            "1.0 First Turn",
            "closed",
            "2026-03-02",
            "2026-06-30",
            "A box that plays one tune to the end",
        ),
        (
            "1.2 Second Tune",
            "active",
            "2026-09-01",
            "2026-11-30",
            "Swappable cylinders",
        ),
        (
            "2.0 Songbird",
            "active",
            "2026-12-01",
            "2027-04-30",
            "A bird on the lid that turns its head",
        ),
    ];
    for (title, state, start, due, description) in plan {
        let id = world.next_id("milestone");
        let iid = world.next_iid(1, "milestone");
        let milestone = Milestone {
            id,
            iid,
            owner: Owner::Project(1),
            title: title.to_owned(),
            description: description.to_owned(),
            state: state.to_owned(),
            start_date: Some(start.to_owned()),
            due_date: Some(due.to_owned()),
            created_at: now,
            updated_at: now,
        };
        world.milestones.insert(id, milestone);
    }
}
