//! A git repository in memory: real objects with real sha-1 ids, branches and tags.
//! <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>

mod blame;
mod change;
mod diff;
mod history;
mod merge;
mod object;
mod tree;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use blame::BlameHunk;
pub use change::{Change, ChangeError, NewCommit};
pub use diff::FileDiff;
pub use merge::Merged;
pub use object::{Commit, Person, blob_id};
pub use tree::{DIRECTORY, EXECUTABLE, FileEntry, Files, REGULAR, TreeEntry};

/// A tag: a name for a commit, annotated when it has a message.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The commit it names.
    pub commit: String,
    /// Its message; lightweight tags have none.
    pub message: Option<String>,
    /// Who made it, and when.
    pub tagger: Option<Person>,
    /// Its X.509 signature; tags made through the API have none.
    pub signature: Option<TagSignature>,
}

/// An X.509 signature of a tag, as far as GitLab shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSignature {
    /// Whether the certificate is trusted and belongs to the tagger.
    pub verified: bool,
    /// Subject of the certificate: `CN=…,O=…`.
    pub subject: String,
    /// Mail address in the certificate.
    pub email: String,
    /// Subject of the certificate that issued it.
    pub issuer: String,
}

/// Objects and references of one project.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    blobs: BTreeMap<String, Arc<[u8]>>,
    trees: BTreeMap<String, Vec<TreeEntry>>,
    commits: BTreeMap<String, Commit>,
    /// Branches: name and commit.
    pub branches: BTreeMap<String, String>,
    /// Tags by name.
    pub tags: BTreeMap<String, Tag>,
    /// The branch `HEAD` stands on.
    pub default_branch: String,
}

impl Repository {
    /// A repository without a commit.
    pub fn new(default_branch: &str) -> Self {
        Self {
            default_branch: default_branch.to_owned(),
            ..Self::default()
        }
    }

    /// Whether nothing was ever committed.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// The commit a revision names: branch, tag, `HEAD`, full or short sha,
    /// `refs/heads/…`, with `~n` or `^` behind it.
    pub fn resolve(&self, revision: &str) -> Option<&Commit> {
        if let Some((base, steps)) = revision.rsplit_once('~') {
            let steps = if steps.is_empty() {
                1
            } else {
                steps.parse::<usize>().ok()?
            };
            return self.first_parents(self.resolve_name(base)?).nth(steps);
        }
        if let Some(base) = revision.strip_suffix('^') {
            return self.first_parents(self.resolve_name(base)?).nth(1);
        }
        self.resolve_name(revision)
    }

    fn resolve_name(&self, name: &str) -> Option<&Commit> {
        let name = if name == "HEAD" {
            self.default_branch.as_str()
        } else {
            name
        };
        let branch = self
            .branches
            .get(name.strip_prefix("refs/heads/").unwrap_or(name));
        let tag = || {
            self.tags
                .get(name.strip_prefix("refs/tags/").unwrap_or(name))
        };
        let id = branch.or_else(|| tag().map(|tag| &tag.commit));
        id.and_then(|id| self.commits.get(id))
            .or_else(|| self.by_short_id(name))
    }

    fn by_short_id(&self, text: &str) -> Option<&Commit> {
        let text = text.to_ascii_lowercase();
        if text.len() < 4 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut found = self
            .commits
            .range(text.clone()..)
            .take_while(|(id, _)| id.starts_with(&text));
        let first = found.next();
        if found.next().is_some() {
            None
        } else {
            first.map(|(_, commit)| commit)
        }
    }

    /// A commit by its full id.
    pub fn commit(&self, id: &str) -> Option<&Commit> {
        self.commits.get(id)
    }

    /// All commits, in the order of their ids.
    pub fn commits(&self) -> impl Iterator<Item = &Commit> {
        self.commits.values()
    }

    /// The bytes of a blob.
    pub fn blob(&self, id: &str) -> Option<&Arc<[u8]>> {
        self.blobs.get(id)
    }

    /// Number of bytes in all blobs.
    pub fn size(&self) -> usize {
        self.blobs.values().map(|blob| blob.len()).sum()
    }

    fn first_parents<'a>(&'a self, from: &'a Commit) -> impl Iterator<Item = &'a Commit> {
        std::iter::successors(Some(from), |commit| {
            commit.parents.first().and_then(|id| self.commits.get(id))
        })
    }
}
