//! The program: ready line, secrets, end.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn it_says_when_it_is_ready_and_ends_when_told() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args([
            "--port",
            "0",
            "--world",
            "company",
            "--clock",
            "2026-11-01",
            "--print-tokens",
        ])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    out.read_line(&mut ready).await.unwrap();
    assert!(
        ready.starts_with("mock-gitlab listening on http://127.0.0.1:"),
        "{ready}"
    );
    let id = child.id().unwrap().to_string();
    Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await
        .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(1), child.wait()).await;
    assert!(ended.expect("within a second").unwrap().success());
    let mut listing = String::new();
    out.read_to_string(&mut listing).await.unwrap();
    let listing: serde_json::Value = serde_json::from_str(&listing).unwrap();
    assert_eq!(listing["users"][1]["username"], "alice");
    assert!(
        listing["users"][1]["tokens"]
            .to_string()
            .contains("glpat-alice-company-0001")
    );
}

#[tokio::test]
async fn a_quirk_nobody_knows_is_refused() {
    let ended = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--quirk", "family_revocation", "--quirk", "moonphase=full"])
        .output()
        .await
        .unwrap();
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("moonphase"));
}

#[tokio::test]
async fn a_clock_that_is_no_time_is_refused() {
    let ended = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--clock", "teatime"])
        .output()
        .await
        .unwrap();
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("teatime"));
}
