//! A Redis and a PostgreSQL of our own, on loopback ports and in folders that go with them. Both
//! write to disk before they answer, as the durable stores ask for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Workbench;
use crate::process::{Deadline, Process, pause};
use crate::report::Lack;

mod place;

use place::{Folder, User, as_user};

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
    probe: Probe,
    // Behind the process: it goes when nothing writes to it any more.
    folder: Folder,
}

/// How to ask it whether it answers.
#[derive(Debug)]
enum Probe {
    Redis,
    /// With this program.
    Postgresql(PathBuf),
}

impl Probe {
    fn answers(&self, workbench: &Workbench, port: u16) -> bool {
        let Self::Postgresql(program) = self else {
            return redis_answers(port);
        };
        let mut command = workbench.clean(program);
        command.args(["--quiet", "--host=127.0.0.1", &format!("--port={port}")]);
        let done = workbench.run(&mut command, ANSWER);
        done.is_ok_and(|done| done.succeeded())
    }
}

impl Database {
    /// Starts a Redis whose every write is on disk before it is answered, with more `settings`
    /// (`--name value` each).
    pub(crate) fn redis(workbench: &Workbench, settings: &[&str]) -> Result<Self, Lack> {
        let program = workbench.databases()?.redis();
        let folder = Folder::new("redis", None)?;
        let command = |port: u16| {
            let mut command = workbench.clean(program);
            command.current_dir(folder.path()).args([
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
        let probe = Probe::Redis;
        let (process, command, port) = started(workbench, command, &probe)?;
        Ok(Self {
            process,
            command,
            port,
            probe,
            folder,
        })
    }

    /// Makes a cluster and starts it, with `fsync` on.
    pub(crate) fn postgresql(workbench: &Workbench) -> Result<Self, Lack> {
        let databases = workbench.databases()?;
        let user = User::of_postgresql(workbench)?;
        let folder = Folder::new("postgresql", user)?;
        let data = folder.path().join("data");
        make_cluster(workbench, &folder, &data, user)?;
        let server = databases.postgresql("postgres");
        let command = |port: u16| {
            let mut command = workbench.clean(&server);
            as_user(&mut command, user);
            command.current_dir(folder.path()).env("LC_ALL", "C");
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
        let probe = Probe::Postgresql(databases.postgresql("pg_isready"));
        let (process, command, port) = started(workbench, command, &probe)?;
        Ok(Self {
            process,
            command,
            port,
            probe,
            folder,
        })
    }

    /// Its connection string, password included.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same for something on another port of this host that hands on to it.
    pub(crate) fn url_at(&self, port: u16) -> String {
        match self.probe {
            Probe::Redis => format!("redis://:{PASSWORD}@127.0.0.1:{port}/"),
            Probe::Postgresql(_) => {
                format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/{USER}")
            }
        }
    }

    /// Where it listens.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its files.
    pub(crate) fn files(&self) -> &Path {
        self.folder.path()
    }

    /// Takes the processor away from it: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// `kill -9` of all of it.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on what it has left behind, and waits until it answers.
    pub(crate) fn revive(&mut self, workbench: &Workbench) -> Result<(), String> {
        let name = self.command.get_program().to_string_lossy().into_owned();
        let broken = |error: std::io::Error| format!("{name}: {error}");
        let deadline = Deadline::after(START);
        loop {
            self.process = Process::start(&mut self.command, workbench.guard()).map_err(broken)?;
            while !self.process.has_ended() {
                if self.probe.answers(workbench, self.port) {
                    return Ok(());
                }
                if deadline.is_over() {
                    let said = self.process.output().tail();
                    return Err(format!("{said}\n{name} did not answer"));
                }
                pause(POLL);
            }
            // Those it had started may be a moment behind it, and hold what it needs.
            if deadline.is_over() {
                let said = self.process.output().tail();
                return Err(format!("{said}\n{name} does not start again"));
            }
            pause(POLL);
        }
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
    probe: &Probe,
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
            if probe.answers(workbench, port) {
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
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).map_err(|error| folder.broken(&error))?;
    let mut command = workbench.clean(&workbench.databases()?.postgresql("initdb"));
    as_user(&mut command, user);
    command.current_dir(folder.path()).env("LC_ALL", "C");
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
