//! Files of a diff that a review can do without.

use gitlab_mcp_core::tool::ToolError;

use super::FileDiff;

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

impl FileDiff<'_> {
    /// True for a lock file at any depth.
    fn is_lock_file(&self) -> bool {
        self.path()
            .rsplit('/')
            .next()
            .is_some_and(|name| LOCK_FILES.contains(&name))
    }

    /// True for a file that GitLab counts as generated.
    fn is_generated(&self) -> bool {
        self.flag("generated_file")
    }
}

/// Files a caller does not want to see.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    patterns: Vec<regex::Regex>,
    lock_files: bool,
    generated: bool,
}

impl Exclusions {
    /// Compiles the patterns.
    pub(crate) fn parse(patterns: Option<&[String]>) -> Result<Self, ToolError> {
        let compiled: Result<_, _> = patterns
            .unwrap_or_default()
            .iter()
            .map(|pattern| regex::Regex::new(pattern))
            .collect();
        let patterns = compiled.map_err(|_| {
            ToolError::argument(
                "excluded_file_patterns",
                "expected valid regular expressions",
            )
        })?;
        Ok(Self {
            patterns,
            ..Self::default()
        })
    }

    /// Also without lock files, or without generated files.
    #[must_use]
    pub(crate) fn and(mut self, lock_files: Option<bool>, generated: Option<bool>) -> Self {
        self.lock_files = lock_files == Some(true);
        self.generated = generated == Some(true);
        self
    }

    fn matches(&self, file: &FileDiff<'_>) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.is_match(file.path()))
            || self.lock_files && file.is_lock_file()
            || self.generated && file.is_generated()
    }

    /// The files that stay, and how many do not.
    pub(crate) fn apply<'a>(&self, files: Vec<FileDiff<'a>>) -> (Vec<FileDiff<'a>>, usize) {
        let all = files.len();
        let kept: Vec<_> = files
            .into_iter()
            .filter(|file| !self.matches(file))
            .collect();
        let left_out = all - kept.len();
        (kept, left_out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lock_files_are_known_at_any_depth() {
        let answer = json!([{ "new_path": "web/app/yarn.lock" }, { "new_path": "src/lock.rs" }]);
        let found: Vec<bool> = FileDiff::all(&answer)
            .iter()
            .map(FileDiff::is_lock_file)
            .collect();
        assert_eq!(found, [true, false]);
    }

    #[test]
    fn excluded_files_are_counted() {
        let answer = json!([
            { "new_path": "src/a.rs" },
            { "new_path": "web/yarn.lock" },
            { "new_path": "api.pb.go", "generated_file": true },
            { "new_path": "docs/a.md" },
        ]);
        let patterns = ["^docs/".to_owned()];
        let exclusions = Exclusions::parse(Some(&patterns)).unwrap();
        let (kept, left_out) = exclusions
            .and(Some(true), Some(true))
            .apply(FileDiff::all(&answer));
        assert_eq!((kept.len(), left_out), (1, 3));
        assert!(Exclusions::parse(Some(&["(".to_owned()])).is_err());
    }
}
