//! Making commits: a list of changes on top of a commit.
//! <https://docs.gitlab.com/api/commits/#create-a-commit-with-multiple-files-and-actions>

use super::Repository;
use super::object::{Commit, Person, commit_id};
use super::tree::{EXECUTABLE, FileEntry, Files, REGULAR};

/// One change of one file.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new file.
    Create {
        /// Where.
        path: String,
        /// Content.
        content: Vec<u8>,
        /// Executable.
        executable: bool,
    },
    /// New content for a file.
    Update {
        /// Where.
        path: String,
        /// Content.
        content: Vec<u8>,
    },
    /// A file goes.
    Delete {
        /// Where.
        path: String,
    },
    /// A file moves, with new content if given.
    Move {
        /// From where.
        from: String,
        /// Where to.
        path: String,
        /// Content.
        content: Option<Vec<u8>>,
    },
    /// The executable bit changes.
    Mode {
        /// Where.
        path: String,
        /// Executable.
        executable: bool,
    },
}

impl Change {
    /// A new text file: the short form for seeds and tests.
    pub fn create(path: &str, text: &str) -> Self {
        Self::Create {
            path: path.to_owned(),
            content: text.as_bytes().to_vec(),
            executable: false,
        }
    }

    /// New text for a file.
    pub fn update(path: &str, text: &str) -> Self {
        Self::Update {
            path: path.to_owned(),
            content: text.as_bytes().to_vec(),
        }
    }

    /// A file goes.
    pub fn delete(path: &str) -> Self {
        Self::Delete {
            path: path.to_owned(),
        }
    }
}

/// Why a change cannot be made, in GitLab's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Create over an existing file.
    #[error("A file with this name already exists")]
    Exists,
    /// Update, delete, move or chmod of nothing.
    #[error("A file with this name doesn't exist")]
    Missing,
    /// A path git would not take.
    #[error("Invalid path")]
    InvalidPath,
}

/// The commit to be made.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// The commits before it; none for the first.
    pub parents: Vec<String>,
    /// Author.
    pub author: Person,
    /// Committer.
    pub committer: Person,
    /// Message.
    pub message: String,
}

impl Repository {
    /// Applies changes to a flat view of files.
    pub fn apply(&mut self, files: &mut Files, changes: &[Change]) -> Result<(), ChangeError> {
        for change in changes {
            self.apply_one(files, change)?;
        }
        Ok(())
    }

    fn apply_one(&mut self, files: &mut Files, change: &Change) -> Result<(), ChangeError> {
        match change {
            Change::Create {
                path,
                content,
                executable,
            } => {
                let path = free_path(files, path)?;
                let entry = FileEntry {
                    mode: mode(*executable),
                    blob: self.add_blob(content),
                };
                files.insert(path, entry);
            }
            Change::Update { path, content } => {
                let blob = self.add_blob(content);
                files.get_mut(clean(path)).ok_or(ChangeError::Missing)?.blob = blob;
            }
            Change::Delete { path } => {
                files.remove(clean(path)).ok_or(ChangeError::Missing)?;
            }
            Change::Move {
                from,
                path,
                content,
            } => {
                let mut entry = files.remove(clean(from)).ok_or(ChangeError::Missing)?;
                let path = free_path(files, path)?;
                if let Some(content) = content {
                    entry.blob = self.add_blob(content);
                }
                files.insert(path, entry);
            }
            Change::Mode { path, executable } => {
                files.get_mut(clean(path)).ok_or(ChangeError::Missing)?.mode = mode(*executable);
            }
        }
        Ok(())
    }

    /// Stores a commit of exactly these files and returns its id. No branch moves.
    pub fn write_commit(&mut self, files: &Files, new: NewCommit) -> String {
        let NewCommit {
            parents,
            author,
            committer,
            message,
        } = new;
        let tree = self.write_tree(files);
        let id = commit_id(&tree, &parents, &author, &committer, &message);
        let commit = Commit {
            id: id.clone(),
            tree,
            parents,
            author,
            committer,
            message,
        };
        self.commits.insert(id.clone(), commit);
        id
    }

    /// Commits changes on top of a branch (made if the repository is empty).
    pub fn commit_to(
        &mut self,
        branch: &str,
        changes: &[Change],
        author: &Person,
        message: &str,
    ) -> Result<String, ChangeError> {
        let head = self.branches.get(branch).cloned();
        let mut files = head
            .as_ref()
            .and_then(|id| self.commits.get(id))
            .map_or_else(Files::new, |commit| self.files(commit));
        self.apply(&mut files, changes)?;
        let id = self.write_commit(
            &files,
            NewCommit {
                parents: head.into_iter().collect(),
                author: author.clone(),
                committer: author.clone(),
                message: message.to_owned(),
            },
        );
        self.branches.insert(branch.to_owned(), id.clone());
        Ok(id)
    }
}

const fn mode(executable: bool) -> &'static str {
    if executable { EXECUTABLE } else { REGULAR }
}

fn clean(path: &str) -> &str {
    path.trim_start_matches('/')
}

/// A path at which a file may be made: sane, not taken, no file among its directories.
fn free_path(files: &Files, path: &str) -> Result<String, ChangeError> {
    let path = clean(path);
    let parts: Vec<&str> = path.split('/').collect();
    let odd = |part: &&str| part.is_empty() || matches!(*part, "." | ".." | ".git");
    if path.len() > 4096 || parts.len() > 100 || path.contains('\0') || parts.iter().any(odd) {
        return Err(ChangeError::InvalidPath);
    }
    let directory = format!("{path}/");
    let is_directory = files
        .range(directory.clone()..)
        .next()
        .is_some_and(|(key, _)| key.starts_with(&directory));
    let below_a_file = path.match_indices('/').any(|(at, _)| {
        path.get(..at)
            .is_some_and(|parent| files.contains_key(parent))
    });
    if files.contains_key(path) || is_directory || below_a_file {
        return Err(ChangeError::Exists);
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn someone() -> Person {
        Person {
            name: "A".to_owned(),
            email: "a@b".to_owned(),
            at: Timestamp::default(),
        }
    }

    #[test]
    fn a_file_is_not_created_over_a_directory() {
        let mut repository = Repository::new("main");
        let first = [Change::create("src/lib.rs", "x")];
        repository
            .commit_to("main", &first, &someone(), "one")
            .unwrap();
        for (path, error) in [
            ("src", ChangeError::Exists),
            ("src/lib.rs/x", ChangeError::Exists),
            ("../up", ChangeError::InvalidPath),
            ("a//b", ChangeError::InvalidPath),
        ] {
            let change = [Change::create(path, "y")];
            assert_eq!(
                repository.commit_to("main", &change, &someone(), "two"),
                Err(error)
            );
        }
    }
}
