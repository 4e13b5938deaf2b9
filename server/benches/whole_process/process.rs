//! A server process: its address, its CPU time and its memory, from `/proc`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// Clock ticks per second of `/proc/PID/stat`; fixed at 100 on Linux.
const TICKS: f64 = 100.0;

/// The product binary of this build.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_gitlab-mcp");

/// A running process that listens; ended on drop.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The product over HTTP, on a free port, against `upstream`.
    pub(crate) fn over_http(upstream: &SocketAddr) -> Self {
        let mut command = Command::new(BINARY);
        command
            .env_clear()
            .env("GITLAB_API_URL", format!("http://{upstream}"))
            .env("GITLAB_TOKEN", "glpat-0123456789abcdefghij")
            .env("STREAMABLE_HTTP", "true")
            .env("PORT", "0")
            .env("MAX_REQUESTS_PER_MINUTE", "100000")
            .env("RATE_LIMIT_SESSION_ENABLED", "false")
            .env("MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK", "true");
        Self::start(command)
    }

    /// The bare handler, which is this program again.
    pub(crate) fn bare() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--bare");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines
                .next()
                .expect("the server says where it listens")
                .unwrap();
            if let Some((_, rest)) = line.split_once("listening on http://") {
                let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
                break rest[..end].parse().unwrap();
            }
        };
        // Keep reading, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// User and system time so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: f64 = [fields[11], fields[12]]
            .iter()
            .map(|f| f.parse::<f64>().unwrap())
            .sum();
        ticks / TICKS
    }

    /// Resident memory in MiB.
    pub(crate) fn rss_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Size of the product binary in MiB.
pub(crate) fn binary_mib() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a file size in MiB")]
    let bytes = std::fs::metadata(BINARY).unwrap().len() as f64;
    bytes / 1024.0 / 1024.0
}
