//! Issues. <https://docs.gitlab.com/api/issues/>

use super::World;
use super::notes::Award;
use crate::clock::Timestamp;

/// An issue (also: task, incident).
#[derive(Clone, Debug)]
pub struct Issue {
    /// Number on the instance.
    pub id: u64,
    /// Number within the project.
    pub iid: u64,
    /// The project it lies in.
    pub project: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub description: String,
    /// `opened` or `closed`.
    pub state: String,
    /// `issue`, `incident`, `task`, `test_case`.
    pub issue_type: String,
    /// Who wrote it.
    pub author: u64,
    /// Who works on it.
    pub assignees: Vec<u64>,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Id of its milestone.
    pub milestone: Option<u64>,
    /// For members only.
    pub confidential: bool,
    /// Nobody may comment.
    pub discussion_locked: bool,
    /// When it should be done.
    pub due_date: Option<String>,
    /// Weight.
    pub weight: Option<i64>,
    /// Estimated seconds.
    pub time_estimate: i64,
    /// Spent seconds.
    pub total_time_spent: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    pub closed_by: Option<u64>,
    /// Links that start here.
    pub links: Vec<IssueLink>,
    /// Reactions.
    pub awards: Vec<Award>,
}

/// A link from one issue to another.
#[derive(Clone, Debug)]
pub struct IssueLink {
    /// Number on the instance.
    pub id: u64,
    /// The other issue by global id.
    pub target: u64,
    /// `relates_to` or `blocks`, seen from the issue that holds the link.
    pub kind: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl World {
    /// Opens an issue with a title and nothing else, and returns its global id.
    pub fn add_issue(&mut self, project: u64, author: u64, title: &str, now: Timestamp) -> u64 {
        let id = self.next_id("issue");
        let iid = self.next_iid(project, "issue");
        let issue = Issue {
            id,
            iid,
            project,
            title: title.to_owned(),
            description: String::new(),
            state: "opened".to_owned(),
            issue_type: "issue".to_owned(),
            author,
            assignees: Vec::new(),
            labels: Vec::new(),
            milestone: None,
            confidential: false,
            discussion_locked: false,
            due_date: None,
            weight: None,
            time_estimate: 0,
            total_time_spent: 0,
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            links: Vec::new(),
            awards: Vec::new(),
        };
        self.issues.insert(id, issue);
        id
    }

    /// An issue by project and the number people see.
    pub fn issue(&self, project: u64, iid: u64) -> Option<&Issue> {
        self.issues
            .values()
            .find(|issue| issue.project == project && issue.iid == iid)
    }

    /// An issue to be changed by a test: `issue_mut("larkspur/music-box", 3)`.
    pub fn issue_mut(&mut self, project: &str, iid: u64) -> Option<&mut Issue> {
        let project = self.find_project(project)?.id;
        self.issues
            .values_mut()
            .find(|issue| issue.project == project && issue.iid == iid)
    }

    /// Takes an issue away with everything written on it and every link to it.
    pub fn remove_issue(&mut self, id: u64) {
        self.issues.remove(&id);
        for issue in self.issues.values_mut() {
            issue.links.retain(|link| link.target != id);
        }
        self.remove_notes_on(&super::Noteable::Issue(id));
    }

    /// Whether a user with this access level may see an issue of a project they see.
    pub fn shows_issue(&self, issue: &Issue, user: Option<u64>, level: u8) -> bool {
        let own = |user| issue.author == user || issue.assignees.contains(&user);
        !issue.confidential || level >= super::access::PLANNER || user.is_some_and(own)
    }
}

impl Issue {
    /// Closes it.
    pub fn close(&mut self, by: u64, now: Timestamp) {
        "closed".clone_into(&mut self.state);
        self.closed_at = Some(now);
        self.closed_by = Some(by);
        self.updated_at = now;
    }

    /// Opens it again.
    pub fn reopen(&mut self, now: Timestamp) {
        "opened".clone_into(&mut self.state);
        self.closed_at = None;
        self.closed_by = None;
        self.updated_at = now;
    }
}
