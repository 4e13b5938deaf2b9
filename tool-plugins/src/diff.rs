//! Diffs as a model reads them: one unified text, files that GitLab left out marked as such.
//! Members of a diff: <https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs>

use gitlab_mcp_core::tool::ToolError;
use serde_json::{Map, Value, json};

/// Files whose content a review never needs.
const LOCK_FILES: [&str; 12] = [
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lockb",
    "Cargo.lock",
    "Gemfile.lock",
    "composer.lock",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "go.sum",
    "flake.lock",
];

/// One file of a diff, with only the members that are needed, each with a fallback.
pub(crate) struct FileDiff<'a> {
    file: &'a Value,
}

impl<'a> FileDiff<'a> {
    /// The files of an answer: a list, or an object with a `diffs` or `changes` member.
    pub(crate) fn all(answer: &'a Value) -> Vec<Self> {
        let list = answer
            .as_array()
            .or_else(|| answer.get("diffs").and_then(Value::as_array))
            .or_else(|| answer.get("changes").and_then(Value::as_array));
        list.into_iter()
            .flatten()
            .map(|file| Self { file })
            .collect()
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

    /// True for a lock file at any depth.
    pub(crate) fn is_lock_file(&self) -> bool {
        self.path()
            .rsplit('/')
            .next()
            .is_some_and(|name| LOCK_FILES.contains(&name))
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
        match self.left_out() {
            Some(why) => format!("--- {old}\n+++ {new}\n# {why}\n"),
            None => format!("--- {old}\n+++ {new}\n{}", with_line_end(self.text("diff"))),
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

/// Files a caller does not want to see, by patterns on their path.
#[derive(Debug, Default)]
pub(crate) struct Exclusions(Vec<regex::Regex>);

impl Exclusions {
    /// Compiles the patterns.
    pub(crate) fn parse(patterns: Option<&[String]>) -> Result<Self, ToolError> {
        let compiled: Result<_, _> = patterns
            .unwrap_or_default()
            .iter()
            .map(|pattern| regex::Regex::new(pattern))
            .collect();
        compiled.map(Self).map_err(|_| {
            ToolError::argument(
                "excluded_file_patterns",
                "expected valid regular expressions",
            )
        })
    }

    /// The files that stay, and how many do not.
    pub(crate) fn apply<'a>(&self, files: Vec<FileDiff<'a>>) -> (Vec<FileDiff<'a>>, usize) {
        let all = files.len();
        let kept: Vec<_> = files
            .into_iter()
            .filter(|file| !self.0.iter().any(|pattern| pattern.is_match(file.path())))
            .collect();
        let left_out = all - kept.len();
        (kept, left_out)
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
    fn lock_files_are_known_at_any_depth() {
        let answer = json!([{ "new_path": "web/app/yarn.lock" }, { "new_path": "src/lock.rs" }]);
        let found: Vec<bool> = FileDiff::all(&answer)
            .iter()
            .map(FileDiff::is_lock_file)
            .collect();
        assert_eq!(found, [true, false]);
    }
}
