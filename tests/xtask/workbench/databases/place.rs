//! Where a database has its files, and as whom it runs.

use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{ANSWER, USER, Workbench};
use crate::packages::is_root;
use crate::report::Lack;

/// Whose process it is; PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    id: u32,
    group: u32,
}

impl User {
    /// The user of PostgreSQL's packages; none where we are not root and need no other.
    pub(super) fn of_postgresql(workbench: &Workbench) -> Result<Option<Self>, Lack> {
        if !is_root(workbench.guard()) {
            return Ok(None);
        }
        let ask = |option: &str| -> Option<u32> {
            let mut command = workbench.clean(Path::new("id"));
            let done = workbench.run(command.args([option, USER]), ANSWER).ok()?;
            done.output.stdout().trim().parse().ok()
        };
        match (ask("-u"), ask("-g")) {
            (Some(id), Some(group)) => Ok(Some(Self { id, group })),
            _ => Err(Lack::Missing(format!(
                "PostgreSQL does not run as root, and there is no user {USER}"
            ))),
        }
    }
}

/// Lets a command run as that user.
pub(super) fn as_user(command: &mut Command, user: Option<User>) {
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder of one server. It is below the system's temporary folder, because another user may be
/// kept from ours.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// An empty one, which `user` owns and nobody else may look into.
    pub(super) fn new(name: &str, user: Option<User>) -> Result<Self, Lack> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("gitlab-mcp-{name}-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder.0)
            .map_err(|error| folder.broken(&error))?;
        if let Some(user) = user {
            chown(&folder.0, Some(user.id), Some(user.group))
                .map_err(|error| folder.broken(&error))?;
        }
        Ok(folder)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// What went wrong with it.
    pub(super) fn broken(&self, error: &std::io::Error) -> Lack {
        Lack::Broken(format!("{}: {error}", self.0.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
