//! What can be wrong with a configuration, and how it is told.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The declaration of the setting.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from one, where it could be found.
        line: Option<usize>,
    },
    /// An environment variable.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Environment => formatter.write_str("environment"),
            Self::Flag => formatter.write_str("flag"),
            Self::File {
                path,
                line: Some(line),
            } => {
                write!(formatter, "file {}:{line}", path.display())
            }
            Self::File { path, line: None } => write!(formatter, "file {}", path.display()),
        }
    }
}

/// One thing that is wrong, in words for the operator. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name the operator used, alias included.
    pub variable: String,
    /// Where it was set.
    pub source: Source,
    /// What is wrong: a sentence without a capital and without a period.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} ({}): {}",
            self.variable, self.source, self.text
        )
    }
}

/// Every problem of a configuration at once; the process exits with status 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one problem, in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// The same content for `LOG_FORMAT=json`.
    pub fn to_json(&self) -> serde_json::Value {
        let problems: Vec<_> = self
            .problems
            .iter()
            .map(|problem| {
                serde_json::json!({
                    "variable": problem.variable,
                    "source": problem.source.to_string(),
                    "text": problem.text,
                })
            })
            .collect();
        serde_json::json!({ "error": "configuration is invalid", "problems": problems })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(
            formatter,
            "configuration is invalid ({count} problem{plural})"
        )?;
        for problem in &self.problems {
            write!(formatter, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// A command line that cannot be understood; one line, and the process exits with status 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// No setting has this flag.
    #[error("unknown flag {flag}{}", hint(nearest.as_deref()))]
    UnknownFlag {
        /// The flag as written, without its value.
        flag: String,
        /// The flag that was probably meant.
        nearest: Option<String>,
    },
    /// The flag needs a value and none follows.
    #[error("flag {flag} needs a value")]
    MissingValue {
        /// The flag as written.
        flag: String,
    },
    /// An argument that is not UTF-8.
    #[error("argument {position} is not valid UTF-8")]
    NotUtf8 {
        /// Its position, counted from one.
        position: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Why a configuration could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The command line cannot be understood.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The values cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl LoadError {
    /// The exit status: 2 for the command line, 1 for the values.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Config(_) => 1,
        }
    }
}

/// How much attention a [`Warning`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Good to know.
    Info,
    /// Probably not what was meant.
    Warn,
}

/// Something the operator should know that does not prevent a start. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// How much attention it asks for.
    pub attention: Attention,
    /// The name the operator used, where one name is the subject.
    pub variable: Option<String>,
    /// The sentence, without a capital and without a period.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = &self.variable {
            write!(formatter, "{variable}: ")?;
        }
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(variable: &str, source: Source) -> Problem {
        Problem {
            variable: variable.to_owned(),
            source,
            text: "is wrong".to_owned(),
        }
    }

    #[test]
    fn error_lists_every_problem_under_one_heading() {
        let file = |line| Source::File {
            path: PathBuf::from("/etc/c.toml"),
            line,
        };
        let one = ConfigError {
            problems: vec![problem("PORT", Source::Environment)],
        };
        assert_eq!(
            one.to_string(),
            "configuration is invalid (1 problem)\n  - PORT (environment): is wrong"
        );
        let three = ConfigError {
            problems: vec![
                problem("A", Source::Flag),
                problem("B", file(Some(3))),
                problem("C", file(None)),
            ],
        };
        assert_eq!(
            three.to_string(),
            "configuration is invalid (3 problems)\n  - A (flag): is wrong\n  \
             - B (file /etc/c.toml:3): is wrong\n  - C (file /etc/c.toml): is wrong"
        );
        assert_eq!(
            three.to_json()["problems"][1]["source"],
            "file /etc/c.toml:3"
        );
    }

    #[test]
    fn usage_errors_are_one_line_and_status_two() {
        let nearest = Some("--token".to_owned());
        let error = LoadError::from(UsageError::UnknownFlag {
            flag: "--tokn".to_owned(),
            nearest,
        });
        assert_eq!(
            error.to_string(),
            "unknown flag --tokn; did you mean --token?"
        );
        assert_eq!(error.exit_code(), 2);
    }
}
