//! Unified diffs between two sets of files, with renames.
//! <https://docs.gitlab.com/api/repositories/#compare-branches-tags-or-commits>

use similar::TextDiff;

use super::tree::{FileEntry, Files};
use super::{Commit, Repository};

/// Share of equal text from which on a moved and changed file counts as renamed.
const RENAME_RATIO: f32 = 0.5;

/// One changed file.
#[derive(Clone, Debug)]
pub struct FileDiff {
    /// Path before (the new path for a new file).
    pub old_path: String,
    /// Path after (the old path for a deleted file).
    pub new_path: String,
    /// Mode before; `0` for a new file.
    pub a_mode: &'static str,
    /// Mode after; `0` for a deleted file.
    pub b_mode: &'static str,
    /// Hunks, without the `---` and `+++` lines.
    pub diff: String,
    /// It was not there before.
    pub new_file: bool,
    /// It is gone.
    pub deleted_file: bool,
    /// It was moved.
    pub renamed_file: bool,
    /// Lines that came.
    pub added: usize,
    /// Lines that went.
    pub removed: usize,
}

impl FileDiff {
    /// The hunks under `---` and `+++` lines.
    pub fn unified(&self) -> String {
        let old = if self.new_file {
            "/dev/null".to_owned()
        } else {
            format!("a/{}", self.old_path)
        };
        let new = if self.deleted_file {
            "/dev/null".to_owned()
        } else {
            format!("b/{}", self.new_path)
        };
        if self.diff.is_empty() {
            String::new()
        } else {
            format!("--- {old}\n+++ {new}\n{}", self.diff)
        }
    }
}

impl Repository {
    /// What a commit changed against its first parent.
    pub fn diff_of(&self, commit: &Commit) -> Vec<FileDiff> {
        let parent = commit.parents.first().and_then(|id| self.commit(id));
        let before = parent.map_or_else(Files::new, |parent| self.files(parent));
        self.diff(&before, &self.files(commit))
    }

    /// The changes between two commits.
    pub fn diff_between(&self, from: &Commit, to: &Commit) -> Vec<FileDiff> {
        self.diff(&self.files(from), &self.files(to))
    }

    /// The changes between two sets of files, in the order of the paths.
    pub fn diff(&self, before: &Files, after: &Files) -> Vec<FileDiff> {
        let mut gone: Vec<(&String, &FileEntry)> = before
            .iter()
            .filter(|(path, _)| !after.contains_key(*path))
            .collect();
        let mut diffs = Vec::new();
        for (path, new) in after {
            match before.get(path) {
                Some(old) if old == new => {}
                Some(old) => diffs.push(self.file_diff(Some((path, old)), Some((path, new)))),
                None => {
                    let origin = self.origin_of(&gone, new).map(|at| gone.remove(at));
                    diffs.push(self.file_diff(origin, Some((path, new))));
                }
            }
        }
        diffs.extend(gone.into_iter().map(|old| self.file_diff(Some(old), None)));
        diffs.sort_by(|one, two| one.new_path.cmp(&two.new_path));
        diffs
    }

    /// Which of the vanished files a new one was made from.
    fn origin_of(&self, gone: &[(&String, &FileEntry)], new: &FileEntry) -> Option<usize> {
        if let Some(same) = gone.iter().position(|(_, old)| old.blob == new.blob) {
            return Some(same);
        }
        let text = self.text(&new.blob)?;
        let alike = |old: &FileEntry| {
            self.text(&old.blob)
                .is_some_and(|before| TextDiff::from_lines(before, text).ratio() > RENAME_RATIO)
        };
        gone.iter().position(|(_, old)| alike(old))
    }

    fn text(&self, blob: &str) -> Option<&str> {
        let bytes = self.blob(blob)?;
        if bytes.contains(&0) {
            None
        } else {
            std::str::from_utf8(bytes).ok()
        }
    }

    fn file_diff(
        &self,
        old: Option<(&String, &FileEntry)>,
        new: Option<(&String, &FileEntry)>,
    ) -> FileDiff {
        let old_path = old
            .or(new)
            .map_or_else(String::new, |(path, _)| path.clone());
        let new_path = new
            .or(old)
            .map_or_else(String::new, |(path, _)| path.clone());
        let content = |side: Option<(&String, &FileEntry)>| match side {
            None => Some(""),
            Some((_, entry)) => self.text(&entry.blob),
        };
        let (diff, added, removed) =
            if let (Some(before), Some(after)) = (content(old), content(new)) {
                hunks(before, after)
            } else {
                (
                    format!("Binary files a/{old_path} and b/{new_path} differ\n"),
                    0,
                    0,
                )
            };
        FileDiff {
            a_mode: old.map_or("0", |(_, entry)| entry.mode),
            b_mode: new.map_or("0", |(_, entry)| entry.mode),
            diff,
            new_file: old.is_none(),
            deleted_file: new.is_none(),
            renamed_file: old.is_some() && new.is_some() && old_path != new_path,
            old_path,
            new_path,
            added,
            removed,
        }
    }
}

fn hunks(before: &str, after: &str) -> (String, usize, usize) {
    let diff = TextDiff::from_lines(before, after);
    let count = |tag| {
        diff.iter_all_changes()
            .filter(|change| change.tag() == tag)
            .count()
    };
    let (added, removed) = (
        count(similar::ChangeTag::Insert),
        count(similar::ChangeTag::Delete),
    );
    (
        diff.unified_diff().context_radius(3).to_string(),
        added,
        removed,
    )
}
