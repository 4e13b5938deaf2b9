//! GitLab's rules in small: who sees what, and what may be done to it.

use std::collections::{BTreeMap, BTreeSet};

pub(super) const GUEST: u64 = 10;
pub(super) const PLANNER: u64 = 15;
pub(super) const DEVELOPER: u64 = 30;
pub(super) const MAINTAINER: u64 = 40;
pub(super) const OWNER: u64 = 50;

/// The administrator's number.
pub(super) const ROOT: u64 = 1;

/// From the most hidden to the most open.
pub(super) const VISIBILITIES: [&str; 3] = ["private", "internal", "public"];

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) path: String,
    /// Index of the group above.
    pub(super) parent: Option<usize>,
    /// Index in [`VISIBILITIES`].
    pub(super) visibility: usize,
    pub(super) members: BTreeMap<u64, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By user id.
    Own(u64),
    /// By index.
    Group(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) id: u64,
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) visibility: usize,
    pub(super) members: BTreeMap<u64, u64>,
    pub(super) labels: BTreeSet<String>,
    pub(super) issues: Vec<Issue>,
    pub(super) marked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Issue {
    pub(super) author: u64,
    pub(super) open: bool,
    pub(super) labels: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    /// Names by user id.
    pub(super) users: BTreeMap<u64, String>,
    pub(super) blocked: BTreeSet<u64>,
    pub(super) groups: Vec<Group>,
    pub(super) projects: Vec<Project>,
}

impl Model {
    pub(super) fn new() -> Self {
        let users = BTreeMap::from([(ROOT, "root".to_owned())]);
        Self {
            users,
            ..Self::default()
        }
    }

    /// The group and those above it.
    fn line(&self, group: usize) -> Vec<&Group> {
        let above = |group: &&Group| group.parent.and_then(|parent| self.groups.get(parent));
        std::iter::successors(self.groups.get(group), above).collect()
    }

    /// As a member, here or above.
    fn membership(&self, user: u64, group: usize) -> u64 {
        let line = self.line(group);
        let levels = line.iter().filter_map(|group| group.members.get(&user));
        levels.max().copied().unwrap_or(0)
    }

    pub(super) fn group_level(&self, user: u64, group: usize) -> u64 {
        if user == ROOT {
            return OWNER;
        }
        self.membership(user, group)
    }

    pub(super) fn project_level(&self, user: u64, project: &Project) -> u64 {
        if user == ROOT {
            return OWNER;
        }
        let inherited = match project.place {
            Place::Own(owner) if owner == user => OWNER,
            Place::Own(_) => 0,
            Place::Group(group) => self.membership(user, group),
        };
        project
            .members
            .get(&user)
            .copied()
            .unwrap_or(0)
            .max(inherited)
    }

    pub(super) fn sees_project(&self, user: u64, project: &Project) -> bool {
        project.visibility > 0 || self.project_level(user, project) > 0
    }

    /// Members of a project see the groups above it.
    pub(super) fn sees_group(&self, user: u64, group: usize) -> bool {
        let below = |project: &&Project| match project.place {
            Place::Group(place) => self
                .line(place)
                .iter()
                .any(|g| g.id == self.groups[group].id),
            Place::Own(_) => false,
        };
        self.groups[group].visibility > 0
            || self.group_level(user, group) > 0
            || self
                .projects
                .iter()
                .filter(below)
                .any(|project| self.project_level(user, project) > 0)
    }

    /// Whether a group of that path exists there, or a user who has it.
    pub(super) fn path_is_taken(&self, parent: Option<usize>, path: &str) -> bool {
        let mut siblings = self.groups.iter().filter(|group| group.parent == parent);
        let user = parent.is_none() && self.users.values().any(|name| name == path);
        user || siblings.any(|group| group.path == path)
    }

    /// The founder of a group becomes its owner unless they own what is above.
    pub(super) fn founder(&self, user: u64, parent: Option<usize>) -> BTreeMap<u64, u64> {
        match parent {
            Some(parent) if self.membership(user, parent) >= OWNER => BTreeMap::new(),
            _ => BTreeMap::from([(user, OWNER)]),
        }
    }
}
