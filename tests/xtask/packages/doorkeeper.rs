//! Doorkeeper, the Ruby library GitLab's OAuth is made of, from Debian's packages.
//! <https://doorkeeper.gitbook.io/guides>

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PROBE, debian};
use crate::process::{Guard, run};
use crate::report::Lack;

const RUBY: &str = "/usr/bin/ruby";
const PACKAGES: [&str; 4] = [
    "ruby-doorkeeper",
    "ruby-activerecord",
    "ruby-sqlite3",
    "ruby-webrick",
];
/// Prints the versions of what our program is written for, or fails.
const VERSIONS: &str = "puts %w[doorkeeper activerecord sqlite3 webrick]\
    .map { |name| Gem::Specification.find_by_name(name).version }.join(' ')";
/// Rails as in Debian 12: our program reaches into its SQLite adapter.
const RAILS: &str = "6.1.";

/// A Ruby that has it.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    ruby: PathBuf,
}

impl Doorkeeper {
    /// Takes what is there; installs it where that is allowed.
    pub(crate) fn install(guard: &Guard) -> Result<Self, Lack> {
        if versions(guard).is_none() {
            debian::install("Doorkeeper", &PACKAGES, guard)?;
        }
        let Some(versions) = versions(guard) else {
            let text = "apt-get installed Doorkeeper, yet Ruby does not find it";
            return Err(Lack::Broken(text.to_owned()));
        };
        match versions.split(' ').nth(1) {
            Some(rails) if rails.starts_with(RAILS) => Ok(Self { ruby: RUBY.into() }),
            _ => Err(Lack::Missing(format!(
                "Doorkeeper's program is for Rails {RAILS}x, and here are {versions}"
            ))),
        }
    }

    /// The interpreter.
    pub(crate) fn ruby(&self) -> &Path {
        &self.ruby
    }
}

fn versions(guard: &Guard) -> Option<String> {
    let done = run(Command::new(RUBY).args(["-e", VERSIONS]), PROBE, guard).ok()?;
    done.succeeded()
        .then(|| done.output.stdout().trim().to_owned())
}
