//! Where in a diff a line stands: what a comment's position needs.
//! <https://docs.gitlab.com/api/discussions/#create-a-new-thread-in-the-merge-request-diff>

use sha1::{Digest as _, Sha1};

use super::FileDiff;

/// One line of a diff. Both counters run on, so that a line code can be made of any line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// What the line is.
    pub(crate) kind: Line,
    /// The line in the old file, or where it would stand.
    pub(crate) old: u32,
    /// The line in the new file, or where it would stand.
    pub(crate) new: u32,
}

/// What a line of a diff does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Added,
    Removed,
    Context,
}

impl Place {
    /// The line in the old file, for lines that were there.
    pub(crate) fn old_line(self) -> Option<u32> {
        (self.kind != Line::Added).then_some(self.old)
    }

    /// The line in the new file, for lines that are there.
    pub(crate) fn new_line(self) -> Option<u32> {
        (self.kind != Line::Removed).then_some(self.new)
    }

    fn is(self, old: Option<u32>, new: Option<u32>) -> bool {
        let fits = |wanted: Option<u32>, own: Option<u32>| wanted.is_none() || wanted == own;
        fits(old, self.old_line()) && fits(new, self.new_line())
    }
}

/// GitLab's name of a line in a diff.
pub(crate) fn line_code(path: &str, place: Place) -> String {
    let digest: String = Sha1::digest(path.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect();
    format!("{digest}_{}_{}", place.old, place.new)
}

/// `@@ -3,4 +5,6 @@` → 3 and 5.
fn starts(header: &str) -> Option<(u32, u32)> {
    let mut words = header.strip_prefix("@@ ")?.split_whitespace();
    let mut number = |sign: char| -> Option<u32> {
        let range = words.next()?.strip_prefix(sign)?;
        range.split(',').next()?.parse().ok()
    };
    Some((number('-')?, number('+')?))
}

/// Every line of a unified diff with its hunk's header.
fn places(diff: &str) -> Vec<(&str, Place)> {
    let mut found = Vec::new();
    let mut header = "";
    let (mut old, mut new) = (0, 0);
    for line in diff.lines() {
        if let Some((first_old, first_new)) = starts(line) {
            header = line;
            (old, new) = (first_old, first_new);
            continue;
        }
        let kind = match line.chars().next() {
            Some('+') => Line::Added,
            Some('-') => Line::Removed,
            Some(' ') | None => Line::Context,
            Some(_) => continue,
        };
        if header.is_empty() {
            continue;
        }
        found.push((header, Place { kind, old, new }));
        old += u32::from(kind != Line::Added);
        new += u32::from(kind != Line::Removed);
    }
    found
}

impl FileDiff<'_> {
    /// The line with these numbers. `None` when GitLab sends no diff of the file to look into.
    ///
    /// # Errors
    /// The header of the nearest hunk, when the diff does not hold the line.
    pub(crate) fn place(
        &self,
        old: Option<u32>,
        new: Option<u32>,
    ) -> Result<Option<Place>, String> {
        if self.left_out().is_some() {
            return Ok(None);
        }
        let places = places(self.text("diff"));
        if let Some((_, place)) = places.iter().find(|(_, place)| place.is(old, new)) {
            return Ok(Some(*place));
        }
        let distance = |place: &Place| match (old, new) {
            (_, Some(new)) => place.new.abs_diff(new),
            (Some(old), None) => place.old.abs_diff(old),
            (None, None) => 0,
        };
        let nearest = places.iter().min_by_key(|(_, place)| distance(place));
        Err(match nearest {
            Some((header, _)) => {
                format!("expected a line of the diff; the nearest hunk is `{header}`")
            }
            None => "expected a file with changed lines".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DIFF: &str = "@@ -1,3 +1,3 @@ fn main\n one\n-two\n+TWO\n three\n@@ -20 +20,2 @@\n+new\n \n\\ No newline at end of file\n";

    fn place(old: Option<u32>, new: Option<u32>) -> Result<Option<Place>, String> {
        let answer = json!([{ "old_path": "a.rs", "new_path": "a.rs", "diff": DIFF }]);
        FileDiff::all(&answer)[0].place(old, new)
    }

    #[test]
    fn a_line_is_found_from_either_side() {
        for (asked, kind, old, new) in [
            ((None, Some(1)), Line::Context, Some(1), Some(1)),
            ((None, Some(2)), Line::Added, None, Some(2)),
            ((Some(2), None), Line::Removed, Some(2), None),
            ((Some(3), None), Line::Context, Some(3), Some(3)),
            ((None, Some(20)), Line::Added, None, Some(20)),
            ((Some(20), Some(21)), Line::Context, Some(20), Some(21)),
        ] {
            let found = place(asked.0, asked.1).unwrap().unwrap();
            assert_eq!(
                (found.kind, found.old_line(), found.new_line()),
                (kind, old, new),
                "{asked:?}"
            );
        }
    }

    #[test]
    fn a_line_outside_the_diff_is_refused_with_the_nearest_hunk() {
        let refusal = place(None, Some(18)).unwrap_err();
        assert!(refusal.contains("`@@ -20 +20,2 @@`"), "{refusal}");
        assert!(place(Some(2), Some(2)).is_err());
    }

    #[test]
    fn a_file_without_a_diff_cannot_be_looked_into() {
        let answer = json!([{ "new_path": "big", "too_large": true, "diff": "" }]);
        assert_eq!(FileDiff::all(&answer)[0].place(None, Some(3)), Ok(None));
    }

    #[test]
    fn a_line_code_is_made_of_path_and_both_counters() {
        let code = line_code("a.rs", place(None, Some(2)).unwrap().unwrap());
        assert!(code.ends_with("_3_2") && code.len() == 44, "{code}");
    }
}
