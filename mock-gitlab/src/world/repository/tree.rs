//! Trees: nested in git, flat wherever somebody works with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::object::{blob_id, hash};
use super::{Commit, Repository};

/// Mode of an ordinary file.
pub const REGULAR: &str = "100644";
/// Mode of an executable file.
pub const EXECUTABLE: &str = "100755";
/// Mode of a directory in a listing.
pub const DIRECTORY: &str = "040000";

/// A file in a flat view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// [`REGULAR`] or [`EXECUTABLE`].
    pub mode: &'static str,
    /// Id of the content.
    pub blob: String,
}

/// Every file of a tree by its full path.
pub type Files = BTreeMap<String, FileEntry>;

/// One line of a tree object.
#[derive(Clone, Debug)]
pub struct TreeEntry {
    /// Name without directories.
    pub name: String,
    /// Mode; [`DIRECTORY`] for trees.
    pub mode: &'static str,
    /// Id of blob or tree.
    pub id: String,
}

impl TreeEntry {
    /// Whether it is a directory.
    pub fn is_tree(&self) -> bool {
        self.mode == DIRECTORY
    }
}

impl Repository {
    /// Stores content and returns its id.
    pub fn add_blob(&mut self, content: &[u8]) -> String {
        let id = blob_id(content);
        self.blobs
            .entry(id.clone())
            .or_insert_with(|| Arc::from(content));
        id
    }

    /// Stores the trees of a flat view and returns the id of the root.
    pub fn write_tree(&mut self, files: &Files) -> String {
        let flat: Vec<(&str, &FileEntry)> = files
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .collect();
        self.write_level(&flat)
    }

    fn write_level(&mut self, files: &[(&str, &FileEntry)]) -> String {
        let mut below: BTreeMap<&str, Vec<(&str, &FileEntry)>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (path, entry) in files {
            match path.split_once('/') {
                Some((directory, rest)) => below.entry(directory).or_default().push((rest, entry)),
                None => entries.push(TreeEntry {
                    name: (*path).to_owned(),
                    mode: entry.mode,
                    id: entry.blob.clone(),
                }),
            }
        }
        for (name, inside) in below {
            let id = self.write_level(&inside);
            entries.push(TreeEntry {
                name: name.to_owned(),
                mode: DIRECTORY,
                id,
            });
        }
        // Git sorts directories as if their names ended in a slash.
        entries.sort_by_key(|e| {
            if e.is_tree() {
                format!("{}/", e.name)
            } else {
                e.name.clone()
            }
        });
        let id = tree_id(&entries);
        self.trees.insert(id.clone(), entries);
        id
    }

    /// Every file of a commit.
    pub fn files(&self, commit: &Commit) -> Files {
        let mut files = Files::new();
        self.flatten(&commit.tree, "", &mut files);
        files
    }

    fn flatten(&self, tree: &str, prefix: &str, files: &mut Files) {
        for entry in self.trees.get(tree).into_iter().flatten() {
            let path = format!("{prefix}{}", entry.name);
            if entry.is_tree() {
                self.flatten(&entry.id, &format!("{path}/"), files);
            } else {
                files.insert(
                    path,
                    FileEntry {
                        mode: entry.mode,
                        blob: entry.id.clone(),
                    },
                );
            }
        }
    }

    /// What lies at a path of a commit: a file, or a directory. The root is no entry.
    pub fn entry_at(&self, commit: &Commit, path: &str) -> Option<&TreeEntry> {
        let mut entries = self.trees.get(&commit.tree)?;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let entry = entries.iter().find(|entry| entry.name == part)?;
            if parts.peek().is_none() {
                return Some(entry);
            }
            entries = self.trees.get(&entry.id)?;
        }
        None
    }

    /// The entries of a directory (`""` is the root) with their full paths,
    /// directories first, as GitLab lists them.
    pub fn list(
        &self,
        commit: &Commit,
        path: &str,
        recursive: bool,
    ) -> Option<Vec<(String, &TreeEntry)>> {
        let path = path.trim_matches('/');
        let (tree, prefix) = if path.is_empty() {
            (&commit.tree, String::new())
        } else {
            let entry = self
                .entry_at(commit, path)
                .filter(|entry| entry.is_tree())?;
            (&entry.id, format!("{path}/"))
        };
        let mut found = Vec::new();
        self.collect(tree, &prefix, recursive, &mut found);
        if !recursive {
            found.sort_by_key(|(_, entry)| !entry.is_tree());
        }
        Some(found)
    }

    fn collect<'a>(
        &'a self,
        tree: &str,
        prefix: &str,
        recursive: bool,
        found: &mut Vec<(String, &'a TreeEntry)>,
    ) {
        for entry in self.trees.get(tree).into_iter().flatten() {
            let path = format!("{prefix}{}", entry.name);
            found.push((path.clone(), entry));
            if recursive && entry.is_tree() {
                self.collect(&entry.id, &format!("{path}/"), recursive, found);
            }
        }
    }
}

fn tree_id(entries: &[TreeEntry]) -> String {
    let mut content = Vec::new();
    for entry in entries {
        content.extend_from_slice(entry.mode.trim_start_matches('0').as_bytes());
        content.push(b' ');
        content.extend_from_slice(entry.name.as_bytes());
        content.push(0);
        let pairs = entry.id.as_bytes().chunks(2);
        let bytes = pairs.filter_map(|pair| std::str::from_utf8(pair).ok());
        content.extend(bytes.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
    }
    hash("tree", &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_hash_as_git_does() {
        let mut repository = Repository::new("main");
        let blob = repository.add_blob(b"hello\n");
        let mut files = Files::new();
        files.insert(
            "a.txt".to_owned(),
            FileEntry {
                mode: REGULAR,
                blob,
            },
        );
        // git mktree <<< "100644 blob ce013625030ba8dba906f756967f9e9ca394464a\ta.txt"
        assert_eq!(
            repository.write_tree(&files),
            "2e81171448eb9f2ee3821e3d447aa6b2fe3ddba1"
        );
    }
}
