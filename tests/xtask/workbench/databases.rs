//! A Redis and a PostgreSQL of our own, on loopback ports and in folders that go with them. Both
//! write to disk before they answer, as the durable stores ask for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Workbench;
use crate::packages::is_root;
use crate::process::{Deadline, Process, pause};
use crate::report::Lack;

/// Who may talk to them: other processes of this machine may not.
const PASSWORD: &str = "password-of-the-black-box-tests";
/// The only user PostgreSQL's own packages make.
const USER: &str = "postgres";
/// A port that was free may be taken before the server has it.
const TRIES: usize = 3;
const START: Duration = Duration::from_secs(30);
const MAKE: Duration = Duration::from_mins(2);
const ANSWER: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Database {
    process: Process,
    command: Command,
    port: u16,
    url: String,
    // Behind the process: it goes when nothing writes to it any more.
    _folder: Folder,
}

impl Database {
    /// Starts a Redis whose every write is on disk before it is answered, with more `settings`
    /// (`--name value` each).
    pub(crate) fn redis(workbench: &Workbench, settings: &[&str]) -> Result<Self, Lack> {
        let program = workbench.databases()?.redis();
        let folder = Folder::new("redis", None)?;
        let command = |port: u16| {
            let mut command = workbench.clean(program);
            command.current_dir(&folder.0).args([
                "--bind 127.0.0.1",
                &format!("--port {port}"),
                &format!("--requirepass {PASSWORD}"),
                "--appendonly yes",
                "--appendfsync always",
                "--daemonize no",
            ]);
            command.args(settings);
            command
        };
        let (process, command, port) = started(workbench, command, redis_answers)?;
        Ok(Self {
            process,
            command,
            port,
            url: format!("redis://:{PASSWORD}@127.0.0.1:{port}/"),
            _folder: folder,
        })
    }

    /// Makes a cluster and starts it, with `fsync` on.
    pub(crate) fn postgresql(workbench: &Workbench) -> Result<Self, Lack> {
        let databases = workbench.databases()?;
        let user = User::of_postgresql(workbench)?;
        let folder = Folder::new("postgresql", user)?;
        let data = folder.0.join("data");
        make_cluster(workbench, &folder, &data, user)?;
        let server = databases.postgresql("postgres");
        let command = |port: u16| {
            let mut command = workbench.clean(&server);
            as_user(&mut command, user);
            command.current_dir(&folder.0).env("LC_ALL", "C");
            command.arg("-D").arg(&data).args([
                &format!("--port={port}"),
                "--listen_addresses=127.0.0.1",
                "--unix_socket_directories=",
                "--max_connections=400",
                "--fsync=on",
                "--synchronous_commit=on",
            ]);
            command
        };
        let probe = databases.postgresql("pg_isready");
        let answers = |port: u16| {
            let mut command = workbench.clean(&probe);
            command.args(["--quiet", "--host=127.0.0.1", &format!("--port={port}")]);
            workbench
                .run(&mut command, ANSWER)
                .is_ok_and(|done| done.succeeded())
        };
        let (process, command, port) = started(workbench, command, answers)?;
        Ok(Self {
            process,
            command,
            port,
            url: format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/{USER}"),
            _folder: folder,
        })
    }

    /// Its connection string, password included.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Takes the processor away from it: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// Ends a Redis as a crash does, lets `while_away` happen, and starts it again in its place.
    pub(crate) fn crash_redis<T>(
        &mut self,
        workbench: &Workbench,
        while_away: impl FnOnce() -> T,
    ) -> Result<T, String> {
        self.process.kill();
        let done = while_away();
        let broken = |error: std::io::Error| format!("redis-server: {error}");
        self.process = Process::start(&mut self.command, workbench.guard()).map_err(broken)?;
        let deadline = Deadline::after(START);
        while !redis_answers(self.port) {
            if self.process.has_ended() || deadline.is_over() {
                let said = self.process.output().tail();
                return Err(format!("{said}\nredis-server did not answer"));
            }
            pause(POLL);
        }
        Ok(done)
    }

    /// Ends it the way a service manager does: it must obey, and with exit code 0.
    pub(crate) fn stop(self) -> Result<(), String> {
        let finished = self
            .process
            .stop(PATIENCE)
            .map_err(|error| error.to_string())?;
        if finished.succeeded() {
            return Ok(());
        }
        Err(format!(
            "{}\nit was asked to end by SIGTERM",
            finished.describe()
        ))
    }
}

/// Starts a server on a free port and asks it until it answers.
fn started(
    workbench: &Workbench,
    command: impl Fn(u16) -> Command,
    answers: impl Fn(u16) -> bool,
) -> Result<(Process, Command, u16), Lack> {
    let mut said = String::new();
    for _ in 0..TRIES {
        let port = free_port().map_err(|error| Lack::Broken(format!("127.0.0.1: {error}")))?;
        let mut command = command(port);
        let name = command.get_program().to_string_lossy().into_owned();
        let broken = |error: std::io::Error| Lack::Broken(format!("{name}: {error}"));
        let mut process = Process::start(&mut command, workbench.guard()).map_err(broken)?;
        let deadline = Deadline::after(START);
        while !process.has_ended() && !deadline.is_over() {
            if answers(port) {
                return Ok((process, command, port));
            }
            pause(POLL);
        }
        let finished = process.finish(Duration::ZERO).map_err(broken)?;
        said = format!("{}\n{name} did not answer", finished.describe());
    }
    Err(Lack::Broken(said))
}

fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether Redis has read its files and knows our password.
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands>
fn redis_answers(port: u16) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.write_all(format!("AUTH {PASSWORD}\r\nPING\r\nQUIT\r\n").as_bytes())?;
        let mut said = Vec::new();
        stream.read_to_end(&mut said)?;
        Ok(said)
    };
    ask().is_ok_and(|said| said.starts_with(b"+OK\r\n+PONG\r\n"))
}

fn make_cluster(
    workbench: &Workbench,
    folder: &Folder,
    data: &Path,
    user: Option<User>,
) -> Result<(), Lack> {
    let password = folder.0.join("password");
    std::fs::write(&password, PASSWORD).map_err(|error| folder.broken(&error))?;
    let mut command = workbench.clean(&workbench.databases()?.postgresql("initdb"));
    as_user(&mut command, user);
    command.current_dir(&folder.0).env("LC_ALL", "C");
    // A debug build takes long for SCRAM's many rounds: a busy machine would not connect in time.
    command.arg("-D").arg(data).args([
        "--no-locale",
        "--encoding=UTF8",
        "--auth=password",
        &format!("--username={USER}"),
    ]);
    command.arg("--pwfile").arg(&password);
    let done = workbench.run(&mut command, MAKE).map_err(Lack::Broken)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(Lack::Broken(done.describe()))
}

/// Whose process it is; PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

impl User {
    /// The user of PostgreSQL's packages; none where we are not root and need no other.
    fn of_postgresql(workbench: &Workbench) -> Result<Option<Self>, Lack> {
        if !is_root(workbench.guard()) {
            return Ok(None);
        }
        let ask = |option: &str| -> Option<u32> {
            let mut command = workbench.clean(Path::new("id"));
            let done = workbench.run(command.args([option, USER]), ANSWER).ok()?;
            done.output.stdout().trim().parse().ok()
        };
        match (ask("-u"), ask("-g")) {
            (Some(id), Some(group)) => Ok(Some(Self { id, group })),
            _ => Err(Lack::Missing(format!(
                "PostgreSQL does not run as root, and there is no user {USER}"
            ))),
        }
    }
}

fn as_user(command: &mut Command, user: Option<User>) {
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder of one server. It is below the system's temporary folder, because another user may be
/// kept from ours.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, user: Option<User>) -> Result<Self, Lack> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("gitlab-mcp-{name}-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder.0)
            .map_err(|error| folder.broken(&error))?;
        if let Some(user) = user {
            chown(&folder.0, Some(user.id), Some(user.group))
                .map_err(|error| folder.broken(&error))?;
        }
        Ok(folder)
    }

    fn broken(&self, error: &std::io::Error) -> Lack {
        Lack::Broken(format!("{}: {error}", self.0.display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
