//! What the black-box tests take from the package registries: pinned, and installed once.

mod chromium;
mod databases;
mod debian;
mod doorkeeper;
mod namespaces;
mod node;
mod python;
mod suite;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) use chromium::Chromium;
pub(crate) use databases::Databases;
pub(crate) use debian::is_root;
pub(crate) use doorkeeper::Doorkeeper;
pub(crate) use namespaces::Namespaces;
pub(crate) use node::Node;
pub(crate) use python::{MCP_CLIENT, Python};
pub(crate) use suite::Suite;

use crate::process::{Guard, run};
use crate::report::Lack;

const INSTALL: Duration = Duration::from_mins(10);
const PROBE: Duration = Duration::from_secs(30);

/// A folder of packages with a stamp that names its contents.
#[derive(Debug)]
struct Shelf {
    folder: PathBuf,
    wanted: String,
}

impl Shelf {
    fn new(folder: PathBuf, wanted: String) -> Self {
        Self { folder, wanted }
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join("installed.txt")
    }

    /// Whether it holds what is wanted.
    fn is_filled(&self) -> bool {
        std::fs::read_to_string(self.stamp()).is_ok_and(|stamp| stamp == self.wanted)
    }

    /// Makes it empty.
    fn clear(&self) -> Result<(), Lack> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).map_err(|error| self.broken(&error))?;
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| self.broken(&error))
    }

    /// Remembers what it holds.
    fn fill(&self) -> Result<(), Lack> {
        std::fs::write(self.stamp(), &self.wanted).map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &std::io::Error) -> Lack {
        Lack::Broken(format!("{}: {error}", self.folder.display()))
    }
}

/// Runs a step of an installation; `Err` is what it said.
fn step(command: &mut Command, guard: &Guard) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = run(command, INSTALL, guard).map_err(|error| format!("{name}: {error}"))?;
    if done.succeeded() {
        Ok(())
    } else {
        Err(done.describe())
    }
}

/// What a program prints as its version, if it is there at all.
fn version(program: &Path, guard: &Guard) -> Option<String> {
    let done = run(Command::new(program).arg("--version"), PROBE, guard).ok()?;
    done.succeeded()
        .then(|| done.output.stdout().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_is_filled_until_the_wanted_changes() {
        let folder = std::env::temp_dir().join(format!("xtask-shelf-{}", std::process::id()));
        let shelf = Shelf::new(folder.clone(), "a@1".to_owned());
        shelf.clear().unwrap();
        assert!(!shelf.is_filled());
        shelf.fill().unwrap();
        assert!(shelf.is_filled());
        assert!(!Shelf::new(folder.clone(), "a@2".to_owned()).is_filled());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
