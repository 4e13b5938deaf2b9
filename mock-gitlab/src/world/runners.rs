//! Runners. <https://docs.gitlab.com/api/runners/>

use std::collections::BTreeSet;

use crate::clock::Timestamp;

/// A machine that runs jobs.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Number of the runner.
    pub id: u64,
    /// For whom it works.
    pub reach: Reach,
    /// Its credential, `glrt-…`.
    pub token: String,
    /// What it is.
    pub description: String,
    /// Takes no jobs.
    pub paused: bool,
    /// Stays with the project it has.
    pub locked: bool,
    /// Takes jobs without tags.
    pub run_untagged: bool,
    /// What it can do.
    pub tags: Vec<String>,
    /// `not_protected` or `ref_protected`.
    pub access_level: String,
    /// Seconds after which it gives up.
    pub maximum_timeout: Option<i64>,
    /// Words of its keeper.
    pub maintenance_note: Option<String>,
    /// Who made it.
    pub created_by: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last asked for something.
    pub contacted_at: Option<Timestamp>,
}

/// For whom a runner works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every project.
    Instance,
    /// The projects of a group.
    Group(u64),
    /// These projects; the first one owns it.
    Projects(u64, BTreeSet<u64>),
}

impl Reach {
    /// As the API spells it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Instance => "instance_type",
            Self::Group(_) => "group_type",
            Self::Projects(..) => "project_type",
        }
    }
}
