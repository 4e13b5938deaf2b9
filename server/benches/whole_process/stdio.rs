//! From starting the process to its answer to `tools/list`, over stdio.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::BINARY;

const OPENING: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n",
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
    "\n",
);

/// Wall time of one start.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn start_to_tool_list(upstream: &SocketAddr) -> Duration {
    let begin = Instant::now();
    let mut child = Command::new(BINARY)
        .env_clear()
        .env("GITLAB_API_URL", format!("http://{upstream}"))
        .env("GITLAB_TOKEN", "glpat-0123456789abcdefghij")
        .env("LOG_LEVEL", "error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(OPENING.as_bytes()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let answered = lines
        .map(Result::unwrap)
        .any(|line| line.contains(r#""id":2"#));
    assert!(answered, "no answer to tools/list");
    let took = begin.elapsed();
    drop(stdin);
    child.wait().unwrap();
    took
}
