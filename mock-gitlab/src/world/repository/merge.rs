//! Three-way merges, file by file: a file changed on both sides in different
//! ways is a conflict.

use std::collections::BTreeSet;

use super::tree::Files;
use super::{Commit, Repository};

/// The outcome of a merge.
#[derive(Clone, Debug)]
pub enum Merged {
    /// All files of the result.
    Clean(Files),
    /// Paths both sides changed.
    Conflict(Vec<String>),
}

impl Repository {
    /// Merges `theirs` into `ours`.
    pub fn merge(&self, ours: &Commit, theirs: &Commit) -> Merged {
        let base = self.merge_base(ours, theirs);
        let base = base.map_or_else(Files::new, |commit| self.files(commit));
        merge_files(&base, &self.files(ours), &self.files(theirs))
    }

    /// What a branch looks like with the change of one commit applied (or, `undone`,
    /// taken back): the change against its first parent.
    pub fn pick(&self, onto: &Commit, commit: &Commit, undone: bool) -> Merged {
        let parent = commit.parents.first().and_then(|id| self.commit(id));
        let before = parent.map_or_else(Files::new, |parent| self.files(parent));
        let (after, onto) = (self.files(commit), self.files(onto));
        if undone {
            merge_files(&after, &onto, &before)
        } else {
            merge_files(&before, &onto, &after)
        }
    }
}

fn merge_files(base: &Files, ours: &Files, theirs: &Files) -> Merged {
    let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut files = Files::new();
    let mut conflicts = Vec::new();
    for path in paths {
        let (old, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
        let chosen = if mine == other || other == old {
            mine
        } else if mine == old {
            other
        } else {
            conflicts.push(path.clone());
            mine
        };
        if let Some(entry) = chosen {
            files.insert(path.clone(), entry.clone());
        }
    }
    if conflicts.is_empty() {
        Merged::Clean(files)
    } else {
        Merged::Conflict(conflicts)
    }
}
