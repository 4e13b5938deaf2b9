//! The file in which the tokens of the person at this machine lie: trusted, read, written whole.
//!
//! Other processes use the same file, so every change happens under its lock, and a reader sees the
//! content of one save and never a part of it. Everything here blocks for as long as the file
//! system does, but [`TokenFile::lock`].

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use zeroize::Zeroizing;

use super::lock::{self, Lock};
use crate::gitlab_oauth::{RefreshToken, Tokens};

mod content;
mod place;
mod problem;

pub(super) use place::open_lock;
pub use problem::{TokenFileError, TokenFileProblem};

/// The longest token file, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Whose tokens a file must hold to be of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The GitLab the tokens belong to.
    pub instance: Instance,
    /// The application they were granted to.
    pub client_id: String,
}

/// The tokens of one save. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct StoredTokens {
    /// Goes to the API as `Authorization: Bearer`.
    pub access: Arc<Secret<GitLabToken>>,
    /// Good for one renewal; some applications give none.
    pub refresh: Option<Arc<Secret<RefreshToken>>>,
    /// Life of the access token from `created_at` on.
    pub expires_in: Option<Duration>,
    /// When we received the tokens.
    pub created_at: SystemTime,
    /// What was granted, separated by blanks.
    pub scope: Option<String>,
    /// Counts the saves of this file; 0 in files of other programs.
    pub generation: u64,
}

impl StoredTokens {
    /// What GitLab answered at `received`; the file numbers it when it is saved.
    pub fn received(tokens: Tokens, received: SystemTime) -> Self {
        Self {
            access: Arc::new(tokens.access),
            refresh: tokens.refresh.map(Arc::new),
            expires_in: tokens.expires_in,
            created_at: received,
            scope: tokens.scope,
            generation: 0,
        }
    }

    /// The answer to a renewal of `old`: what it leaves out stays as it was.
    #[must_use]
    pub fn renewing(mut self, old: &Self) -> Self {
        self.refresh = self.refresh.or_else(|| old.refresh.clone());
        self.scope = self.scope.or_else(|| old.scope.clone());
        self
    }

    /// How long the access token lives on; `None` when nobody said.
    pub fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let end = self.created_at.checked_add(self.expires_in?)?;
        Some(end.duration_since(now).unwrap_or_default())
    }

    /// True when both come from the same save.
    pub fn is(&self, other: &Self) -> bool {
        let refresh = |one: &Self| one.refresh.clone();
        let same_refresh = match (refresh(self), refresh(other)) {
            (Some(one), Some(other)) => one.matches(other.expose()),
            (None, None) => true,
            _ => false,
        };
        self.generation == other.generation
            && same_refresh
            && self.access.matches(other.access.expose())
    }
}

/// Where the tokens of one application at one GitLab lie. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: Arc<Path>,
    expected: Arc<Expected>,
}

/// A token file that no other process changes for as long as this lives.
#[derive(Debug)]
pub struct LockedTokenFile {
    file: TokenFile,
    _lock: Lock,
}

impl TokenFile {
    /// The file at `path`, which need not exist. Nothing is touched.
    pub fn open(path: &Path, expected: &Expected) -> Self {
        Self {
            path: path.into(),
            expected: Arc::new(expected.clone()),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tokens in the file, or `None` when there is no file.
    ///
    /// # Errors
    /// [`TokenFileError`] when the file is not to be trusted, belongs to another GitLab or
    /// application, or holds no tokens ([`TokenFileError::is_unreadable`]).
    pub fn load(&self) -> Result<Option<StoredTokens>, TokenFileError> {
        place::check_directory(&self.path).map_err(|problem| self.failed(problem))?;
        let opened = place::open_trusted(&self.path).map_err(|problem| self.failed(problem))?;
        let Some(file) = opened else {
            return Ok(None);
        };
        let text = read(&file).map_err(|problem| self.failed(problem))?;
        let tokens =
            content::parse(&text, &self.expected).map_err(|problem| self.failed(problem))?;
        Ok(Some(tokens))
    }

    /// Waits until no other process holds the file, for at most 30 s.
    ///
    /// # Errors
    /// [`TokenFileError`]; [`TokenFileProblem::Busy`] when the time runs out.
    pub async fn lock(&self) -> Result<LockedTokenFile, TokenFileError> {
        let name = self.beside(".lock");
        place::make_directory(&self.path).map_err(|problem| self.failed(problem))?;
        place::check_directory(&self.path).map_err(|problem| self.failed(problem))?;
        let lock = lock::acquire(&name).await;
        Ok(LockedTokenFile {
            file: self.clone(),
            _lock: lock.map_err(|problem| self.failed(problem))?,
        })
    }

    fn failed(&self, problem: TokenFileProblem) -> TokenFileError {
        TokenFileError::new(&self.path, problem)
    }

    /// The file of the same name with `ending` behind it.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }
}

impl LockedTokenFile {
    /// As [`TokenFile::load`].
    ///
    /// # Errors
    /// As [`TokenFile::load`].
    pub fn load(&self) -> Result<Option<StoredTokens>, TokenFileError> {
        self.file.load()
    }

    /// Puts `tokens` in place of whatever the file holds, and hands them back with their number.
    /// After a crash at any point the file holds the old tokens or these.
    ///
    /// # Errors
    /// [`TokenFileError`]; the file is then as it was.
    pub fn save(&self, tokens: &StoredTokens) -> Result<StoredTokens, TokenFileError> {
        let file = &self.file;
        let before = file.load().ok().flatten();
        let number = before
            .map_or(0, |stored| stored.generation)
            .max(tokens.generation);
        let numbered = StoredTokens {
            generation: number.saturating_add(1),
            ..tokens.clone()
        };
        let text = content::format(&numbered, &file.expected);
        self.replace(text.as_bytes())
            .map_err(|problem| file.failed(problem))?;
        Ok(numbered)
    }

    fn replace(&self, content: &[u8]) -> Result<(), TokenFileProblem> {
        let writing = TokenFileProblem::writing;
        let target = &*self.file.path;
        // Never in place of something that is no token file of ours.
        place::check_file(target)?;
        // One name for all savers, who exclude each other by the lock: what a dead one left behind
        // is swept away by the next.
        let temporary = self.file.beside(".tmp");
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(&error)),
            _ => {}
        }
        let written = place::create_private(&temporary).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&temporary, target)
        });
        if let Err(error) = written {
            fs::remove_file(&temporary).ok();
            return Err(writing(&error));
        }
        place::sync_directory(target).map_err(|error| writing(&error))
    }

    /// Deletes the file, if there is one.
    ///
    /// # Errors
    /// [`TokenFileError`] when it is there and cannot be deleted.
    pub fn remove(&self) -> Result<(), TokenFileError> {
        let path = &*self.file.path;
        let removed = match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.and_then(|()| place::sync_directory(path)),
        };
        removed.map_err(|error| self.file.failed(TokenFileProblem::writing(&error)))
    }

    /// Renames a file whose content is of no use to `<path>.bad`, unless it has become good since.
    /// True when a file was renamed.
    ///
    /// # Errors
    /// [`TokenFileError`] when it cannot be renamed, or is not to be trusted.
    pub fn set_aside_unreadable(&self) -> Result<bool, TokenFileError> {
        match self.file.load() {
            Err(error) if error.is_unreadable() => self.rename(".bad").map(|()| true),
            loaded => loaded.map(|_| false),
        }
    }

    /// Renames a file whose tokens GitLab does not accept any more to `<path>.stale`.
    ///
    /// # Errors
    /// [`TokenFileError`] when it cannot be renamed.
    pub fn set_aside_stale(&self) -> Result<(), TokenFileError> {
        self.rename(".stale")
    }

    fn rename(&self, ending: &str) -> Result<(), TokenFileError> {
        let file = &self.file;
        let kept = file.beside(ending);
        let renamed = match fs::rename(&*file.path, &kept) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed,
        };
        renamed.map_err(|error| file.failed(TokenFileProblem::writing(&error)))?;
        tracing::warn!(file = %file.path.display(), kept = %kept.display(), "set a token file aside");
        Ok(())
    }
}

/// The whole content, zeroed on drop.
fn read(file: &File) -> Result<Zeroizing<Vec<u8>>, TokenFileProblem> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| TokenFileProblem::reading(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(TokenFileProblem::TooLarge);
    }
    Ok(bytes)
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
