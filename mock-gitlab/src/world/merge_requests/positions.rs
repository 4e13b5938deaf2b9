//! Lines of a diff, and the codes GitLab gives them.
//! <https://docs.gitlab.com/api/discussions/#line-code>

use sha1::{Digest, Sha1};

use crate::world::repository::FileDiff;

/// The code of a line of a changed file; none when the diff does not show that line.
/// An added line has only a new number, a removed one only an old number, a line of
/// context both.
pub fn line_code(file: &FileDiff, old: Option<u64>, new: Option<u64>) -> Option<String> {
    let found = lines(&file.diff)
        .into_iter()
        .find(|line| match (old, new) {
            (Some(old), Some(new)) => line.kind == ' ' && (line.old, line.new) == (old, new),
            (Some(old), None) => line.kind != '+' && line.old == old,
            (None, Some(new)) => line.kind != '-' && line.new == new,
            (None, None) => false,
        })?;
    Some(format!(
        "{}_{}_{}",
        path_hash(&file.new_path),
        found.old,
        found.new
    ))
}

fn path_hash(path: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha1::digest(path.as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

struct Line {
    kind: char,
    old: u64,
    new: u64,
}

/// Every line of the hunks with the numbers it has on both sides.
fn lines(diff: &str) -> Vec<Line> {
    let (mut old, mut new) = (0, 0);
    let mut found = Vec::new();
    for text in diff.lines() {
        if let Some((left, right)) = starts(text) {
            (old, new) = (left, right);
            continue;
        }
        let kind = text.chars().next().unwrap_or(' ');
        if kind == '\\' {
            continue;
        }
        found.push(Line { kind, old, new });
        old += u64::from(kind != '+');
        new += u64::from(kind != '-');
    }
    found
}

/// The first numbers of a hunk: `@@ -1,4 +1,5 @@`.
fn starts(text: &str) -> Option<(u64, u64)> {
    let mut words = text.strip_prefix("@@ ")?.split(' ');
    let mut number = |sign: char| -> Option<u64> {
        let word = words.next()?.strip_prefix(sign)?;
        word.split(',').next()?.parse().ok()
    };
    Some((number('-')?, number('+')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> FileDiff {
        FileDiff {
            old_path: "a.txt".to_owned(),
            new_path: "a.txt".to_owned(),
            a_mode: "100644",
            b_mode: "100644",
            diff: "@@ -3,3 +3,3 @@\n same\n-gone\n+come\n same\n".to_owned(),
            new_file: false,
            deleted_file: false,
            renamed_file: false,
            added: 1,
            removed: 1,
        }
    }

    #[test]
    fn a_code_holds_the_path_and_both_numbers() {
        let hash = "a6fc2cb4cc366d5a7f61dc48cbd0d4bbd8d4ba3b";
        let code =
            |old, new| line_code(&file(), old, new).map(|c| c.replace(&path_hash("a.txt"), "#"));
        assert_eq!(path_hash("a.txt").len(), hash.len());
        assert_eq!(code(None, Some(4)).unwrap(), "#_5_4");
        assert_eq!(code(Some(4), None).unwrap(), "#_4_4");
        assert_eq!(code(Some(3), Some(3)).unwrap(), "#_3_3");
    }

    #[test]
    fn a_line_the_diff_does_not_show_has_no_code() {
        assert_eq!(line_code(&file(), None, Some(40)), None);
        assert_eq!(line_code(&file(), Some(3), Some(9)), None);
        assert_eq!(line_code(&file(), None, None), None);
    }
}
