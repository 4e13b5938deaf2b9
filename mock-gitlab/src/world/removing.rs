//! Taking users, groups and projects out of the world, with all that hangs on them.
//! <https://docs.gitlab.com/user/profile/account/delete_account/>

use super::access::OWNER;
use super::{Home, Member, Namespace, Noteable, Owner, Reach, Subject, User, World};
use crate::clock::Timestamp;

impl World {
    /// The groups that would be left without an owner.
    pub fn sole_groups(&self, user: u64) -> Vec<u64> {
        let sole = |members: &[Member]| {
            let mut owners = members.iter().filter(|member| member.level == OWNER);
            owners.clone().any(|member| member.user == user)
                && owners.all(|member| member.user == user)
        };
        let groups = self.groups.values();
        let top = groups.filter(|group| group.parent.is_none() && sole(&group.members));
        top.map(|group| group.id).collect()
    }

    /// Removes a user with their personal projects, memberships and credentials. What
    /// they wrote goes too when `hard`, and to the ghost user otherwise.
    pub fn remove_user(&mut self, user: u64, hard: bool, now: Timestamp) {
        if hard {
            for group in self.sole_groups(user) {
                self.remove_group(group);
            }
            self.remove_writings(user);
        } else {
            let ghost = self.ghost(now);
            self.hand_over(user, ghost);
        }
        let own: Vec<u64> = self
            .projects
            .values()
            .filter(|project| project.namespace == Namespace::User(user))
            .map(|project| project.id)
            .collect();
        for project in own {
            self.remove_project(project);
        }
        for project in self.projects.values_mut() {
            project.members.retain(|member| member.user != user);
        }
        for group in self.groups.values_mut() {
            group.members.retain(|member| member.user != user);
        }
        self.users.remove(&user);
        self.remove_records_in(Home::User(user));
        for other in self.users.values_mut() {
            other.follows.remove(&user);
        }
        self.tokens.retain(|_, token| token.user != user);
        self.sessions
            .retain(|_, session| session.user != Some(user));
        self.ssh_keys.retain(|_, key| key.user != user);
        self.remove_records_in(Home::User(user));
        self.todos.retain(|_, todo| todo.user != user);
        self.access_requests.retain(|request| request.user != user);
        self.custom_attributes.remove(&Subject::User(user));
    }

    /// The user who keeps what removed users wrote.
    fn ghost(&mut self, now: Timestamp) -> u64 {
        if let Some(ghost) = self.find_user("ghost") {
            return ghost.id;
        }
        let (id, namespace) = (self.next_id("user"), self.next_id("namespace"));
        let ghost = User {
            bot: true,
            created_at: now,
            ..User::new(id, namespace, "ghost", "Ghost User", "ghost@gitlab.example")
        };
        self.users.insert(id, ghost);
        id
    }

    fn hand_over(&mut self, from: u64, to: u64) {
        let change = |user: &mut u64| {
            if *user == from {
                *user = to;
            }
        };
        for issue in self.issues.values_mut() {
            change(&mut issue.author);
            issue.assignees.retain(|user| *user != from);
        }
        for mr in self.merge_requests.values_mut() {
            change(&mut mr.author);
            mr.assignees.retain(|user| *user != from);
            mr.reviewers.retain(|user| *user != from);
        }
        for note in self.notes.values_mut() {
            change(&mut note.author);
        }
    }

    fn remove_writings(&mut self, user: u64) {
        let issues: Vec<u64> = self
            .issues
            .values()
            .filter(|issue| issue.author == user)
            .map(|issue| issue.id)
            .collect();
        let merge_requests: Vec<u64> = self
            .merge_requests
            .values()
            .filter(|mr| mr.author == user)
            .map(|mr| mr.id)
            .collect();
        self.issues.retain(|id, _| !issues.contains(id));
        self.merge_requests
            .retain(|id, _| !merge_requests.contains(id));
        self.remove_threads(|noteable| match noteable {
            Noteable::Issue(id) => issues.contains(id),
            Noteable::MergeRequest(id) => merge_requests.contains(id),
            Noteable::Commit(..) | Noteable::Snippet(_) | Noteable::Epic(_) => false,
        });
        self.notes.retain(|_, note| note.author != user);
        let left: std::collections::BTreeSet<u64> = self.notes.keys().copied().collect();
        self.discussions.retain(|_, discussion| {
            discussion.notes.retain(|note| left.contains(note));
            !discussion.notes.is_empty()
        });
        self.hand_over(user, user);
        for issue in self.issues.values_mut() {
            issue.assignees.retain(|assignee| *assignee != user);
        }
    }

    /// Discussions, notes and to-do items about what fits.
    fn remove_threads(&mut self, gone: impl Fn(&Noteable) -> bool) {
        self.discussions
            .retain(|_, discussion| !gone(&discussion.noteable));
        self.notes.retain(|_, note| !gone(&note.noteable));
        self.todos.retain(|_, todo| !gone(&todo.target));
    }

    /// Removes a project for good.
    pub fn remove_project(&mut self, project: u64) {
        self.projects.remove(&project);
        self.repositories.remove(&project);
        let gone = |owner: Owner| owner == Owner::Project(project);
        self.remove_owned(gone);
        self.custom_attributes.remove(&Subject::Project(project));
        let issues: Vec<u64> = self
            .issues
            .values()
            .filter(|issue| issue.project == project)
            .map(|issue| issue.id)
            .collect();
        let merge_requests: Vec<u64> = self
            .merge_requests
            .values()
            .filter(|mr| mr.project == project)
            .map(|mr| mr.id)
            .collect();
        let snippets: Vec<u64> = self
            .records_in("snippet", Home::Project(project))
            .map(|snippet| snippet.id)
            .collect();
        self.remove_records_of(project, &issues, &merge_requests);
        self.issues.retain(|_, issue| issue.project != project);
        self.merge_requests.retain(|_, mr| mr.project != project);
        self.remove_threads(|noteable| match noteable {
            Noteable::Issue(id) => issues.contains(id),
            Noteable::MergeRequest(id) => merge_requests.contains(id),
            Noteable::Commit(of, _) => *of == project,
            Noteable::Snippet(id) => snippets.contains(id),
            Noteable::Epic(_) => false,
        });
        self.pipelines
            .retain(|_, pipeline| pipeline.project != project);
        self.jobs.retain(|_, job| job.project != project);
        self.todos.retain(|_, todo| todo.project != project);
        self.remove_from_keys_and_runners(project);
        for user in self.users.values_mut() {
            user.starred.remove(&project);
        }
        for fork in self.projects.values_mut() {
            fork.forked_from = fork.forked_from.filter(|origin| *origin != project);
        }
    }

    /// What works for several projects goes with the last one.
    fn remove_from_keys_and_runners(&mut self, project: u64) {
        for key in self.deploy_keys.values_mut() {
            key.projects.remove(&project);
        }
        self.deploy_keys
            .retain(|_, key| key.public || !key.projects.is_empty());
        for runner in self.runners.values_mut() {
            if let Reach::Projects(_, projects) = &mut runner.reach {
                projects.remove(&project);
            }
        }
        self.runners.retain(|_, runner| match &runner.reach {
            Reach::Projects(_, projects) => !projects.is_empty(),
            _ => true,
        });
    }

    fn remove_records_of(&mut self, project: u64, issues: &[u64], merge_requests: &[u64]) {
        for id in issues {
            self.remove_records_in(Home::Issue(*id));
        }
        for id in merge_requests {
            self.remove_records_in(Home::MergeRequest(*id));
        }
        self.remove_records_in(Home::Project(project));
    }

    /// Removes a group with its subgroups and their projects for good.
    pub fn remove_group(&mut self, group: u64) {
        let projects: Vec<u64> = self
            .projects_below(group)
            .map(|project| project.id)
            .collect();
        for project in projects {
            self.remove_project(project);
        }
        let ids: Vec<u64> = self.groups.keys().copied().collect();
        let doomed: Vec<u64> = ids
            .into_iter()
            .filter(|id| self.lies_below(*id, group))
            .collect();
        for id in doomed {
            self.groups.remove(&id);
            self.remove_records_in(Home::Group(id));
            self.remove_owned(|owner| owner == Owner::Group(id));
            self.remove_records_in(Home::Group(id));
            self.shares.retain(|share| share.group != id);
            self.runners
                .retain(|_, runner| runner.reach != Reach::Group(id));
            self.custom_attributes.remove(&Subject::Group(id));
        }
    }

    /// What belongs to a project or group by an [`Owner`] of its own.
    fn remove_owned(&mut self, gone: impl Fn(Owner) -> bool) {
        self.labels.retain(|_, label| !gone(label.owner));
        self.milestones
            .retain(|_, milestone| !gone(milestone.owner));
        self.deploy_tokens.retain(|_, token| !gone(token.owner));
        self.invitations
            .retain(|_, invitation| !gone(invitation.owner));
        self.access_requests.retain(|request| !gone(request.owner));
        self.shares.retain(|share| !gone(share.owner));
        self.tokens
            .retain(|_, token| !token.resource.is_some_and(&gone));
    }
}
