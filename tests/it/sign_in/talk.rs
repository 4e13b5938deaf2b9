//! A stdio server as a process, with every line of it at hand.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gitlab_mcp_tests::eventually;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::home::PROGRAM;

pub(super) struct Talk {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    errors: Arc<Mutex<String>>,
}

impl Talk {
    pub(super) fn start(environment: &[(String, String)]) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("stdio")
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let errors = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&errors);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            child,
            input,
            lines: BufReader::new(output).lines(),
            errors,
        }
    }

    pub(super) async fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next message; every line of stdout is one.
    pub(super) async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line()).await;
        let line = line.expect("a line within 30 s").unwrap();
        serde_json::from_str(&line.expect("an open pipe")).expect("a line of JSON")
    }

    pub(super) async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.send(id, method, params).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    pub(super) async fn send(&mut self, id: u64, method: &str, params: Value) {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
    }

    /// The handshake of 2025-11-25 with a client that declares these capabilities.
    pub(super) async fn initialize(&mut self, capabilities: Value) {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": { "name": "it", "version": "1" },
        });
        let answer = self.ask(0, "initialize", params).await;
        assert!(answer["result"].is_object(), "{answer}");
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
    }

    pub(super) fn stderr(&self) -> String {
        self.errors.lock().unwrap().clone()
    }

    /// The link that is printed for the person.
    pub(super) async fn printed_link(&self) -> String {
        eventually("printing a link", || async { link_in(&self.stderr()) }).await
    }

    /// Closes its input and waits for its end.
    pub(super) async fn stop(self) {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
        assert!(ended.expect("an end within 30 s").unwrap().success());
    }
}

/// The sign-in link in a text.
pub(super) fn link_in(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches('"'));
    let mut links = words.filter(|word| word.contains("/oauth/authorize?"));
    links.next().map(str::to_owned)
}
