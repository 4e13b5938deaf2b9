//! The merge requests of Larkspur: one in each state a reader may meet.

use serde_json::json;

use super::{at, user};
use crate::world::{DiffVersion, NewMergeRequest, World};

/// One merge request of the story.
struct Plan {
    branch: &'static str,
    title: &'static str,
    description: &'static str,
    author: &'static str,
    reviewer: &'static str,
    approved: &'static [&'static str],
    labels: &'static [&'static str],
    opened: &'static str,
}

/// In the order of their numbers in the main project.
const PLANS: [Plan; 9] = [
    Plan {
        branch: "pins-beyond-the-comb",
        title: "Drop pins beyond the last tooth",
        description: "Closes #4",
        author: "bob",
        reviewer: "alice",
        approved: &["alice"],
        labels: &["bug"],
        opened: "2026-07-14T11:30:00Z",
    },
    Plan {
        branch: "feature/crank-sensor",
        title: "Count the turns of the crank",
        description: "A reed switch and a magnet.\n\nRelated to #6.",
        author: "bob",
        reviewer: "alice",
        approved: &["alice"],
        labels: &["feature"],
        opened: "2026-10-13T10:05:00Z",
    },
    Plan {
        branch: "fix-tempo-drift",
        title: "Turn at an even pace",
        description: "Fixes #3",
        author: "bob",
        reviewer: "alice",
        approved: &["alice"],
        labels: &["bug", "priority::high"],
        opened: "2026-10-19T17:40:00Z",
    },
    Plan {
        branch: "docs-rewrite",
        title: "Say why five turns are too many",
        description: "For everyone who asks. See #5.",
        author: "alice",
        reviewer: "bob",
        approved: &["bob"],
        labels: &["docs"],
        opened: "2026-10-21T08:55:00Z",
    },
    Plan {
        branch: "songbird-hinge",
        title: "Draft: Hinge the lid for the songbird",
        description: "Not ready: the bird looks the wrong way. Part of #7.",
        author: "bob",
        reviewer: "",
        approved: &[],
        labels: &["feature", "mechanics"],
        opened: "2026-10-27T09:40:00Z",
    },
    Plan {
        branch: "retune-comb",
        title: "Retune the comb to A = 442",
        description: "It sounds brighter in the shop.",
        author: "bob",
        reviewer: "alice",
        approved: &[],
        labels: &["mechanics"],
        opened: "2026-10-24T15:10:00Z",
    },
    Plan {
        branch: "winter-carol",
        title: "Add a winter carol",
        description: "Fourteen notes, all of them on the comb.",
        author: "bob",
        reviewer: "alice",
        approved: &[],
        labels: &["feature"],
        opened: "2026-10-28T10:20:00Z",
    },
    Plan {
        branch: "electric-motor",
        title: "Replace the crank with a motor",
        description: "It was late.",
        author: "bob",
        reviewer: "",
        approved: &[],
        labels: &[],
        opened: "2026-09-30T23:10:00Z",
    },
    Plan {
        branch: "quieter-ratchet",
        title: "Click less often",
        description: "Twelve clicks per turn instead of twenty.",
        author: "bob",
        reviewer: "alice",
        approved: &["alice"],
        labels: &["mechanics"],
        opened: "2026-11-01T08:55:00Z",
    },
];

pub(super) fn plant(world: &mut World) {
    if let Some(project) = world.projects.get_mut(&1) {
        let settings = [
            (
                "only_allow_merge_if_all_discussions_are_resolved",
                json!(true),
            ),
            ("only_allow_merge_if_pipeline_succeeds", json!(true)),
            ("approvals_before_merge", json!(1)),
        ];
        for (name, value) in settings {
            project.settings.insert(name.to_owned(), value);
        }
    }
    for plan in &PLANS {
        let new = NewMergeRequest {
            project: 1,
            source_project: 1,
            source_branch: plan.branch,
            target_branch: "main",
            author: user(world, plan.author),
            title: plan.title,
        };
        let id = world.add_merge_request(new, at(plan.opened));
        let reviewer = world.find_user(plan.reviewer).map(|user| user.id);
        let approved = plan.approved.iter().map(|name| user(world, name)).collect();
        if let Some(request) = world.merge_requests.get_mut(&id) {
            plan.description.clone_into(&mut request.description);
            request.reviewers.extend(reviewer);
            request.assignees = vec![request.author];
            request.approved_by = approved;
            request.labels = plan
                .labels
                .iter()
                .map(|label| (*label).to_owned())
                .collect();
            request.remove_source_branch = true;
        }
    }
    merged(world);
    closed(world);
    website(world);
}

/// The first one was merged in July: its diff is what the merge brought.
fn merged(world: &mut World) {
    let alice = user(world, "alice");
    let id = world.next_id("diff version");
    let when = at("2026-07-15T09:02:00Z");
    let Some(repository) = world.repositories.get(&1) else {
        return;
    };
    let merge = repository
        .commits()
        .find(|commit| commit.parents.len() == 2);
    let Some([start, head]) = merge.map(|commit| commit.parents.as_slice()) else {
        return;
    };
    let base = match (repository.commit(start), repository.commit(head)) {
        (Some(one), Some(two)) => repository.merge_base(one, two),
        _ => None,
    };
    let version = DiffVersion {
        id,
        base: base.map_or_else(|| start.clone(), |commit| commit.id.clone()),
        start: start.clone(),
        head: head.clone(),
        created_at: when,
    };
    let merge = merge.map(|commit| commit.id.clone());
    if let Some(request) = world.merge_request_mut("larkspur/music-box", 1) {
        "merged".clone_into(&mut request.state);
        request.sha.clone_from(&version.head);
        request.versions = vec![version];
        request.merge_commit_sha = merge;
        request.merged_by = Some(alice);
        request.merged_at = Some(when);
        request.updated_at = when;
    }
}

fn closed(world: &mut World) {
    let bob = user(world, "bob");
    let when = at("2026-10-01T08:01:00Z");
    if let Some(request) = world.merge_request_mut("larkspur/music-box", 8) {
        "closed".clone_into(&mut request.state);
        request.closed_by = Some(bob);
        request.closed_at = Some(when);
        request.updated_at = when;
    }
}

/// One in the second project, where nothing stands in the way.
fn website(world: &mut World) {
    let Some(project) = world
        .find_project("larkspur/website")
        .map(|project| project.id)
    else {
        return;
    };
    let new = NewMergeRequest {
        project,
        source_project: project,
        source_branch: "winter-opening-hours",
        target_branch: "main",
        author: user(world, "bob"),
        title: "Close earlier in winter",
    };
    world.add_merge_request(new, at("2026-10-30T12:05:00Z"));
}
