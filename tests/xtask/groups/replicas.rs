//! Several servers of one URL: tokens and codes that many want at once, servers that are killed, and
//! a store that goes away. With a real Redis and a real PostgreSQL.
//!
//! | file | what it does |
//! |---|---|
//! | `fleet` | three servers over one state, and the mock GitLab behind them |
//! | `person` | a login that is used all the time |
//! | `kills` | `kill -9`, again and again |
//! | `away` | Redis frozen, and killed |
//! | `rotation` | the master secret replaced, one server after the other |
//! | `first_start` | servers killed while they make their tables |
//! | `upgrade` | a release replaced by the next one, and taken back |
//! | `visit` | a sign-in whose every step is another server's |

mod away;
mod first_start;
mod fleet;
mod kills;
mod person;
mod rotation;
mod upgrade;
mod visit;

use super::cargo::tested;
use super::stores::{demanded, in_ci};
use crate::report::Lack;
use crate::workbench::{Database, Workbench};

/// The tests of the crate that take part in this.
const RACES: [&str; 9] = [
    "test",
    "--package",
    "gitlab-mcp-auth-plugins",
    "--features",
    "servers",
    "--lib",
    "--no-fail-fast",
    "--",
    "tests::races::",
];
const KILLS: usize = 20;

/// Runs its cases.
pub(super) fn run(workbench: &mut Workbench) {
    let (mut redis, postgresql) = match databases(workbench) {
        Ok(both) => both,
        Err(lack) => return workbench.case("replicas", |_| Err(demanded(lack, in_ci()))),
    };
    let mut command = workbench.cargo(&RACES);
    command.envs([
        ("GITLAB_MCP_TEST_REDIS_URL", redis.url()),
        ("GITLAB_MCP_TEST_POSTGRESQL_URL", postgresql.url()),
    ]);
    tested(workbench, "replicas/races", &mut command);
    let states = [
        ("redis", "OAUTH_STORAGE_REDIS_URL", &redis),
        ("postgresql", "OAUTH_STORAGE_POSTGRESQL_URL", &postgresql),
    ];
    for (name, variable, database) in states {
        let storage = [("OAUTH_STORAGE_TYPE", name), (variable, database.url())];
        workbench.case(&format!("replicas/kills-{name}"), |workbench| {
            kills::play(workbench, &storage, kills().div_ceil(states.len()))
        });
        workbench.case(&format!("replicas/rotation-{name}"), |workbench| {
            rotation::play(workbench, &storage)
        });
        upgrade::run(workbench, name, &storage);
    }
    let storage = [
        ("OAUTH_STORAGE_TYPE", "postgresql"),
        ("OAUTH_STORAGE_POSTGRESQL_URL", postgresql.url()),
    ];
    workbench.case("replicas/first-start-postgresql", |workbench| {
        first_start::play(workbench, &storage, kills())
    });
    workbench.case("replicas/first-start-sqlite", |workbench| {
        first_start::in_a_file(workbench, kills())
    });
    workbench.case("replicas/redis-away", |workbench| {
        away::play(workbench, &mut redis)
    });
    workbench.case("replicas/servers-end", |_| {
        redis.stop()?;
        Ok(postgresql.stop()?)
    });
}

fn databases(workbench: &Workbench) -> Result<(Database, Database), Lack> {
    Ok((
        Database::redis(workbench, &[])?,
        Database::postgresql(workbench)?,
    ))
}

/// How many kills there are in all.
fn kills() -> usize {
    let told = std::env::var_os("GITLAB_MCP_TEST_KILLS");
    let number = told.and_then(|text| text.to_str()?.parse().ok());
    number.unwrap_or(KILLS)
}
