//! The first start of a server, killed at a random moment, again and again: the next start finds
//! whatever was made of its tables, makes the rest, and works.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gitlab_mcp_core::random::{OsRandom, Random as _};
use gitlab_mcp_tests::Request;
use tokio::runtime::Runtime;

use super::fleet::{SECRET, posted};
use super::visit::authorize;
use crate::process::{Deadline, Process, pause, timed};
use crate::report::{Outcome, say};
use crate::server::Server;
use crate::workbench::{Folder, Workbench, listening};

/// Longest wait for a file that a server makes.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many kills cannot all be too late by chance.
const MANY: usize = 10;
/// Text of each table and index, as the file holds it.
const MADE: [&[u8]; 6] = [
    b"TABLE record",
    b"INDEX record_rank",
    b"INDEX record_until",
    b"TABLE lease",
    b"TABLE count",
    b"TABLE fence",
];

/// Kills so many first starts over a file.
pub(super) fn in_a_file(workbench: &Workbench, kills: usize) -> Result<(), Outcome> {
    let folder = Folder::new(workbench, "first-start")?;
    let mut undone = 0;
    let mut takes = None;
    for round in 0..=kills {
        let path = folder.path().join(format!("{round}/logins.db"));
        let shown = path.display().to_string();
        let storage = [
            ("OAUTH_STORAGE_TYPE", "sqlite"),
            ("OAUTH_STORAGE_FILE_PATH", &shown),
        ];
        let mut process = Process::start(&mut server(workbench, &storage)?, workbench.guard())
            .map_err(|error| error.to_string())?;
        until(&mut process, || path.exists())?;
        // The first one tells how long it takes.
        let Some(takes) = takes else {
            let (made, took) = timed(|| until(&mut process, || is_complete(&path)));
            made?;
            takes = Some(took);
            continue;
        };
        pause(random(takes));
        process.kill();
        undone += usize::from(!is_complete(&path));
        works(workbench, &storage)?;
        if !is_complete(&path) {
            return Err(Outcome::Failed(format!("{shown} lacks a table")));
        }
    }
    say(&format!(
        "   {kills} first starts killed, {undone} of them before the tables were complete"
    ));
    if undone == 0 && kills >= MANY {
        return Err(Outcome::Failed("no kill came in time".to_owned()));
    }
    Ok(())
}

/// Looks again and again until something is so.
fn until(process: &mut Process, is_so: impl Fn() -> bool) -> Result<(), Outcome> {
    let deadline = Deadline::after(PATIENCE);
    while !is_so() {
        if process.has_ended() || deadline.is_over() {
            return Err(Outcome::Failed(process.output().tail()));
        }
    }
    Ok(())
}

/// Kills so many first starts over this storage, each with tables of its own.
pub(super) fn play(
    workbench: &Workbench,
    storage: &[(&'static str, &str)],
    kills: usize,
) -> Result<(), Outcome> {
    let tables = ("OAUTH_STORAGE_TABLE_PREFIX", "first_");
    let whole: Vec<_> = storage.iter().copied().chain([tables]).collect();
    let mut command = server(workbench, &whole)?;
    let (started, takes) = timed(|| Server::start(&mut command, workbench.guard()));
    started?.stop()?;
    for round in 0..kills {
        let prefix = format!("first_{round}_");
        let tables = ("OAUTH_STORAGE_TABLE_PREFIX", prefix.as_str());
        let storage: Vec<_> = storage.iter().copied().chain([tables]).collect();
        let mut process = Process::start(&mut server(workbench, &storage)?, workbench.guard())
            .map_err(|error| error.to_string())?;
        pause(random(takes));
        process.kill();
        works(workbench, &storage)?;
    }
    say(&format!("   {kills} first starts killed within {takes:?}"));
    Ok(())
}

/// A server that nobody has started yet.
fn server(workbench: &Workbench, storage: &[(&'static str, &str)]) -> Result<Command, Outcome> {
    let mut command = workbench.clean(workbench.binaries()?.get("gitlab-mcp")?);
    listening(&mut command);
    command.envs([
        ("GITLAB_API_URL", "https://gitlab.invalid"),
        ("GITLAB_OAUTH_APP_ID", "team"),
        ("MCP_SERVER_URL", "https://mcp.example"),
        ("OAUTH_ENABLED", "true"),
        ("OAUTH_SESSION_SECRET", SECRET),
    ]);
    command.envs(storage.iter().copied());
    Ok(command)
}

/// Whether the next start goes well, and what is stored then is found.
fn works(workbench: &Workbench, storage: &[(&'static str, &str)]) -> Result<(), Outcome> {
    let server = Server::start(&mut server(workbench, storage)?, workbench.guard())?;
    let address = server.base().trim_start_matches("http://").parse();
    let address = address.map_err(|_| format!("the server listens on {}", server.base()))?;
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let ask = |request: Request| runtime.block_on(request.attempt(address, PATIENCE));
    let body = r#"{"client_name":"Editor","redirect_uris":["http://127.0.0.1/back"]}"#;
    let registered = ask(posted("/register", "application/json", body.to_owned()));
    let registered = registered.map_err(|error| format!("/register: {error}"))?;
    let message = registered.message();
    let client = message["client_id"].as_str();
    let client = client.ok_or_else(|| format!("/register: {registered:?}"))?;
    let asked = ask(authorize(client)).map_err(|error| format!("/authorize: {error}"))?;
    if asked.status != 200 {
        return Err(Outcome::Failed(format!("/authorize: {asked:?}")));
    }
    Ok(server.stop()?)
}

/// Whether the file and its log hold every table.
fn is_complete(path: &Path) -> bool {
    let log = format!("{}-wal", path.display());
    let parts = [path, Path::new(&log)].map(|part| std::fs::read(part).unwrap_or_default());
    let held = parts.concat();
    let holds = |text: &[u8]| held.windows(text.len()).any(|part| part == text);
    MADE.iter().all(|text| holds(text))
}

/// Up to so much time.
fn random(most: Duration) -> Duration {
    let mut bytes = [0; 2];
    OsRandom.fill(&mut bytes);
    most * u32::from(u16::from_le_bytes(bytes)) / u32::from(u16::MAX)
}
