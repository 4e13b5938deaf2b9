//! The steps of a history: who asks for what.

use proptest::prelude::{Just, Strategy, any as anything, prop_oneof};

use mock_gitlab::MockGitlab;

use super::rules::Model;
use super::told::Told;
use super::{members, people, projects, work};

/// Who takes part besides root.
pub(super) const PEOPLE: [&str; 3] = ["ada", "ben", "cleo"];
pub(super) const PATHS: [&str; 4] = ["ada", "bell", "comb", "drum"];
pub(super) const LABELS: [&str; 3] = ["bug", "later", "tune"];
pub(super) const LEVELS: [u64; 6] = [5, 10, 15, 30, 40, 50];

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

impl Step {
    pub(super) async fn play(&self, gl: &MockGitlab, model: &mut Model) -> Told {
        match *self {
            Self::Block { user, on } => people::block(gl, model, user, on).await,
            Self::Found {
                by,
                path,
                parent,
                visibility,
            } => people::found(gl, model, (by, path, parent, visibility)).await,
            Self::Join {
                by,
                place,
                user,
                level,
            } => members::change(gl, model, (by, place, user), members::Change::Join(level)).await,
            Self::Lift {
                by,
                place,
                user,
                level,
            } => members::change(gl, model, (by, place, user), members::Change::Lift(level)).await,
            Self::Leave { by, place, user } => {
                members::change(gl, model, (by, place, user), members::Change::Leave).await
            }
            Self::Start {
                by,
                path,
                group,
                visibility,
            } => projects::start(gl, model, (by, path, group, visibility)).await,
            Self::Mark { by, project } => projects::mark(gl, model, by, project).await,
            Self::Open { by, project, label } => work::open(gl, model, by, project, label).await,
            Self::Turn {
                by,
                project,
                issue,
                close,
            } => work::turn(gl, model, (by, project, issue), close).await,
            Self::Name { by, project, label } => work::name(gl, model, by, project, label).await,
            Self::Unname { by, project, label } => {
                work::unname(gl, model, by, project, label).await
            }
        }
    }
}
