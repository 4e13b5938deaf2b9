//! The command line as a process with an environment of its own.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A process to be run.
#[derive(Debug)]
pub struct Process {
    command: Command,
    input: Vec<u8>,
}

/// What became of it.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// Both streams.
    pub fn everything(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl Process {
    /// `program` with these arguments and an empty environment.
    pub fn new(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().kill_on_drop(true);
        Self {
            command,
            input: Vec::new(),
        }
    }

    /// With these variables.
    #[must_use]
    pub fn env(mut self, variables: &[(&str, &str)]) -> Self {
        self.command.envs(variables.iter().copied());
        self
    }

    /// With this on standard input, which ends after it.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        text.as_bytes().clone_into(&mut self.input);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not start, or not end within thirty seconds.
    pub async fn run(mut self) -> Finished {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A process that refuses its configuration ends without reading.
        stdin.write_all(&self.input).await.ok();
        drop(stdin);
        let ended = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await;
        let Output {
            status,
            stdout,
            stderr,
        } = ended.expect("an end within 30 s").unwrap();
        Finished {
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}
