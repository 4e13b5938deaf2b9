//! What a caller may see and do. What may not be seen is not there: 404.
//! <https://docs.gitlab.com/user/permissions/>

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::world::access::{DEVELOPER, OWNER, REPORTER};
use crate::world::{Group, Namespace, Project, User, Visibility};

impl Cx<'_> {
    /// The caller, who must be an administrator: 401 for anonymous callers, 403 for others.
    pub(crate) fn admin(&self) -> Result<User, ApiError> {
        let user = self.user()?;
        if user.admin {
            Ok(user)
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// The project in the path (`:id`), visible to the caller.
    pub(crate) fn project(&self) -> Result<Project, ApiError> {
        self.project_named(self.path.get("id"))
    }

    /// A project by number or full path, visible to the caller. A path the
    /// project has left redirects, as GitLab does.
    pub(crate) fn project_named(&self, reference: &str) -> Result<Project, ApiError> {
        let hidden = || ApiError::not_found("Project");
        if let Some(project) = self.world.find_project(reference) {
            let seen = self.sees_project(project);
            return if seen {
                Ok(project.clone())
            } else {
                Err(hidden())
            };
        }
        let moved = self
            .world
            .find_moved_project(reference)
            .filter(|p| self.sees_project(p));
        match moved {
            Some(project) if self.request.is_read() => Err(self.moved(project).into()),
            _ => Err(hidden()),
        }
    }

    fn moved(&self, project: &Project) -> Answer {
        let place = self
            .request
            .path
            .split('/')
            .skip(5)
            .collect::<Vec<_>>()
            .join("/");
        let rest = if place.is_empty() {
            place
        } else {
            format!("/{place}")
        };
        let query = &self.request.query;
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        let path = format!(
            "{}/api/v4/projects/{}{rest}{query}",
            self.site.base_path, project.id
        );
        let text = format!("This resource has been moved permanently to {path}");
        Answer::text(301, text).header("Location", path)
    }

    /// As [`Cx::project`], for callers with at least this access level.
    pub(crate) fn project_as(&self, level: u8) -> Result<Project, ApiError> {
        let project = self.project()?;
        self.require(&project, level)?;
        Ok(project)
    }

    /// 401 for anonymous callers, 403 below the level.
    pub(crate) fn require(&self, project: &Project, level: u8) -> Result<(), ApiError> {
        if self.caller.user.is_none() {
            return Err(ApiError::unauthorized());
        }
        if self.level_in(project) >= level {
            Ok(())
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// The caller's access level in a project: own, inherited or as administrator.
    pub(crate) fn level_in(&self, project: &Project) -> u8 {
        if self.is_admin() {
            return OWNER;
        }
        self.caller
            .user
            .map_or(0, |user| self.world.project_level(user, project))
    }

    /// Whether the project exists for the caller.
    pub(crate) fn sees_project(&self, project: &Project) -> bool {
        match project.visibility {
            Visibility::Public => true,
            Visibility::Internal if self.caller.user.is_some() => true,
            _ => self.level_in(project) > 0,
        }
    }

    /// Code of private projects is for reporters and above.
    pub(crate) fn readable_project(&self) -> Result<Project, ApiError> {
        let project = self.project()?;
        if self.reads_code(&project) {
            Ok(project)
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// Whether the caller may read the code.
    pub(crate) fn reads_code(&self, project: &Project) -> bool {
        match project.visibility {
            Visibility::Private => self.level_in(project) >= REPORTER,
            _ => self.sees_project(project),
        }
    }

    /// Whether the caller may push to a branch, protection considered.
    pub(crate) fn pushes_to(&self, project: &Project, branch: &str) -> bool {
        let level = self.level_in(project);
        let above = match project.namespace {
            Namespace::Group(id) => self.world.ancestry(id).collect(),
            Namespace::User(_) => Vec::new(),
        };
        let above = above.iter().flat_map(|group| &group.protected_branches);
        let rules: Vec<_> = project
            .protected_branches
            .iter()
            .chain(above)
            .filter(|rule| rule.covers(branch))
            .collect();
        if rules.is_empty() {
            return level >= DEVELOPER;
        }
        rules
            .iter()
            .any(|rule| rule.push_level > 0 && level >= rule.push_level)
            && level >= DEVELOPER
    }

    /// The group in the path (`:id`), visible to the caller.
    pub(crate) fn group(&self) -> Result<Group, ApiError> {
        self.group_named(self.path.get("id"))
    }

    /// A group by number or full path, visible to the caller.
    pub(crate) fn group_named(&self, reference: &str) -> Result<Group, ApiError> {
        let group = self
            .world
            .find_group(reference)
            .filter(|group| self.sees_group(group));
        group.cloned().ok_or_else(|| ApiError::not_found("Group"))
    }

    /// As [`Cx::group`], for callers with at least this access level.
    pub(crate) fn group_as(&self, level: u8) -> Result<Group, ApiError> {
        let group = self.group()?;
        if self.caller.user.is_none() {
            return Err(ApiError::unauthorized());
        }
        if self.level_in_group(&group) >= level {
            Ok(group)
        } else {
            Err(ApiError::forbidden())
        }
    }

    /// The caller's access level in a group, ancestors included.
    pub(crate) fn level_in_group(&self, group: &Group) -> u8 {
        if self.is_admin() {
            return OWNER;
        }
        self.caller
            .user
            .map_or(0, |user| self.world.group_level(user, group.id))
    }

    /// Whether the group exists for the caller. Members of a project see the groups above it.
    pub(crate) fn sees_group(&self, group: &Group) -> bool {
        match group.visibility {
            Visibility::Public => true,
            Visibility::Internal if self.caller.user.is_some() => true,
            _ => {
                self.level_in_group(group) > 0
                    || self
                        .world
                        .projects_below(group.id)
                        .any(|p| self.level_in(p) > 0)
            }
        }
    }
}
