//! Homes for the programs of one case.

use std::path::{Path, PathBuf};

use super::Workbench;

/// A folder, gone afterwards.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub(crate) fn new(workbench: &Workbench, name: &str) -> Result<Self, String> {
        let name = format!("{name}-{}", std::process::id());
        let folder = workbench.cache().join(name);
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
