//! Notes and the discussions they form. <https://docs.gitlab.com/api/discussions/>

use serde_json::Value;

use crate::clock::Timestamp;

/// What a note is written on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noteable {
    /// An issue by global id.
    Issue(u64),
    /// A merge request by global id.
    MergeRequest(u64),
    /// A commit of a project.
    Commit(u64, String),
}

/// A thread, or a single comment.
#[derive(Clone, Debug)]
pub struct Discussion {
    /// Forty hexadecimal digits.
    pub id: String,
    /// What it is about.
    pub noteable: Noteable,
    /// A single comment nobody can reply to.
    pub individual_note: bool,
    /// Ids of its notes, oldest first.
    pub notes: Vec<u64>,
}

/// One note.
#[derive(Clone, Debug)]
pub struct Note {
    /// Number on the instance.
    pub id: u64,
    /// The thread it stands in.
    pub discussion: String,
    /// What it is about.
    pub noteable: Noteable,
    /// Who wrote it.
    pub author: u64,
    /// Its text.
    pub body: String,
    /// Written by GitLab itself.
    pub system: bool,
    /// For members only.
    pub internal: bool,
    /// Whether it can be resolved.
    pub resolvable: bool,
    /// Who resolved it, and when.
    pub resolved: Option<(u64, Timestamp)>,
    /// Where in a diff it stands.
    pub position: Option<Value>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
