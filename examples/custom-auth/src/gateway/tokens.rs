//! The token directory: one file per user, read again for each request.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use gitlab_mcp_core::auth::Generation;
use gitlab_mcp_core::config::{SecretFileError, read_secret_file};
use gitlab_mcp_core::secret::{GitLabToken, Secret};

/// The fewest bytes of a token.
const SHORTEST: usize = 8;

/// A user's name, proven to be usable as a file name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct User(String);

impl User {
    /// Accepts up to 64 letters, digits and `._@+-`, with neither `.` nor `-` in front: no
    /// separator, no hidden file, no way out of the directory.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(usable)
            && !name.starts_with(['.', '-']);
        fits.then(|| Self(name.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why there is no token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    /// There is no file.
    Absent,
    /// There is one, but what it holds is no token.
    Unusable(String),
}

/// A token, and which one of its user's it is.
type Numbered = (Arc<Secret<GitLabToken>>, Generation);

/// The directory, and which token of each user was seen last.
#[derive(Debug)]
pub(super) struct Tokens {
    directory: PathBuf,
    seen: Mutex<HashMap<User, Numbered>>,
}

impl Tokens {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            seen: Mutex::default(),
        }
    }

    /// The user's token as it is now, and how often it has changed.
    pub(super) async fn of(&self, user: &User) -> Result<Numbered, TokenError> {
        let path = self.directory.join(user.as_str());
        let unusable = |reason: &dyn ToString| TokenError::Unusable(reason.to_string());
        let read = tokio::task::spawn_blocking(move || read_secret_file(&path)).await;
        let file = match read.map_err(|error| unusable(&error))? {
            Ok(file) => file,
            Err(SecretFileError::Unreadable(ErrorKind::NotFound)) => {
                return Err(TokenError::Absent);
            }
            Err(error) => return Err(unusable(&error)),
        };
        let token = Secret::parse(file.text.to_string(), SHORTEST).map_err(|e| unusable(&e))?;
        Ok(self.number(user, token))
    }

    /// Gives a token that differs from the last one the next number.
    fn number(&self, user: &User, token: Secret<GitLabToken>) -> Numbered {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = match seen.get(user) {
            Some((last, generation)) if last.matches(token.expose()) => {
                return (Arc::clone(last), *generation);
            }
            Some((_, Generation(number))) => Generation(number.saturating_add(1)),
            None => Generation::default(),
        };
        let token = Arc::new(token);
        seen.insert(user.clone(), (Arc::clone(&token), generation));
        (token, generation)
    }
}
