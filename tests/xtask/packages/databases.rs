//! Redis and PostgreSQL, from Debian's packages or the search path.

use std::path::{Path, PathBuf};

use super::{debian, version};
use crate::process::Guard;
use crate::report::Lack;

const REDIS: &str = "redis-server";
/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// What a cluster needs.
const POSTGRESQL: [&str; 3] = ["initdb", "postgres", "pg_isready"];

/// Where the programs of both are.
#[derive(Debug)]
pub(crate) struct Databases {
    redis: PathBuf,
    postgresql: PathBuf,
}

impl Databases {
    /// Takes those that are there; installs the others where that is allowed.
    pub(crate) fn install(guard: &Guard) -> Result<Self, Lack> {
        if redis().is_none() {
            debian::install(REDIS, &[REDIS], guard)?;
        }
        if postgresql().is_none() {
            debian::install("PostgreSQL server", &["postgresql"], guard)?;
        }
        let lost = |what: &str| Lack::Broken(format!("apt-get installed {what}, yet it is absent"));
        let found = Self {
            redis: redis().ok_or_else(|| lost(REDIS))?,
            postgresql: postgresql().ok_or_else(|| lost("postgresql"))?,
        };
        for program in [found.redis().to_owned(), found.postgresql("postgres")] {
            if version(&program, guard).is_none() {
                let text = format!("{} does not start", program.display());
                return Err(Lack::Broken(text));
            }
        }
        Ok(found)
    }

    /// Redis' server.
    pub(crate) fn redis(&self) -> &Path {
        &self.redis
    }

    /// A program of PostgreSQL's.
    pub(crate) fn postgresql(&self, name: &str) -> PathBuf {
        self.postgresql.join(name)
    }
}

fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

fn redis() -> Option<PathBuf> {
    let mut folders = search_path().into_iter();
    folders
        .find(|folder| folder.join(REDIS).is_file())
        .map(|folder| folder.join(REDIS))
}

/// The folder of the latest version, or one of the search path.
fn postgresql() -> Option<PathBuf> {
    let entries = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let debian = by_version(entries.map(|entry| entry.path()).collect());
    let mut folders = debian.into_iter().chain(search_path());
    folders.find(|folder| POSTGRESQL.iter().all(|name| folder.join(name).is_file()))
}

/// The `bin` folders, latest version first.
fn by_version(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let number = |folder: &PathBuf| -> Option<u32> { folder.file_name()?.to_str()?.parse().ok() };
    folders.sort_by_key(|folder| std::cmp::Reverse(number(folder)));
    folders.iter().map(|folder| folder.join("bin")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_version_comes_first() {
        let folders = ["/p/9", "/p/17", "/p/15", "/p/odd"].map(PathBuf::from);
        let wanted = ["/p/17/bin", "/p/15/bin", "/p/9/bin", "/p/odd/bin"].map(PathBuf::from);
        assert_eq!(by_version(folders.to_vec()), wanted);
    }
}
