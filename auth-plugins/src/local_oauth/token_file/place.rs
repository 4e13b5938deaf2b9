//! Where a token file lies, and whether it may be trusted there: opened without following a link, a
//! regular file with one name, our own, in a directory that not everybody can write to.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::TokenFileProblem;

/// What is below is never a file in the ordinary sense, whatever it claims to be.
const PROCESSES: &str = "/proc";

/// The directory of `path`; `.` for a bare name.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the directory of `path`, for its owner alone, unless it is there.
pub(super) fn make_directory(path: &Path) -> Result<(), TokenFileProblem> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(directory(path));
    made.map_err(|error| TokenFileProblem::writing(&error))
}

/// Refuses a directory in which everybody may put one file in place of another. One that does not
/// exist is fine.
pub(super) fn check_directory(path: &Path) -> Result<(), TokenFileProblem> {
    let directory = directory(path);
    let real = match directory.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(TokenFileProblem::reading(&error)),
    };
    if real.starts_with(PROCESSES) || path.starts_with(PROCESSES) {
        return Err(TokenFileProblem::NotAFile);
    }
    let found = fs::metadata(&real).map_err(|error| TokenFileProblem::reading(&error))?;
    if system::everybody_may_replace(&found) {
        return Err(TokenFileProblem::OpenDirectory);
    }
    Ok(())
}

/// Judges what stands at `path` without opening it; nothing at all is fine.
pub(super) fn check_file(path: &Path) -> Result<(), TokenFileProblem> {
    match fs::symlink_metadata(path) {
        Ok(found) => judge(&found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(TokenFileProblem::reading(&error)),
    }
}

/// Opens a trusted file for reading; `None` when there is none. A file of ours that others may
/// read is closed to them first.
pub(super) fn open_trusted(path: &Path) -> Result<Option<File>, TokenFileProblem> {
    let mut options = OpenOptions::new();
    options.read(true);
    let Some(file) = open(path, &mut options)? else {
        return Ok(None);
    };
    let found = file
        .metadata()
        .map_err(|error| TokenFileProblem::reading(&error))?;
    match system::close_to_others(&file, &found) {
        Ok(false) => {}
        Ok(true) => tracing::warn!(
            file = %path.display(),
            "other users could read the token file; it is for its owner alone from here on"
        ),
        Err(error) => return Err(TokenFileProblem::writing(&error)),
    }
    Ok(Some(file))
}

/// Opens or makes a file that exists only to be locked.
pub(in super::super) fn open_lock(path: &Path) -> Result<File, TokenFileProblem> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    system::private(&mut options);
    match open(path, &mut options) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(TokenFileProblem::Writing(io::ErrorKind::NotFound)),
        Err(TokenFileProblem::Reading(kind)) => Err(TokenFileProblem::Writing(kind)),
        Err(problem) => Err(problem),
    }
}

/// Judged before opening, because opening some devices does something, and after it, because only
/// then it is certain which file it is.
fn open(path: &Path, options: &mut OpenOptions) -> Result<Option<File>, TokenFileProblem> {
    check_file(path)?;
    system::without_following(options);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if system::is_link_refusal(&error) => return Err(TokenFileProblem::Link),
        Err(error) => return Err(TokenFileProblem::reading(&error)),
    };
    let found = file
        .metadata()
        .map_err(|error| TokenFileProblem::reading(&error))?;
    judge(&found)?;
    Ok(Some(file))
}

fn judge(found: &Metadata) -> Result<(), TokenFileProblem> {
    if found.is_symlink() {
        return Err(TokenFileProblem::Link);
    }
    if !found.is_file() {
        return Err(TokenFileProblem::NotAFile);
    }
    system::judge(found)
}

/// A file of this name that did not exist before, for its owner alone.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    system::private(&mut options);
    options.open(path)
}

/// Makes a rename in the directory of `path` outlive a power cut.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory(path))?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(unix)]
mod system {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};

    use rustix::fs::OFlags;
    use rustix::io::Errno;

    use super::TokenFileProblem;

    const OTHERS_WRITE: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    const OTHERS: u32 = 0o077;

    pub(super) fn everybody_may_replace(directory: &Metadata) -> bool {
        let mode = directory.mode();
        mode & OTHERS_WRITE != 0 && mode & STICKY == 0
    }

    pub(super) fn without_following(options: &mut OpenOptions) {
        // Non-blocking: a pipe that takes the place of the file cannot hold us up.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }

    pub(super) fn private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn is_link_refusal(error: &io::Error) -> bool {
        error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
    }

    pub(super) fn judge(found: &Metadata) -> Result<(), TokenFileProblem> {
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(TokenFileProblem::Foreign);
        }
        // Without any name it was replaced by a save after it was opened, and is still whole.
        if found.nlink() > 1 {
            return Err(TokenFileProblem::SecondName);
        }
        Ok(())
    }

    /// True when others had access.
    pub(super) fn close_to_others(file: &File, found: &Metadata) -> io::Result<bool> {
        if found.mode() & OTHERS == 0 {
            return Ok(false);
        }
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(true)
    }
}

/// Elsewhere the profile directory protects its files, and only what the file system tells about
/// kinds is judged.
#[cfg(not(unix))]
mod system {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;

    use super::TokenFileProblem;

    pub(super) fn everybody_may_replace(_: &Metadata) -> bool {
        false
    }

    pub(super) fn without_following(_: &mut OpenOptions) {}

    pub(super) fn private(_: &mut OpenOptions) {}

    pub(super) fn is_link_refusal(_: &io::Error) -> bool {
        false
    }

    pub(super) fn judge(_: &Metadata) -> Result<(), TokenFileProblem> {
        Ok(())
    }

    pub(super) fn close_to_others(_: &File, _: &Metadata) -> io::Result<bool> {
        Ok(false)
    }
}
