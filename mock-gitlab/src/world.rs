//! The world of an instance: plain data, indexed by id, and the questions every
//! part of the API asks of it. Nothing here knows about HTTP.

pub mod access;
mod administration;
mod avatars;
pub mod changes;
mod creating;
mod custom_attributes;
mod deploy_tokens;
mod groups;
mod issues;
mod iterations;
mod joining;
mod keys;
mod labels;
mod lookup;
mod merge_requests;
mod milestones;
mod notes;
mod oauth;
mod pipelines;
mod projects;
mod records;
mod removing;
pub mod repository;
mod runners;
mod seed;
mod timelogs;
mod todos;
mod tokens;
mod topics;
mod users;
mod vulnerabilities;
mod work_items;

use std::collections::BTreeMap;

pub use administration::{Administration, Gate};
pub use avatars::Avatar;
pub use creating::{NewGroup, NewProject};
pub use custom_attributes::Subject;
pub use deploy_tokens::DeployToken;
pub use groups::{Group, Member};
pub use issues::{Issue, IssueLink};
pub use iterations::Iteration;
pub use joining::{AccessRequest, Invitation, Share};
pub use keys::{DeployKey, SshKey};
pub use labels::Label;
pub use merge_requests::{
    APPROVAL_RULE, DiffVersion, DraftNote, MergeOptions, MergeProblem, MergeRequest,
    NewMergeRequest, line_code,
};
pub use milestones::Milestone;
pub use notes::{Award, Discussion, NewNote, Note, Noteable, Place, Suggestion};
pub use oauth::{Application, AuthorizationCode, DeviceGrant, Lineage, OAuth, Session};
pub use pipelines::{Job, Lint, NewPipeline, Pipeline, PipelineProblem};
pub use projects::{Namespace, Owner, Project, ProtectedBranch, Visibility};
pub use records::{Home, Record};
pub use repository::Repository;
pub use runners::{Reach, Runner};
pub use timelogs::TIMELOG;
pub use todos::Todo;
pub use tokens::{Token, TokenKind};
pub use topics::Topic;
pub use users::{Identity, Status, User};
pub use vulnerabilities::Vulnerability;
pub use work_items::{CachedBlob, DependencyProxy, WorkItem};

use crate::ids::Ids;
use crate::quirks::Quirks;
use crate::rest::conventions::rate_limits::Windows;

/// Everything an instance knows. Fields are open: a test may arrange what it needs
/// through [`MockGitlab::edit`](crate::MockGitlab::edit).
#[derive(Clone, Debug)]
pub struct World {
    /// Source of ids and secrets; seeded when the instance starts.
    pub ids: Ids,
    /// Users by id.
    pub users: BTreeMap<u64, User>,
    /// Groups by id; the id is also the id of the namespace.
    pub groups: BTreeMap<u64, Group>,
    /// Projects by id.
    pub projects: BTreeMap<u64, Project>,
    /// Repositories by the id of their project.
    pub repositories: BTreeMap<u64, Repository>,
    /// Every credential by its value, OAuth access tokens included.
    pub tokens: BTreeMap<String, Token>,
    /// Labels by id.
    pub labels: BTreeMap<u64, Label>,
    /// Milestones by id.
    pub milestones: BTreeMap<u64, Milestone>,
    /// Issues by id.
    pub issues: BTreeMap<u64, Issue>,
    /// Iterations by id.
    pub iterations: BTreeMap<u64, Iteration>,
    /// Merge requests by id.
    pub merge_requests: BTreeMap<u64, MergeRequest>,
    /// Discussions by their (hexadecimal) id.
    pub discussions: BTreeMap<String, Discussion>,
    /// Notes by id.
    pub notes: BTreeMap<u64, Note>,
    /// Pipelines by id.
    pub pipelines: BTreeMap<u64, Pipeline>,
    /// Jobs by id.
    pub jobs: BTreeMap<u64, Job>,
    /// Everything that is little more than its fields, by kind and id.
    pub records: BTreeMap<(&'static str, u64), Record>,
    /// To-do items by id.
    pub todos: BTreeMap<u64, Todo>,
    /// Settings of the instance, and what else only administrators keep.
    pub administration: Administration,
    /// Who asks to be let into which project or group.
    pub access_requests: Vec<AccessRequest>,
    /// Custom attributes: of what, and their values by key.
    pub custom_attributes: BTreeMap<Subject, BTreeMap<String, String>>,
    /// Deploy keys by id.
    pub deploy_keys: BTreeMap<u64, DeployKey>,
    /// Deploy tokens by id.
    pub deploy_tokens: BTreeMap<u64, DeployToken>,
    /// Open invitations by id.
    pub invitations: BTreeMap<u64, Invitation>,
    /// Runners by id.
    pub runners: BTreeMap<u64, Runner>,
    /// Groups that were let into projects and groups.
    pub shares: Vec<Share>,
    /// SSH keys of users by id.
    pub ssh_keys: BTreeMap<u64, SshKey>,
    /// Topics by id.
    pub topics: BTreeMap<u64, Topic>,
    /// OAuth applications by id.
    pub applications: BTreeMap<u64, Application>,
    /// Browser sessions by the value of their cookie.
    pub sessions: BTreeMap<String, Session>,
    /// What the OAuth provider remembers besides applications and tokens.
    pub oauth: OAuth,
    /// What work items have beyond their issues, by the id of the issue.
    pub work_items: BTreeMap<u64, WorkItem>,
    /// Vulnerabilities by id.
    pub vulnerabilities: BTreeMap<u64, Vulnerability>,
    /// Dependency proxies by the id of their group.
    pub dependency_proxies: BTreeMap<u64, DependencyProxy>,
    /// How this instance differs from a well-behaved one.
    pub quirks: Quirks,
    pub(crate) windows: Windows,
    sequences: BTreeMap<String, u64>,
}

impl World {
    /// A new instance: the administrator `root` and nothing else.
    pub fn empty() -> Self {
        let mut world = Self::bare();
        seed::empty::plant(&mut world);
        world
    }

    /// A small company with people, groups, projects, history and work in progress.
    pub fn company() -> Self {
        let mut world = Self::bare();
        seed::company::plant(&mut world);
        world
    }

    /// The company and a warehouse: 20,000 issues, a directory of 12,000 files, a diff
    /// and a job log of five megabytes each.
    pub fn huge() -> Self {
        let mut world = Self::bare();
        seed::huge::plant(&mut world);
        world
    }

    pub(crate) fn bare() -> Self {
        Self {
            ids: Ids::seeded(0),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            projects: BTreeMap::new(),
            repositories: BTreeMap::new(),
            tokens: BTreeMap::new(),
            labels: BTreeMap::new(),
            milestones: BTreeMap::new(),
            issues: BTreeMap::new(),
            iterations: BTreeMap::new(),
            merge_requests: BTreeMap::new(),
            discussions: BTreeMap::new(),
            notes: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            jobs: BTreeMap::new(),
            records: BTreeMap::new(),
            todos: BTreeMap::new(),
            administration: Administration::default(),
            access_requests: Vec::new(),
            custom_attributes: BTreeMap::new(),
            deploy_keys: BTreeMap::new(),
            deploy_tokens: BTreeMap::new(),
            invitations: BTreeMap::new(),
            runners: BTreeMap::new(),
            shares: Vec::new(),
            ssh_keys: BTreeMap::new(),
            topics: BTreeMap::new(),
            applications: BTreeMap::new(),
            sessions: BTreeMap::new(),
            oauth: OAuth::default(),
            work_items: BTreeMap::new(),
            vulnerabilities: BTreeMap::new(),
            dependency_proxies: BTreeMap::new(),
            quirks: Quirks::default(),
            windows: Windows::default(),
            sequences: BTreeMap::new(),
        }
    }

    /// The next number of a sequence, from 1. Sequences are named freely: `issue`
    /// for global ids, `issue of project 3` for iids.
    pub fn next_id(&mut self, sequence: &str) -> u64 {
        let last = self.sequences.entry(sequence.to_owned()).or_default();
        *last += 1;
        *last
    }

    /// The next number people see within a project: `next_iid(3, "issue")`.
    pub fn next_iid(&mut self, project: u64, kind: &str) -> u64 {
        self.next_id(&format!("{kind} of project {project}"))
    }
}
