//! The server as a process of its own that listens over HTTP.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::log;

/// Longest wait for it to listen.
const PATIENCE: Duration = Duration::from_secs(30);
const READY: &str = "listening on http://";

/// A listening server; it ends when it is dropped. What it says is kept, and looked through for
/// secrets with everything else.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    said: Arc<Mutex<String>>,
    _child: Child,
}

impl Listening {
    /// Starts `program` on a port of the kernel's choice, with these variables and no others.
    ///
    /// # Panics
    /// When it does not listen within thirty seconds.
    pub async fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let usual = [
            ("STREAMABLE_HTTP", "true"),
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("LOG_LEVEL", "trace"),
        ];
        let mut child = Command::new(program)
            .env_clear()
            .envs(usual)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                keep(&said, &line);
                if let Some(address) = address(&line) {
                    return Some(address);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, ready).await;
        let address = found.expect("a server that listens within 30 s");
        let address = address.unwrap_or_else(|| unreachable!("{}", said.lock().unwrap()));
        let kept = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                keep(&kept, &line);
            }
        });
        Self {
            address,
            said,
            _child: child,
        }
    }

    /// What it has said on its standard error so far.
    pub fn stderr(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

fn keep(said: &Mutex<String>, line: &str) {
    log::heard(line);
    let mut said = said.lock().unwrap();
    said.push_str(line);
    said.push('\n');
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(READY)?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]".contains(c)));
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}
