//! The suite of the state store with a real Redis and a real PostgreSQL, and a search of all they
//! write.

use std::ffi::OsString;

use super::cargo::tested;
use crate::report::{Lack, Outcome};
use crate::workbench::{Database, Workbench};

/// A Redis that may throw keys away, which the store has to refuse.
const EVICTING: [&str; 2] = ["--maxmemory 64mb", "--maxmemory-policy allkeys-lru"];

/// A Redis whose snapshots can be searched.
const LEGIBLE: [&str; 1] = ["--rdbcompression no"];

/// The tests of the authorization server of that name that need real servers.
pub(super) const fn with_servers(name: &str) -> [&str; 9] {
    [
        "test",
        "--package",
        "gitlab-mcp-auth-plugins",
        "--features",
        "servers",
        "--lib",
        "--no-fail-fast",
        "--",
        name,
    ]
}

/// The servers of the suite.
struct Servers {
    redis: Database,
    evicting: Database,
    postgresql: Database,
}

/// Starts them, runs the suite, and ends them.
pub(super) fn run(workbench: &mut Workbench) {
    let servers = match Servers::start(workbench) {
        Ok(servers) => servers,
        Err(lack) => return workbench.case("stores", |_| Err(demanded(lack, in_ci()))),
    };
    let mut command = workbench.cargo(&[
        "test",
        "--package",
        "gitlab-mcp-store",
        "--features",
        "servers",
        "--no-fail-fast",
    ]);
    command.envs([
        ("GITLAB_MCP_TEST_REDIS_URL", servers.redis.url()),
        ("GITLAB_MCP_TEST_EVICTING_REDIS_URL", servers.evicting.url()),
        ("GITLAB_MCP_TEST_POSTGRESQL_URL", servers.postgresql.url()),
    ]);
    tested(workbench, "stores", &mut command);
    let mut command = workbench.cargo(&with_servers("at_rest::databases::"));
    match servers.files(workbench) {
        Ok(variables) => command.envs(variables),
        Err(lack) => return workbench.case("stores/at-rest", |_| Err(lack.into())),
    };
    tested(workbench, "stores/at-rest", &mut command);
    workbench.case("stores/servers-end", |_| {
        servers.redis.stop()?;
        servers.evicting.stop()?;
        Ok(servers.postgresql.stop()?)
    });
}

impl Servers {
    fn start(workbench: &Workbench) -> Result<Self, Lack> {
        Ok(Self {
            redis: Database::redis(workbench, &LEGIBLE)?,
            evicting: Database::redis(workbench, &EVICTING)?,
            postgresql: Database::postgresql(workbench)?,
        })
    }

    /// Where they are, where they keep their files, and what takes something out of PostgreSQL.
    fn files(&self, workbench: &Workbench) -> Result<[(&'static str, OsString); 5], Lack> {
        let programs = workbench.databases()?.postgresql("");
        Ok([
            ("GITLAB_MCP_TEST_REDIS_URL", self.redis.url().into()),
            ("GITLAB_MCP_TEST_REDIS_FILES", self.redis.files().into()),
            (
                "GITLAB_MCP_TEST_POSTGRESQL_URL",
                self.postgresql.url().into(),
            ),
            (
                "GITLAB_MCP_TEST_POSTGRESQL_FILES",
                self.postgresql.files().into(),
            ),
            ("GITLAB_MCP_TEST_POSTGRESQL_PROGRAMS", programs.into()),
        ])
    }
}

pub(super) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// A person may lack the servers; a pipeline that lacks them would prove nothing.
pub(super) fn demanded(lack: Lack, in_ci: bool) -> Outcome {
    match lack {
        Lack::Missing(reason) if in_ci => Outcome::Failed(format!(
            "{reason}\nCI is set: install the packages redis-server and postgresql"
        )),
        lack => lack.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_without_the_servers_fails_and_a_person_is_told() {
        let missing = || Lack::Missing("there is no redis-server".to_owned());
        assert!(matches!(demanded(missing(), true), Outcome::Failed(_)));
        assert!(matches!(demanded(missing(), false), Outcome::Skipped(_)));
        let broken = Lack::Broken("it does not start".to_owned());
        assert!(matches!(demanded(broken, false), Outcome::Failed(_)));
    }
}
