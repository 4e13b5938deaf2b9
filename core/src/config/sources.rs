//! The outside world as a value: environment, arguments and where a configuration file may lie.
//!
//! [`Sources::from_process`] is the only place in the workspace that looks at the process's
//! environment. Everything else, tests included, hands values in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// What a configuration is read from.
#[derive(Default)]
pub struct Sources {
    /// A value of `None` is one that is not UTF-8.
    pub(super) environment: BTreeMap<String, Option<Zeroizing<String>>>,
    pub(super) arguments: Vec<Option<Zeroizing<String>>>,
    pub(super) file: FileChoice,
}

/// Which configuration file is read when none is named.
#[derive(Default)]
pub(super) enum FileChoice {
    #[default]
    None,
    Search,
    Given {
        path: PathBuf,
        text: String,
    },
}

impl Sources {
    /// Nothing at all: every setting has its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The environment of this process, these arguments (without the program's own name and
    /// without a sub-command's own options), and the usual places of the configuration file.
    pub fn from_process(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let sources = Self::new()
            .variables(std::env::vars_os())
            .arguments(arguments);
        Self {
            file: FileChoice::Search,
            ..sources
        }
    }

    /// Adds environment variables. A name that is not UTF-8 is none of ours and is left out.
    #[must_use]
    pub fn variables<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        for (name, value) in variables {
            if let Ok(name) = name.into().into_string() {
                let value = value.into().into_string().ok().map(Zeroizing::new);
                self.environment.insert(name, value);
            }
        }
        self
    }

    /// Adds command-line arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter();
        self.arguments
            .extend(arguments.map(|a| a.into().into_string().ok().map(Zeroizing::new)));
        self
    }

    /// Takes `text` as the configuration file called `path`, unless a source names another one.
    #[must_use]
    pub fn file(self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            file: FileChoice::Given {
                path: path.into(),
                text: text.into(),
            },
            ..self
        }
    }

    /// The value of a variable that is set, not empty, and text.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name)?.as_ref()?;
        Some(value.as_str()).filter(|text| !text.is_empty())
    }

    /// The home directory of the operator, which `~/` stands for.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sources")
            .field("variables", &self.environment.len())
            .field("arguments", &self.arguments.len())
            .finish_non_exhaustive()
    }
}
