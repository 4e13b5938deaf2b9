//! Several servers of one URL: tokens and codes that many want at once, servers that are killed, and
//! a store that goes away. With a real Redis and a real PostgreSQL.
//!
//! | file | what it does |
//! |---|---|
//! | `fleet` | three servers over one state, and the mock GitLab behind them |
//! | `client` | what one client asks, request by request |
//! | `person` | a login that is used all the time |
//! | `kills` | `kill -9` of servers, again and again |
//! | `frozen` | a server that sleeps in the middle of a renewal |
//! | `away` | the store frozen, and killed |
//! | `slow` | a store whose answers come late |
//! | `acknowledged` | the store killed the moment it has answered |
//! | `rotation` | the master secret replaced, one server after the other |
//! | `first_start` | servers killed while they make their tables |
//! | `upgrade` | a release replaced by the next one, and taken back |
//! | `visit` | a sign-in whose every step is another server's |
//! | `line`, `pulse`, `refused` | what these work with |

mod acknowledged;
mod away;
mod client;
mod first_start;
mod fleet;
mod frozen;
mod kills;
mod line;
mod person;
mod pulse;
mod refused;
mod rotation;
mod slow;
mod upgrade;
mod visit;

use std::time::Duration;

use super::cargo::tested;
use super::stores::{demanded, in_ci, with_servers};
use crate::report::Lack;
use crate::workbench::{Database, Workbench};

const KILLS: usize = 20;
const CRASHES: usize = 5;

/// Runs its cases.
pub(super) fn run(workbench: &mut Workbench) {
    let (redis, postgresql) = match databases(workbench) {
        Ok(both) => both,
        Err(lack) => return workbench.case("replicas", |_| Err(demanded(lack, in_ci()))),
    };
    let mut command = workbench.cargo(&with_servers("tests::races::"));
    command.envs([
        ("GITLAB_MCP_TEST_REDIS_URL", redis.url()),
        ("GITLAB_MCP_TEST_POSTGRESQL_URL", postgresql.url()),
    ]);
    tested(workbench, "replicas/races", &mut command);
    let mut databases = [(REDIS, redis), (POSTGRESQL, postgresql)];
    let kills = number("GITLAB_MCP_TEST_KILLS", KILLS);
    let each = kills.div_ceil(databases.len());
    let crashes = number("GITLAB_MCP_TEST_CRASHES", CRASHES);
    for (state, database) in &mut databases {
        let url = database.url();
        let storage = state.storage(&url, "kills_");
        workbench.case(&state.case("kills"), |workbench| {
            kills::play(workbench, &storage, each)
        });
        let storage = state.storage(&url, "rotation_");
        workbench.case(&state.case("rotation"), |workbench| {
            rotation::play(workbench, &storage)
        });
        upgrade::run(workbench, state.name, &state.place(&url));
        workbench.case(&state.case("frozen"), |workbench| {
            frozen::play(workbench, *state, database)
        });
        workbench.case(&state.case("slow"), |workbench| {
            slow::play(workbench, *state, database)
        });
        workbench.case(&state.case("away"), |workbench| {
            away::play(workbench, *state, database)
        });
        workbench.case(&state.case("acknowledged"), |workbench| {
            acknowledged::play(workbench, *state, database, crashes)
        });
        if state.name == POSTGRESQL.name {
            workbench.case(&state.case("first-start"), |workbench| {
                first_start::play(workbench, &state.place(&url), kills)
            });
        }
    }
    workbench.case("replicas/first-start-sqlite", |workbench| {
        first_start::in_a_file(workbench, kills)
    });
    workbench.case("replicas/servers-end", |_| {
        for (_, database) in databases {
            database.stop()?;
        }
        Ok(())
    });
}

/// A kind of state that servers share.
#[derive(Debug, Clone, Copy)]
struct State {
    name: &'static str,
    variable: &'static str,
}

const REDIS: State = State {
    name: "redis",
    variable: "OAUTH_STORAGE_REDIS_URL",
};
const POSTGRESQL: State = State {
    name: "postgresql",
    variable: "OAUTH_STORAGE_POSTGRESQL_URL",
};

impl State {
    /// The environment of servers that keep it at `url`.
    const fn place(self, url: &str) -> [(&'static str, &str); 2] {
        [("OAUTH_STORAGE_TYPE", self.name), (self.variable, url)]
    }

    /// The same, under names of their own.
    const fn storage<'a>(self, url: &'a str, prefix: &'a str) -> [(&'static str, &'a str); 3] {
        let [kind, place] = self.place(url);
        [kind, place, ("OAUTH_STORAGE_TABLE_PREFIX", prefix)]
    }

    fn case(self, what: &str) -> String {
        format!("replicas/{what}-{}", self.name)
    }
}

fn databases(workbench: &Workbench) -> Result<(Database, Database), Lack> {
    Ok((
        Database::redis(workbench, &[])?,
        Database::postgresql(workbench)?,
    ))
}

/// A number of the environment, or the usual one.
fn number(variable: &str, usual: usize) -> usize {
    let told = std::env::var_os(variable);
    let told = told.and_then(|text| text.to_str()?.parse().ok());
    told.unwrap_or(usual)
}

/// How long a store or a server is away, if somebody says so.
fn seconds_away() -> Option<Duration> {
    let seconds = number("GITLAB_MCP_TEST_AWAY", 0);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds)).filter(|time| !time.is_zero())
}
