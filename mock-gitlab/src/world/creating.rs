//! Making groups and projects: used by the seeds, the API and tests alike.

use serde_json::Map;

use super::access::{MAINTAINER, OWNER};
use super::{Group, Member, Namespace, Project, ProtectedBranch, Repository, Visibility, World};
use crate::clock::Timestamp;

/// A group to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewGroup<'a> {
    /// Display name.
    pub name: &'a str,
    /// Last part of the path.
    pub path: &'a str,
    /// The group above.
    pub parent: Option<u64>,
    /// What it is for.
    pub description: &'a str,
    /// Who sees it.
    pub visibility: Visibility,
}

/// A project to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewProject<'a> {
    /// Display name.
    pub name: &'a str,
    /// Last part of the path.
    pub path: &'a str,
    /// Where it lies.
    pub namespace: Namespace,
    /// What it is.
    pub description: &'a str,
    /// Who sees it.
    pub visibility: Visibility,
}

impl World {
    /// Makes a group; the creator becomes its owner unless it lies in another group.
    pub fn add_group(&mut self, new: NewGroup<'_>, creator: u64, now: Timestamp) -> u64 {
        let id = self.next_id("namespace");
        let members = match new.parent {
            Some(parent) if self.group_level(creator, parent) >= OWNER => Vec::new(),
            _ => vec![Member::new(creator, OWNER, now)],
        };
        let group = Group {
            id,
            name: new.name.to_owned(),
            path: new.path.to_owned(),
            parent: new.parent,
            description: new.description.to_owned(),
            visibility: new.visibility,
            avatar: None,
            members,
            protected_branches: Vec::new(),
            archived: false,
            settings: Map::new(),
            created_at: now,
            marked_for_deletion_on: None,
        };
        self.groups.insert(id, group);
        id
    }

    /// Makes a project with an empty repository. In a personal namespace its owner
    /// becomes a member, in a group the rights of the group suffice.
    pub fn add_project(&mut self, new: NewProject<'_>, creator: u64, now: Timestamp) -> u64 {
        let id = self.next_id("project");
        let members = match new.namespace {
            Namespace::User(owner) => vec![Member::new(owner, OWNER, now)],
            Namespace::Group(_) => Vec::new(),
        };
        let project = Project {
            id,
            name: new.name.to_owned(),
            path: new.path.to_owned(),
            namespace: new.namespace,
            description: new.description.to_owned(),
            visibility: new.visibility,
            archived: false,
            creator,
            avatar: None,
            members,
            topics: Vec::new(),
            star_count: 0,
            forked_from: None,
            protected_branches: Vec::new(),
            settings: Map::new(),
            former_paths: Vec::new(),
            created_at: now,
            last_activity_at: now,
            marked_for_deletion_on: None,
        };
        self.projects.insert(id, project);
        self.repositories.insert(id, Repository::new("main"));
        id
    }

    /// Protects a branch (or pattern) for maintainers.
    pub fn protect_branch(&mut self, project: u64, name: &str) {
        let id = self.next_id("protected branch");
        if let Some(project) = self.projects.get_mut(&project) {
            project.protected_branches.push(ProtectedBranch {
                id,
                name: name.to_owned(),
                push_level: MAINTAINER,
                merge_level: MAINTAINER,
                allow_force_push: false,
                code_owner_approval_required: false,
            });
        }
    }
}

impl Member {
    /// A direct membership without an end.
    pub fn new(user: u64, level: u8, now: Timestamp) -> Self {
        Self {
            user,
            level,
            created_at: now,
            expires_at: None,
            created_by: None,
        }
    }
}
