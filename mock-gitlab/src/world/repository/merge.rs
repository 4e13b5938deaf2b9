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
        let (ours, theirs) = (self.files(ours), self.files(theirs));
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
}
