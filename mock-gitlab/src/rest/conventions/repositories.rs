//! Getting from a project to its repository, revisions and files.

use crate::context::Cx;
use crate::error::ApiError;
use crate::world::repository::{Commit, Person, Repository};
use crate::world::{Project, User};

impl Cx<'_> {
    /// The repository of a project.
    pub(crate) fn repository(&self, project: &Project) -> Result<&Repository, ApiError> {
        self.world
            .repositories
            .get(&project.id)
            .ok_or_else(|| ApiError::not_found("Repository"))
    }

    /// The same, to be changed; the project counts as active from now on.
    pub(crate) fn repository_mut(
        &mut self,
        project: &Project,
    ) -> Result<&mut Repository, ApiError> {
        let now = self.now;
        if let Some(project) = self.world.projects.get_mut(&project.id) {
            project.last_activity_at = now;
        }
        let repository = self.world.repositories.get_mut(&project.id);
        repository.ok_or_else(|| ApiError::not_found("Repository"))
    }

    /// 403 unless the caller may push to the branch. Anonymous callers never get here.
    pub(crate) fn require_push(&self, project: &Project, branch: &str) -> Result<(), ApiError> {
        if self.level_in(project) < crate::world::access::DEVELOPER || project.archived {
            return Err(ApiError::forbidden());
        }
        if self.pushes_to(project, branch) {
            return Ok(());
        }
        Err(ApiError::message(
            403,
            "403 Forbidden - You are not allowed to push into this branch",
        ))
    }

    /// The caller as the author of a commit made now.
    pub(crate) fn person(&self, user: &User) -> Person {
        Person {
            name: user.name.clone(),
            email: user.email.clone(),
            at: self.now,
        }
    }
}

/// A revision, or `404 <what> Not Found`.
pub(crate) fn revision<'a>(
    repository: &'a Repository,
    name: &str,
    what: &str,
) -> Result<&'a Commit, ApiError> {
    repository
        .resolve(name)
        .ok_or_else(|| ApiError::not_found(what))
}
