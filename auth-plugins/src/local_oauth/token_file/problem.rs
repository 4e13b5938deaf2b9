//! What is wrong with a token file, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::super::settings::TOKEN_PATH;

/// Why a token file is of no use. The message names the setting and not the path, which is for the
/// log alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the token file (GITLAB_OAUTH_TOKEN_PATH) {problem}")]
pub struct TokenFileError {
    path: PathBuf,
    problem: TokenFileProblem,
}

/// One sort of problem; the words follow the name of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileProblem {
    /// A symbolic link, which somebody may point elsewhere.
    #[error("is a symbolic link")]
    Link,
    /// A hard link: the same file under a second name.
    #[error("has a second name (a hard link)")]
    SecondName,
    /// A directory, a pipe, a device, a socket, or something below /proc.
    #[error("is not a regular file")]
    NotAFile,
    /// Somebody else's.
    #[error("belongs to another user")]
    Foreign,
    /// Everybody may put another file in its place.
    #[error("lies in a directory everybody may write to")]
    OpenDirectory,
    /// More than 64 KiB.
    #[error("is larger than 64 KiB")]
    TooLarge,
    /// Another GitLab's tokens.
    #[error("holds tokens of another GitLab instance")]
    OtherInstance,
    /// Another application's tokens.
    #[error("holds tokens of another application (client id)")]
    OtherClient,
    /// No JSON object with an access token.
    #[error("does not hold tokens")]
    Unreadable,
    /// Another process has held the lock for 30 s.
    #[error("is held by another process that is renewing the tokens")]
    Busy,
    /// The file system refuses to read.
    #[error("cannot be read ({0})")]
    Reading(io::ErrorKind),
    /// The file system refuses to write.
    #[error("cannot be written ({0})")]
    Writing(io::ErrorKind),
}

impl TokenFileProblem {
    pub(in super::super) fn reading(error: &io::Error) -> Self {
        Self::Reading(error.kind())
    }

    pub(in super::super) fn writing(error: &io::Error) -> Self {
        Self::Writing(error.kind())
    }

    fn remedy(self) -> String {
        let variable = TOKEN_PATH.variable();
        match self {
            Self::Link | Self::SecondName | Self::NotAFile => {
                format!("set {variable} to the path of a regular file with one name")
            }
            Self::Foreign => format!("make the file your own, or set {variable} to another path"),
            Self::OpenDirectory => format!(
                "take the write permission of others from the directory, or set {variable} to a \
                 path in one of your own"
            ),
            Self::TooLarge | Self::OtherInstance | Self::OtherClient => {
                format!("set {variable} to another path, or delete the file to sign in again")
            }
            Self::Unreadable => "delete the file to sign in again".to_owned(),
            Self::Busy => "repeat the call in a minute".to_owned(),
            Self::Reading(_) | Self::Writing(_) => {
                format!("check the permissions and the free space at {variable}")
            }
        }
    }
}

impl TokenFileError {
    pub(super) fn new(path: &Path, problem: TokenFileProblem) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        self.problem.remedy()
    }

    /// Where the file lies, for the log.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    pub fn problem(&self) -> TokenFileProblem {
        self.problem
    }

    /// True when the file is ours but holds no tokens; such a file is set aside, and the person
    /// signs in again.
    pub fn is_unreadable(&self) -> bool {
        self.problem == TokenFileProblem::Unreadable
    }
}
