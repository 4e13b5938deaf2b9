//! The program: ready line, secrets, end.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
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

/// Starts the program and waits for its ready line; the address it names.
async fn started(arguments: &[&str]) -> (tokio::process::Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut ready).await.unwrap();
    let address = ready.trim().rsplit("http://").next().unwrap().to_owned();
    (child, address)
}

/// Status line and body of a GET.
async fn get(address: &str, path: &str) -> String {
    let host = address.split('/').next().unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: glpat-root-company-00001\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_world_is_named_by_seed_as_well() {
    let (_child, address) = started(&["--seed", "huge", "--base-path", "/gitlab"]).await;
    assert!(address.ends_with("/gitlab"), "{address}");
    let path = "/gitlab/api/v4/projects/larkspur%2Fwarehouse/issues?per_page=1";
    let answer = get(&address, path).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.to_lowercase().contains("x-total:"), "{answer}");
    let ended = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--seed", "gigantic"])
        .output()
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&ended.stderr).contains("company, empty, huge"));
}

#[tokio::test]
async fn faults_come_from_a_file() {
    let name = format!("mock-gitlab-faults-{}.toml", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(
        &file,
        "[[fault]]\nkind = \"status\"\nstatus = 507\non = \"GET /user\"\ntimes = 1\n",
    )
    .unwrap();
    let (_child, address) = started(&["--faults", file.to_str().unwrap()]).await;
    assert!(
        get(&address, "/api/v4/user")
            .await
            .starts_with("HTTP/1.1 507")
    );
    assert!(
        get(&address, "/api/v4/user")
            .await
            .starts_with("HTTP/1.1 200")
    );
    std::fs::write(&file, "[[fault]]\nkind = \"imp\"\n").unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--faults", file.to_str().unwrap()])
        .output()
        .await
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        !ended.status.success() && said.contains("fault 1") && said.contains("imp"),
        "{said}"
    );
}
