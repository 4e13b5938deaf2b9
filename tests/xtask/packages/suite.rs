//! The functional tests of python-gitlab: they come with its source distribution only.

use std::path::{Path, PathBuf};

use super::python::GITLAB_CLIENT;
use super::{Python, Shelf, step};
use crate::process::Guard;
use crate::report::{Lack, say};

const SOURCE: &str = "python-gitlab==8.6.0";
const ARCHIVE: &str = "python_gitlab-8.6.0.tar.gz";
const UNPACKED: &str = "python_gitlab-8.6.0";

/// The suite, and a Python that can run it.
#[derive(Debug)]
pub(crate) struct Suite {
    python: Python,
    folder: PathBuf,
}

impl Suite {
    /// Installs and unpacks what is not there yet.
    pub(crate) fn install(cache: &Path, guard: &Guard) -> Result<Self, Lack> {
        let python = Python::install(cache, guard, &GITLAB_CLIENT)?;
        let shelf = Shelf::new(cache.join("python-gitlab-source"), SOURCE.to_owned());
        let suite = Self {
            folder: shelf.folder.join(UNPACKED),
            python,
        };
        if shelf.is_filled() && suite.is_there() {
            return Ok(suite);
        }
        say(&format!("fetching the source of {SOURCE} …"));
        shelf.clear()?;
        let failed = |said| Lack::Broken(format!("{SOURCE} could not be fetched\n{said}"));
        let mut download = suite.python.command();
        download.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--no-deps",
        ]);
        download.args(["--no-binary", ":all:", SOURCE, "--dest"]);
        step(download.arg(&shelf.folder), guard).map_err(failed)?;
        let mut unpack = suite.python.command();
        unpack.args(["-m", "tarfile", "--extract"]);
        let archive = shelf.folder.join(ARCHIVE);
        step(unpack.arg(archive).arg(&shelf.folder), guard).map_err(failed)?;
        if !suite.is_there() {
            return Err(Lack::Broken(format!("{ARCHIVE} holds no functional tests")));
        }
        shelf.fill()?;
        Ok(suite)
    }

    /// The interpreter and its environment.
    pub(crate) const fn python(&self) -> &Python {
        &self.python
    }

    /// The root of the source.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_there(&self) -> bool {
        self.folder.join("tests/functional/conftest.py").exists()
    }
}
