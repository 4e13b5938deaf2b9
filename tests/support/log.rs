//! What this process logs, at the most talkative level, and the secrets that must not stand in it.
//!
//! `GITLAB_MCP_TEST_LOGS` names a folder: then every test process leaves its log and its secrets
//! there, and the runner looks through all of them at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use mock_gitlab::MockGitlab;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const FOLDER: &str = "GITLAB_MCP_TEST_LOGS";

static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static IN_MEMORY: AtomicBool = AtomicBool::new(false);
static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
static STARTED: OnceLock<()> = OnceLock::new();

/// Where log lines go: into memory once somebody wants to look, and into the folder.
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if IN_MEMORY.load(Ordering::Relaxed) {
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(bytes);
        }
        if let Some(file) = FILE.get_or_init(|| open("log")) {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of this process in the folder, if there is one.
fn open(extension: &str) -> Option<Mutex<File>> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    let name = format!("{}.{extension}", std::process::id());
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(name));
    Some(Mutex::new(file.expect("a log file in the folder of logs")))
}

/// Starts to log if somebody will look: the folder is given, or [`keep`] was called.
pub(crate) fn start() {
    if std::env::var_os(FOLDER).is_none() && !IN_MEMORY.load(Ordering::Relaxed) {
        return;
    }
    STARTED.get_or_init(|| {
        // The mock is a test double with known secrets; what it says is no product's output.
        let products = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_target("mock_gitlab", LevelFilter::OFF);
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(|| Kept)
            .with_filter(products);
        // Whoever was first keeps the log; then it is looked through where it went.
        drop(tracing_subscriber::registry().with(lines).try_init());
    });
}

/// Keeps the log in memory from here on.
pub(crate) fn keep() {
    IN_MEMORY.store(true, Ordering::Relaxed);
    start();
}

/// Looks at what was kept.
pub(crate) fn look<T>(at: impl FnOnce(&str) -> T) -> T {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    at(&String::from_utf8_lossy(&kept))
}

/// Tells the runner of a secret that no log of this run may hold.
pub fn plant(secret: &str) {
    static SECRETS: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    if let Some(file) = SECRETS.get_or_init(|| open("secrets")) {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{secret}").expect("a line in the file of secrets");
    }
}

/// Keeps a line that a process of its own logged.
pub(crate) fn heard(line: &str) {
    start();
    // Without a folder nobody looks.
    writeln!(Kept, "{line}").ok();
}

/// Plants every credential this GitLab has handed out so far.
pub fn plant_all(gitlab: &MockGitlab) {
    if std::env::var_os(FOLDER).is_none() {
        return;
    }
    gitlab.edit(|world| {
        for (value, token) in &world.tokens {
            plant(value);
            if let Some(refresh) = &token.refresh_token {
                plant(refresh);
            }
        }
        world.sessions.keys().for_each(|cookie| plant(cookie));
        world.oauth.codes.keys().for_each(|code| plant(code));
        world.oauth.devices.keys().for_each(|code| plant(code));
    });
}
