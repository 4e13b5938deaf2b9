//! Who last wrote which line. <https://docs.gitlab.com/api/repository_files/#get-file-blame-from-repository>

use similar::{DiffTag, TextDiff};

use super::{Commit, Repository};

/// Neighbouring lines of one commit.
#[derive(Clone, Debug)]
pub struct BlameHunk {
    /// The commit that wrote them.
    pub commit: String,
    /// The lines, without line ends.
    pub lines: Vec<String>,
}

impl Repository {
    /// The lines of a file with the commits they come from.
    pub fn blame(&self, from: &Commit, path: &str) -> Option<Vec<BlameHunk>> {
        let text = self.file_text(from, path)?;
        let mut owners: Vec<Option<&str>> = vec![None; text.lines().count()];
        // Where each line of the version being looked at ends up in the newest one.
        let mut places: Vec<Option<usize>> = (0..owners.len()).map(Some).collect();
        let mut newer = text.clone();
        let versions: Vec<&Commit> = self
            .log(&[from])
            .into_iter()
            .filter(|commit| self.touches(commit, path))
            .collect();
        for (at, commit) in versions.iter().enumerate() {
            let older = versions
                .get(at + 1)
                .and_then(|c| self.file_text(c, path))
                .unwrap_or_default();
            let mut inherited = vec![None; older.lines().count()];
            let diff = TextDiff::from_lines(older.as_str(), newer.as_str());
            for op in diff.ops().iter().filter(|op| op.tag() == DiffTag::Equal) {
                for (old, new) in op.old_range().zip(op.new_range()) {
                    if let (Some(slot), Some(place)) = (inherited.get_mut(old), places.get_mut(new))
                    {
                        *slot = place.take();
                    }
                }
            }
            for place in places.into_iter().flatten() {
                if let Some(owner) = owners.get_mut(place) {
                    *owner = Some(commit.id.as_str());
                }
            }
            places = inherited;
            newer = older;
        }
        let mut hunks: Vec<BlameHunk> = Vec::new();
        for (line, owner) in text.lines().zip(owners) {
            let owner = owner.unwrap_or(from.id.as_str());
            match hunks.last_mut().filter(|hunk| hunk.commit == owner) {
                Some(hunk) => hunk.lines.push(line.to_owned()),
                None => {
                    hunks.push(BlameHunk {
                        commit: owner.to_owned(),
                        lines: vec![line.to_owned()],
                    });
                }
            }
        }
        Some(hunks)
    }

    fn file_text(&self, commit: &Commit, path: &str) -> Option<String> {
        let entry = self
            .entry_at(commit, path)
            .filter(|entry| !entry.is_tree())?;
        self.blob(&entry.id)
            .map(|blob| String::from_utf8_lossy(blob).into_owned())
    }
}
