//! Python packages, in a virtual environment or, where Python cannot make one, in a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Shelf, step, version};
use crate::process::Guard;
use crate::report::{Lack, say};

/// A set of packages that live together.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Folder below the cache.
    folder: &'static str,
    /// Each with its exact version.
    packages: &'static [&'static str],
    /// A module that can be imported once they are there.
    module: &'static str,
}

/// The MCP clients.
pub(crate) const MCP_CLIENT: Wanted = Wanted {
    folder: "python",
    packages: &["mcp==2.3.0", "fastmcp==4.1.0"],
    module: "fastmcp",
};

/// A client of GitLab's API, and what its own tests need.
pub(super) const GITLAB_CLIENT: Wanted = Wanted {
    folder: "python-gitlab",
    packages: &[
        "python-gitlab[graphql,yaml]==8.6.0",
        "pytest==9.2.0",
        "pytest-console-scripts==1.4.1",
        "responses==0.26.3",
    ],
    module: "gitlab",
};

const PIP: [&str; 6] = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
];

/// Python with a set of packages.
#[derive(Debug)]
pub(crate) struct Python {
    folder: PathBuf,
    module: &'static str,
}

impl Python {
    /// Installs what is not there yet.
    pub(crate) fn install(cache: &Path, guard: &Guard, wanted: &Wanted) -> Result<Self, Lack> {
        let packages = wanted.packages.join(" ");
        let shelf = Shelf::new(cache.join(wanted.folder), packages.clone());
        let python = Self {
            folder: shelf.folder.clone(),
            module: wanted.module,
        };
        if shelf.is_filled() && python.works(guard) {
            return Ok(python);
        }
        if version(Path::new("python3"), guard).is_none() {
            return Err(Lack::Missing(
                "there is no python3 on the search path".to_owned(),
            ));
        }
        say(&format!("installing {packages} …"));
        shelf.clear()?;
        if !python.make_environment(&shelf, guard)? {
            say("Python can make no virtual environment: installing into a folder");
            shelf.clear()?;
        }
        if step(python.command().args(["-m", "pip", "--version"]), guard).is_err() {
            return Err(Lack::Missing(
                "python3 has neither venv, virtualenv nor pip".to_owned(),
            ));
        }
        let mut pip = python.command();
        pip.args(PIP);
        if !python.has_environment() {
            pip.arg("--target").arg(python.packages());
        }
        step(pip.args(wanted.packages), guard)
            .map_err(|said| Lack::Broken(format!("pip could not install {packages}\n{said}")))?;
        if !python.works(guard) {
            return Err(Lack::Broken(format!(
                "{packages} was installed and cannot be imported"
            )));
        }
        shelf.fill()?;
        Ok(python)
    }

    /// Python with the packages on its module path.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    /// The interpreter.
    pub(crate) fn program(&self) -> PathBuf {
        let own = self.folder.join("bin/python");
        if own.exists() {
            own
        } else {
            PathBuf::from("python3")
        }
    }

    /// What the interpreter needs in its environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let mut environment = vec![("PYTHONDONTWRITEBYTECODE", PathBuf::from("1"))];
        if !self.has_environment() {
            environment.push(("PYTHONPATH", self.packages()));
        }
        environment
    }

    fn packages(&self) -> PathBuf {
        self.folder.join("packages")
    }

    fn has_environment(&self) -> bool {
        self.folder.join("bin/python").exists()
    }

    /// By `venv`, which Debian packs apart from Python, or by `virtualenv`.
    fn make_environment(&self, place: &Shelf, guard: &Guard) -> Result<bool, Lack> {
        for module in ["venv", "virtualenv"] {
            let mut command = Command::new("python3");
            command.args(["-m", module]).arg(&self.folder);
            if step(&mut command, guard).is_ok() {
                return Ok(true);
            }
            say(&format!("python3 -m {module} does not work here"));
            place.clear()?;
        }
        Ok(false)
    }

    fn works(&self, guard: &Guard) -> bool {
        let import = format!("import {}", self.module);
        step(self.command().args(["-c", &import]), guard).is_ok()
    }
}
