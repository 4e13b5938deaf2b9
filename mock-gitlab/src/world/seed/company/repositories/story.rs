//! Telling the history of a repository commit by commit.

use crate::clock::Timestamp;
use crate::world::World;
use crate::world::repository::{
    Change, Files, Merged, NewCommit, Person, Repository, Tag, TagSignature,
};

/// The repository of one project while its history is being told. A step that makes
/// no sense is left out; a test of the seed would notice.
pub(super) struct Story<'a> {
    world: &'a mut World,
    project: u64,
    branch: String,
}

impl<'a> Story<'a> {
    pub(super) fn of(world: &'a mut World, path: &str) -> Self {
        let project = world.find_project(path).map_or(0, |project| project.id);
        Self {
            world,
            project,
            branch: "main".to_owned(),
        }
    }

    /// Goes on with a branch, made from another one if it is new.
    pub(super) fn on(&mut self, branch: &str, from: &str) -> &mut Self {
        if let Some(repository) = self.world.repositories.get_mut(&self.project)
            && let Some(head) = repository.branches.get(from).cloned()
        {
            repository.branches.entry(branch.to_owned()).or_insert(head);
        }
        branch.clone_into(&mut self.branch);
        self
    }

    /// One commit: `who` is `alice 2026-09-01T09:00:00Z`.
    pub(super) fn commit(&mut self, who: &str, message: &str, changes: &[Change]) -> &mut Self {
        let person = self.person(who);
        let branch = self.branch.clone();
        if let Some(repository) = self.repository() {
            repository
                .commit_to(&branch, changes, &person, message)
                .ok();
        }
        self.touch(person.at)
    }

    /// Merges another branch with a merge commit.
    pub(super) fn merge(&mut self, who: &str, other: &str) -> &mut Self {
        let person = self.person(who);
        let branch = self.branch.clone();
        if let Some(repository) = self.repository()
            && let Some((files, parents)) = merged(repository, &branch, other)
        {
            let message = format!("Merge branch '{other}' into '{branch}'");
            let new = NewCommit {
                parents,
                author: person.clone(),
                committer: person.clone(),
                message,
            };
            let id = repository.write_commit(&files, new);
            repository.branches.insert(branch, id);
        }
        self.touch(person.at)
    }

    /// An annotated tag at the head of the branch.
    pub(super) fn tag(&mut self, who: &str, name: &str, message: &str) -> &mut Self {
        let person = self.person(who);
        let branch = self.branch.clone();
        if let Some(repository) = self.repository()
            && let Some(commit) = repository.branches.get(&branch).cloned()
        {
            let message = Some(message.to_owned());
            repository.tags.insert(
                name.to_owned(),
                Tag {
                    commit,
                    message,
                    tagger: Some(person),
                    signature: None,
                },
            );
        }
        self
    }

    /// Signs a tag with a certificate of the workshop.
    pub(super) fn sign(&mut self, name: &str, subject: &str, email: &str) -> &mut Self {
        let tags = self.repository().map(|repository| &mut repository.tags);
        if let Some(tag) = tags.and_then(|tags| tags.get_mut(name)) {
            tag.signature = Some(TagSignature {
                verified: true,
                subject: subject.to_owned(),
                email: email.to_owned(),
                issuer: "CN=Larkspur Seal,O=Larkspur".to_owned(),
            });
        }
        self
    }

    fn repository(&mut self) -> Option<&mut Repository> {
        self.world.repositories.get_mut(&self.project)
    }

    fn touch(&mut self, at: Timestamp) -> &mut Self {
        if let Some(project) = self.world.projects.get_mut(&self.project) {
            project.last_activity_at = project.last_activity_at.max(at);
        }
        self
    }

    fn person(&self, who: &str) -> Person {
        let (name, at) = who.split_once(' ').unwrap_or((who, ""));
        let at = Timestamp::parse(at).unwrap_or_default();
        match self.world.find_user(name) {
            Some(user) => Person {
                name: user.name.clone(),
                email: user.email.clone(),
                at,
            },
            None => Person {
                name: name.to_owned(),
                email: format!("{name}@larkspur.example"),
                at,
            },
        }
    }
}

fn merged(repository: &Repository, ours: &str, theirs: &str) -> Option<(Files, Vec<String>)> {
    let (ours, theirs) = (repository.resolve(ours)?, repository.resolve(theirs)?);
    match repository.merge(ours, theirs) {
        Merged::Clean(files) => Some((files, vec![ours.id.clone(), theirs.id.clone()])),
        Merged::Conflict(_) => None,
    }
}
