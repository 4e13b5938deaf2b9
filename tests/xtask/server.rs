//! Servers under test: started on a port the kernel chooses, known by their ready line.

use std::process::Command;
use std::time::Duration;

use crate::process::{Deadline, Guard, Output, Process, pause};

const READY: &str = "listening on http://";
const START: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(15);
const SHOWN: usize = 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that listens. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    base: String,
}

impl Server {
    /// Starts it and waits for its ready line, on either output.
    pub(crate) fn start(command: &mut Command, guard: &Guard) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut process =
            Process::start(command, guard).map_err(|error| format!("{name}: {error}"))?;
        let deadline = Deadline::after(START);
        loop {
            if let Some(base) = process.output().find(base_url) {
                return Ok(Self { process, base });
            }
            if process.has_ended() || deadline.is_over() {
                let ready = format!("{name} did not say `{READY}…`");
                let said = process
                    .finish(Duration::ZERO)
                    .map_or_else(|error| error.to_string(), |finished| finished.describe());
                return Err(format!("{said}\n{ready}"));
            }
            pause(POLL);
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The MCP endpoint of a product.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/mcp", self.base)
    }

    /// The end of what it said.
    pub(crate) fn tail(&self) -> String {
        self.process.output().tail_of(SHOWN)
    }

    /// What it said so far.
    pub(crate) const fn output(&self) -> &Output {
        self.process.output()
    }

    /// Takes the processor away from it: it keeps its connections and answers nothing.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// Ends it at once, as a crash does; what it said stays.
    pub(crate) fn kill(self) -> Result<Output, String> {
        let finished = self.process.finish(Duration::ZERO);
        Ok(finished.map_err(|error| error.to_string())?.output)
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

fn base_url(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(READY)?;
    let address: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || ".:[]-".contains(*c))
        .collect();
    let address = address.trim_end_matches('.');
    (!address.is_empty()).then(|| format!("http://{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_may_be_decorated() {
        for line in [
            "mock-gitlab listening on http://127.0.0.1:4242",
            "2026-01-01T00:00:00Z INFO server: listening on http://127.0.0.1:4242/mcp mode=pat",
            r#"{"message":"listening on http://127.0.0.1:4242"}"#,
        ] {
            assert_eq!(
                base_url(line).as_deref(),
                Some("http://127.0.0.1:4242"),
                "{line}"
            );
        }
        assert_eq!(base_url("about to listen"), None);
    }

    #[test]
    fn a_server_that_ends_at_once_shows_what_it_said() {
        let guard = Guard::start().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo 'no token'; exit 64"]);
        let problem = Server::start(&mut command, &guard).unwrap_err();
        assert!(
            problem.contains("no token") && problem.contains("64"),
            "{problem}"
        );
    }
}
