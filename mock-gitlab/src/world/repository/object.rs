//! How git hashes what it stores: `<kind> <length>\0<content>`.

use sha1::{Digest, Sha1};

use crate::clock::Timestamp;

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// When.
    pub at: Timestamp,
}

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its sha-1.
    pub id: String,
    /// Its tree.
    pub tree: String,
    /// The commits before it.
    pub parents: Vec<String>,
    /// Who wrote the change.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// The whole message.
    pub message: String,
}

impl Commit {
    /// First line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The first eight digits of the id, as GitLab shows them.
    pub fn short_id(&self) -> String {
        self.id.chars().take(8).collect()
    }
}

/// The id of a blob with this content.
pub fn blob_id(content: &[u8]) -> String {
    hash("blob", content)
}

pub(super) fn hash(kind: &str, content: &[u8]) -> String {
    let mut sha = Sha1::new();
    sha.update(format!("{kind} {}\0", content.len()).as_bytes());
    sha.update(content);
    hex(&sha.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

pub(super) fn commit_id(
    tree: &str,
    parents: &[String],
    author: &Person,
    committer: &Person,
    message: &str,
) -> String {
    let mut text = format!("tree {tree}\n");
    for parent in parents {
        text.extend(["parent ", parent, "\n"]);
    }
    let (author, committer) = (line(author), line(committer));
    text.extend([
        "author ",
        &author,
        "
committer ",
        &committer,
        "

",
        message,
    ]);
    hash("commit", text.as_bytes())
}

/// `Name <address> seconds +0000`; characters that would break the line are dropped.
fn line(person: &Person) -> String {
    let clean = |text: &str| text.replace(['\n', '\0', '<', '>'], "");
    format!(
        "{} <{}> {} +0000",
        clean(&person.name),
        clean(&person.email),
        person.at.as_seconds()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_hash_as_git_does() {
        // printf 'hello\n' | git hash-object --stdin
        assert_eq!(
            blob_id(b"hello\n"),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    #[test]
    fn the_empty_tree_hashes_as_git_does() {
        assert_eq!(
            hash("tree", b""),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
    }
}
