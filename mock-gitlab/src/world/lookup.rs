//! Finding things by what people call them, and who may do how much where.

use super::{Group, Namespace, Owner, Project, User, World};

impl World {
    /// A user by number or name.
    pub fn find_user(&self, reference: &str) -> Option<&User> {
        let by_number = reference
            .parse()
            .ok()
            .and_then(|id: u64| self.users.get(&id));
        by_number.or_else(|| {
            self.users
                .values()
                .find(|user| user.username.eq_ignore_ascii_case(reference))
        })
    }

    /// A group by number or full path.
    pub fn find_group(&self, reference: &str) -> Option<&Group> {
        if let Ok(id) = reference.parse::<u64>() {
            return self.groups.get(&id);
        }
        self.groups
            .values()
            .find(|g| self.group_path(g.id).eq_ignore_ascii_case(reference))
    }

    /// A project by number or full path.
    pub fn find_project(&self, reference: &str) -> Option<&Project> {
        if let Ok(id) = reference.parse::<u64>() {
            return self.projects.get(&id);
        }
        self.projects
            .values()
            .find(|p| self.project_path(p).eq_ignore_ascii_case(reference))
    }

    /// A project that was once found under this path.
    pub fn find_moved_project(&self, reference: &str) -> Option<&Project> {
        let was = |project: &&Project| {
            project
                .former_paths
                .iter()
                .any(|path| path.eq_ignore_ascii_case(reference))
        };
        self.projects.values().find(was)
    }

    /// Full path of a group: `larkspur/workshop`.
    pub fn group_path(&self, id: u64) -> String {
        let parts: Vec<&str> = self.ancestry(id).map(|group| group.path.as_str()).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    }

    /// Full name of a group: `Larkspur / Workshop`.
    pub fn group_name(&self, id: u64) -> String {
        let parts: Vec<&str> = self.ancestry(id).map(|group| group.name.as_str()).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }

    /// Full path of a namespace.
    pub fn namespace_path(&self, namespace: Namespace) -> String {
        match namespace {
            Namespace::User(id) => self
                .users
                .get(&id)
                .map_or_else(String::new, |user| user.username.clone()),
            Namespace::Group(id) => self.group_path(id),
        }
    }

    /// Full path of a project: `larkspur/music-box`.
    pub fn project_path(&self, project: &Project) -> String {
        format!(
            "{}/{}",
            self.namespace_path(project.namespace),
            project.path
        )
    }

    /// A group and the groups above it, innermost first.
    pub fn ancestry(&self, id: u64) -> impl Iterator<Item = &Group> {
        // Nesting is at most 20 deep at GitLab; the bound also stops a loop made by a test.
        std::iter::successors(self.groups.get(&id), |group| {
            group.parent.and_then(|parent| self.groups.get(&parent))
        })
        .take(20)
    }

    /// Whether a group is `ancestor` or lies below it.
    pub fn lies_below(&self, group: u64, ancestor: u64) -> bool {
        self.ancestry(group).any(|above| above.id == ancestor)
    }

    /// The projects of a group and its subgroups.
    pub fn projects_below(&self, group: u64) -> impl Iterator<Item = &Project> {
        self.projects
            .values()
            .filter(move |project| match project.namespace {
                Namespace::Group(id) => self.lies_below(id, group),
                Namespace::User(_) => false,
            })
    }

    /// A user's level in a group as a member of it or of a group above.
    pub fn membership_level(&self, user: u64, group: u64) -> u8 {
        let direct = self.ancestry(group).flat_map(|above| &above.members);
        direct
            .filter(|member| member.user == user)
            .map(|m| m.level)
            .max()
            .unwrap_or(0)
    }

    /// A user's level in what is shared with groups they belong to.
    pub fn shared_level(&self, user: u64, owner: Owner) -> u8 {
        let shares = self.shares.iter().filter(|share| share.owner == owner);
        shares
            .map(|share| share.level.min(self.membership_level(user, share.group)))
            .max()
            .unwrap_or(0)
    }

    /// A user's level in a group: as a member, inherited, or through a share.
    pub fn group_level(&self, user: u64, group: u64) -> u8 {
        let shared = self
            .ancestry(group)
            .map(|above| self.shared_level(user, Owner::Group(above.id)));
        self.membership_level(user, group)
            .max(shared.max().unwrap_or(0))
    }

    /// A user's level in a project: direct, inherited, through a share, or as
    /// owner of the namespace.
    pub fn project_level(&self, user: u64, project: &Project) -> u8 {
        let direct = project
            .members
            .iter()
            .filter(|m| m.user == user)
            .map(|m| m.level)
            .max();
        let inherited = match project.namespace {
            Namespace::User(owner) if owner == user => super::access::OWNER,
            Namespace::User(_) => 0,
            Namespace::Group(group) => self.group_level(user, group),
        };
        let shared = self.shared_level(user, Owner::Project(project.id));
        direct.unwrap_or(0).max(inherited).max(shared)
    }
}
