//! A secret in a file of its own.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

/// The largest secret file, in bytes.
const LIMIT: u64 = 64 * 1024;

/// Where container runtimes mount secrets; the permissions there are not the operator's choice.
const RUNTIME_SECRETS: &str = "/run/secrets";

/// What a secret file holds.
pub struct SecretFile {
    /// The content without one trailing line break; zeroed on drop.
    pub text: Zeroizing<String>,
    /// Every user of the machine may read the file, and it is not a mount of the container runtime.
    pub is_exposed: bool,
}

impl std::fmt::Debug for SecretFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretFile").finish_non_exhaustive()
    }
}

/// Why a secret file is of no use; the words follow its path in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFileError {
    /// Missing, a directory, or without permission.
    #[error("cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// More than 64 KiB.
    #[error("is larger than 64 KiB")]
    TooLarge,
}

/// Reads the secret in `path`. Blocks for as long as the file system does.
///
/// # Errors
///
/// [`SecretFileError`] when there is no text to use.
pub fn read_secret_file(path: &Path) -> Result<SecretFile, SecretFileError> {
    let unreadable = |error: std::io::Error| SecretFileError::Unreadable(error.kind());
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    file.take(LIMIT.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LIMIT) {
        return Err(SecretFileError::TooLarge);
    }
    let line = text
        .strip_suffix('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    let kept = line.unwrap_or(&text).len();
    text.truncate(kept);
    if text.is_empty() {
        return Err(SecretFileError::Empty);
    }
    Ok(SecretFile {
        text,
        is_exposed: others_may_read(path),
    })
}

#[cfg(unix)]
pub(super) fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let readable = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o004 != 0);
    readable && !path.starts_with(RUNTIME_SECRETS)
}

#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> bool {
    false
}
