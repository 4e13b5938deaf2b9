//! Diffs as a model reads them: one unified text, files that GitLab left out marked as such.
//! Members of a diff: <https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs>

use serde_json::{Map, Value, json};

mod exclusions;
mod place;

pub(crate) use exclusions::Exclusions;
pub(crate) use place::{Place, line_code};

/// One file of a diff, with only the members that are needed, each with a fallback.
pub(crate) struct FileDiff<'a> {
    file: &'a Value,
}

impl<'a> FileDiff<'a> {
    /// One file.
    pub(crate) fn of(file: &'a Value) -> Self {
        Self { file }
    }

    /// The file as GitLab sent it.
    pub(crate) fn json(&self) -> &'a Value {
        self.file
    }

    /// The files of an answer: a list, or an object with a `diffs` or `changes` member.
    pub(crate) fn all(answer: &'a Value) -> Vec<Self> {
        let list = answer
            .as_array()
            .or_else(|| answer.get("diffs").and_then(Value::as_array))
            .or_else(|| answer.get("changes").and_then(Value::as_array));
        list.into_iter().flatten().map(Self::of).collect()
    }

    fn text(&self, name: &str) -> &'a str {
        self.file
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn flag(&self, name: &str) -> bool {
        self.file
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// The path after the change.
    pub(crate) fn path(&self) -> &'a str {
        match self.text("new_path") {
            "" => self.text("old_path"),
            path => path,
        }
    }

    /// True when either path is `wanted`.
    pub(crate) fn is_about(&self, wanted: &str) -> bool {
        self.text("new_path") == wanted || self.text("old_path") == wanted
    }

    /// The path before the change.
    pub(crate) fn old_path(&self) -> &'a str {
        match self.text("old_path") {
            "" => self.text("new_path"),
            path => path,
        }
    }

    /// Why the content is missing, if it is.
    fn left_out(&self) -> Option<&'static str> {
        if self.flag("too_large") {
            Some("too large: GitLab does not send its diff; read the file at both refs")
        } else if self.flag("collapsed") && self.text("diff").is_empty() {
            Some("collapsed by GitLab; read the file at both refs")
        } else {
            None
        }
    }

    /// Path, kind of change and line counts.
    pub(crate) fn summary(&self) -> Value {
        let diff = self.text("diff");
        let count = |sign: char| diff.lines().filter(|line| line.starts_with(sign)).count();
        let mut about = Map::new();
        about.insert("path".to_owned(), self.path().into());
        if self.flag("renamed_file") {
            about.insert("old_path".to_owned(), self.text("old_path").into());
        }
        about.insert("change".to_owned(), self.change().into());
        about.insert("added".to_owned(), count('+').into());
        about.insert("removed".to_owned(), count('-').into());
        if let Some(why) = self.left_out() {
            about.insert("left_out".to_owned(), why.into());
        }
        Value::Object(about)
    }

    fn change(&self) -> &'static str {
        if self.flag("new_file") {
            "added"
        } else if self.flag("deleted_file") {
            "deleted"
        } else if self.flag("renamed_file") {
            "renamed"
        } else {
            "modified"
        }
    }

    /// The unified diff with its two header lines.
    pub(crate) fn unified(&self) -> String {
        let old = if self.flag("new_file") {
            "/dev/null"
        } else {
            self.text("old_path")
        };
        let new = if self.flag("deleted_file") {
            "/dev/null"
        } else {
            self.text("new_path")
        };
        let diff = self.text("diff");
        match self.left_out() {
            // Asked for with `unidiff`, GitLab sends the two lines itself.
            None if diff.starts_with("--- ") => with_line_end(diff),
            Some(why) => format!("--- {old}\n+++ {new}\n# {why}\n"),
            None => format!("--- {old}\n+++ {new}\n{}", with_line_end(diff)),
        }
    }
}

fn with_line_end(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_owned()
    } else {
        format!("{text}\n")
    }
}

/// The files as one text, and what a caller should know about it.
pub(crate) fn render(files: &[FileDiff<'_>]) -> (Map<String, Value>, String) {
    let summaries: Vec<Value> = files.iter().map(FileDiff::summary).collect();
    let text: String = files.iter().map(FileDiff::unified).collect();
    let mut about = Map::new();
    about.insert("files".to_owned(), json!(summaries));
    (about, text)
}

/// As [`render`], with whole files as long as they fit; the others are named in `not_shown`. The
/// first file is always there.
pub(crate) fn render_within(files: &[FileDiff<'_>], budget: usize) -> (Map<String, Value>, String) {
    let (mut about, _) = render(files);
    let mut text = String::new();
    let mut not_shown: Vec<&str> = Vec::new();
    for file in files {
        let one = file.unified();
        if text.is_empty() || text.len() + one.len() <= budget {
            text.push_str(&one);
        } else {
            not_shown.push(file.path());
        }
    }
    if !not_shown.is_empty() {
        about.insert("not_shown".to_owned(), json!(not_shown));
        about.insert(
            "next_step".to_owned(),
            "call get_merge_request_file_diff with the paths of not_shown".into(),
        );
    }
    (about, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_gitlab_left_out_are_marked_and_not_shown_as_empty() {
        let answer = json!([
            { "old_path": "a.rs", "new_path": "b.rs", "renamed_file": true, "diff": "@@ -1 +1 @@\n-x\n+y" },
            { "old_path": "big", "new_path": "big", "too_large": true, "diff": "" },
            { "unexpected": 1 },
        ]);
        let files = FileDiff::all(&answer);
        let (about, text) = render(&files);
        assert_eq!(
            about["files"][0],
            json!({ "path": "b.rs", "old_path": "a.rs", "change": "renamed", "added": 1, "removed": 1 })
        );
        assert!(
            text.starts_with(
                "--- a.rs\n+++ b.rs\n@@ -1 +1 @@\n-x\n+y\n--- big\n+++ big\n# too large"
            )
        );
    }

    #[test]
    fn files_beyond_the_budget_are_named_instead_of_cut() {
        let answer = json!([
            { "new_path": "a", "old_path": "a", "diff": "+one\n" },
            { "new_path": "b", "old_path": "b", "diff": format!("+{}\n", "x".repeat(99)) },
            { "new_path": "c", "old_path": "c", "diff": "+three\n" },
        ]);
        let (about, text) = render_within(&FileDiff::all(&answer), 60);
        assert_eq!(text, "--- a\n+++ a\n+one\n--- c\n+++ c\n+three\n");
        assert_eq!(about["not_shown"], json!(["b"]));
        assert_eq!(about["files"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn headers_that_gitlab_sends_are_not_doubled() {
        let answer =
            json!([{ "old_path": "a", "new_path": "a", "diff": "--- a/a\n+++ b/a\n+x\n" }]);
        let (_, text) = render(&FileDiff::all(&answer));
        assert_eq!(text, "--- a/a\n+++ b/a\n+x\n");
    }
}
