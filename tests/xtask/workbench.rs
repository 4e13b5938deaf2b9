//! What the groups share.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::packages::{Chromium, Databases, Doorkeeper, MCP_CLIENT, Node, Python, Suite};
use crate::process::{Finished, Guard, run, timed};
use crate::report::{Lack, Outcome, Report, say};

mod binaries;
mod databases;
mod earlier;
mod folder;
mod scene;

pub(crate) use binaries::Binaries;
pub(crate) use databases::Database;
pub(crate) use earlier::Earlier;
pub(crate) use folder::Folder;
pub(crate) use scene::{BEARER, PROJECT, Scene, TOKEN, listening};

const BUILD_VARIABLES: [&str; 6] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_PRIMARY_",
    "OUT_DIR",
];

/// The root, the sums, and what is made once and only when a group asks for it.
#[derive(Debug)]
pub(crate) struct Workbench {
    root: PathBuf,
    cache: PathBuf,
    logs: PathBuf,
    writes: bool,
    guard: Guard,
    report: Report,
    node: OnceCell<Result<Node, Lack>>,
    python: OnceCell<Result<Python, Lack>>,
    suite: OnceCell<Result<Suite, Lack>>,
    chromium: OnceCell<Result<Chromium, Lack>>,
    databases: OnceCell<Result<Databases, Lack>>,
    doorkeeper: OnceCell<Result<Doorkeeper, Lack>>,
    binaries: OnceCell<Result<Binaries, Lack>>,
    earlier: OnceCell<Result<Option<Earlier>, Lack>>,
}

impl Workbench {
    /// Finds the workspace and the cache folder. `writes`: see [`Workbench::writes`].
    pub(crate) fn new(writes: bool) -> Result<Self, String> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .ok_or("the workspace has no root")?
            .to_owned();
        let guard = Guard::start().map_err(|error| format!("/bin/sh: {error}"))?;
        let cache = cache_folder(&root);
        let logs = cache.join("logs");
        let unusable = |error| format!("{}: {error}", cache.display());
        if logs.exists() {
            std::fs::remove_dir_all(&logs).map_err(unusable)?;
        }
        for folder in [&logs, &cache.join("home")] {
            std::fs::create_dir_all(folder).map_err(unusable)?;
        }
        Ok(Self {
            root,
            cache,
            logs,
            writes,
            guard,
            report: Report::default(),
            node: OnceCell::new(),
            python: OnceCell::new(),
            suite: OnceCell::new(),
            chromium: OnceCell::new(),
            databases: OnceCell::new(),
            doorkeeper: OnceCell::new(),
            binaries: OnceCell::new(),
            earlier: OnceCell::new(),
        })
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder for what tests leave behind.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// What this run logs, and the secrets that must not stand there.
    pub(crate) fn logs(&self) -> &Path {
        &self.logs
    }

    /// Whether groups write the documents that they otherwise compare with their run.
    pub(crate) const fn writes(&self) -> bool {
        self.writes
    }

    /// What ends children when we cannot.
    pub(crate) const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Node and its packages.
    pub(crate) fn node(&self) -> Result<&Node, Lack> {
        let install = || Node::install(&self.cache, &self.guard);
        self.node
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Python and its package.
    pub(crate) fn python(&self) -> Result<&Python, Lack> {
        let install = || Python::install(&self.cache, &self.guard, &MCP_CLIENT);
        self.python
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The functional tests of a client of GitLab's API.
    pub(crate) fn suite(&self) -> Result<&Suite, Lack> {
        let install = || Suite::install(&self.cache, &self.guard);
        self.suite
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A browser.
    pub(crate) fn chromium(&self) -> Result<&Chromium, Lack> {
        let install = || Chromium::install(&self.guard);
        self.chromium
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The programs of Redis and PostgreSQL.
    pub(crate) fn databases(&self) -> Result<&Databases, Lack> {
        let install = || Databases::install(&self.guard);
        self.databases
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The library GitLab's OAuth is made of.
    pub(crate) fn doorkeeper(&self) -> Result<&Doorkeeper, Lack> {
        let install = || Doorkeeper::install(&self.guard);
        self.doorkeeper
            .get_or_init(install)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The programs of the workspace.
    pub(crate) fn binaries(&self) -> Result<&Binaries, Lack> {
        self.binaries
            .get_or_init(|| Binaries::build(self))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The release before this one, if there was one.
    pub(crate) fn earlier(&self) -> Result<Option<Earlier>, Lack> {
        let found = self.earlier.get_or_init(|| Earlier::find(self));
        found.clone()
    }

    /// Cargo at the root, without what cargo told us about ourselves: a build script that looks at
    /// those variables would run again each time.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if BUILD_VARIABLES
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(&*name);
            }
        }
        command
    }

    /// A program that sees nothing of our environment but the search path, and whose home is empty.
    pub(crate) fn clean(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.cache.join("home"))
            .current_dir(&self.root);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, command: &mut Command, limit: Duration) -> Result<Finished, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        run(command, limit, &self.guard).map_err(|error| format!("{name}: {error}"))
    }

    /// Runs, counts and prints one case.
    pub(crate) fn case(&mut self, name: &str, body: impl FnOnce(&Self) -> Result<(), Outcome>) {
        let (outcome, took) = timed(|| body(self).err().unwrap_or(Outcome::Passed));
        self.report.case(name, took, &outcome);
    }

    /// Counts and prints a case that has run.
    pub(crate) fn record(&mut self, name: &str, took: Duration, outcome: &Outcome) {
        self.report.case(name, took, outcome);
    }

    /// Adds the sums of a runner below us.
    pub(crate) fn add(&mut self, name: &str, sums: Report, took: Duration) {
        say(&format!(
            "ok {name}: {} ({:.1} s)",
            sums.closing_line(),
            took.as_secs_f32()
        ));
        self.count(sums);
    }

    /// Adds sums without a line of their own.
    pub(crate) fn count(&mut self, sums: Report) {
        self.report.add(sums);
    }

    /// The sums.
    pub(crate) fn finish(self) -> Report {
        self.report
    }
}

fn cache_folder(root: &Path) -> PathBuf {
    if let Some(folder) = std::env::var_os("GITLAB_MCP_TEST_CACHE") {
        return root.join(folder);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target"));
    root.join(target).join("xtask-cache")
}

impl From<String> for Outcome {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}
