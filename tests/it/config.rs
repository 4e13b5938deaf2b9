//! From the outside world to a running server: every spelling, every source, every mistake.

use gitlab_mcp::StartError;
use gitlab_mcp_core::config::Sources;
use gitlab_mcp_tests::{Canary, Era, TestServer};
use mock_gitlab::MockGitlab;
use serde_json::json;

const TOKEN: &str = "glpat-alice-company-0001";

/// Calls a tool of a server with these variables; the header GitLab saw the credential in.
async fn header_seen(gitlab: &MockGitlab, variables: &[(&str, &str)]) -> (String, String) {
    let url = gitlab.url().to_owned();
    let own = [("GITLAB_API_URL", url.as_str())];
    let all: Vec<(&str, &str)> = own.into_iter().chain(variables.iter().copied()).collect();
    let server = TestServer::with(&all).await;
    let mut client = server.client(Era::Modern).await;
    client.call("get_project", json!({ "project_id": 1 })).await;
    let log = gitlab.log().all();
    let record = log.last().unwrap();
    let names = ["private-token", "job-token", "authorization"];
    let mut found = names.iter().filter_map(|name| {
        let value = record.header(name)?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    let first = found.next().unwrap_or_default();
    assert_eq!(found.next(), None, "two credentials in one request");
    first
}

#[tokio::test]
async fn every_spelling_of_the_address_reaches_the_same_path() {
    for prefix in ["", "/git/lab"] {
        let gitlab = MockGitlab::builder()
            .base_path(prefix)
            .start()
            .await
            .unwrap();
        let url = gitlab.url().to_owned();
        for end in ["", "/", "//", "/api/v4", "/api/v4/", "/api/v4//"] {
            for name in ["GITLAB_API_URL", "GITLAB_URL"] {
                let address = format!(" {url}{end} ");
                let server = TestServer::with(&[(name, &address), ("GITLAB_TOKEN", TOKEN)]).await;
                let mut client = server.client(Era::Modern).await;
                let result = client.call("get_project", json!({ "project_id": 1 })).await;
                assert_eq!(result.item()["id"], 1, "{name}={address}");
            }
        }
        let log = gitlab.log().all();
        assert_eq!(log.count(), 12);
        assert!(
            log.iter().all(|one| one.path == "/api/v4/projects/1"),
            "{log:?}"
        );
    }
}

#[tokio::test]
async fn every_way_of_giving_a_token_ends_in_the_right_header() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let folder = Folder::new("token-file");
    let file = folder.file("token", &format!("{TOKEN}\n"));
    let private = ("private-token".to_owned(), TOKEN.to_owned());
    let bearer = ("authorization".to_owned(), format!("Bearer {TOKEN}"));
    let job = ("job-token".to_owned(), "a-job-token-of-ci".to_owned());
    let header = ("GITLAB_TOKEN_HEADER", "bearer");
    for (variables, expected) in [
        (vec![("GITLAB_PERSONAL_ACCESS_TOKEN", TOKEN)], &private),
        (vec![("GITLAB_TOKEN", TOKEN)], &private),
        (
            vec![("GITLAB_PERSONAL_ACCESS_TOKEN_FILE", file.as_str())],
            &private,
        ),
        (vec![("GITLAB_TOKEN_FILE", file.as_str())], &private),
        (vec![("GITLAB_TOKEN", TOKEN), header], &bearer),
        (vec![("GITLAB_JOB_TOKEN", "a-job-token-of-ci")], &job),
        (
            vec![("GITLAB_AUTH_MODE", "none")],
            &(String::new(), String::new()),
        ),
    ] {
        let seen = header_seen(&gitlab, &variables).await;
        assert_eq!(&seen, expected, "{variables:?}");
    }
}

#[tokio::test]
async fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let text = "api_url = \"http://file.test\"\nserver_name = \"from the file\"\nhost = \"::1\"\n";
    let environment = [
        ("GITLAB_TOKEN", TOKEN),
        ("GITLAB_API_URL", "http://environment.test"),
        ("HOST", "127.0.0.2"),
    ];
    let sources = Sources::new()
        .file(
            "gitlab-mcp.toml",
            text.replace("server_name", "mcp_server_name"),
        )
        .variables(environment)
        .arguments(["--api-url=http://flag.test"]);
    let started = gitlab_mcp::start(&sources, &[]).await.unwrap();
    assert_eq!(started.instance.base(), "http://flag.test");
    assert_eq!(started.app.http.host.to_string(), "127.0.0.2");
    assert_eq!(&*started.app.server_name, "from the file");
}

#[tokio::test]
async fn ten_mistakes_are_told_at_once_and_none_shows_a_secret() {
    let canary = Canary::watch("glpat canary 5d1f0c3b");
    let error = TestServer::started(&[
        ("GITLAB_API_URL", "ftp://gitlab.test"),
        ("GITLAB_TOKEN", canary.secret()),
        ("GITLAB_TOKEN_HEADER", "cookie"),
        ("PORT", "70000"),
        ("HOST", "no such host"),
        ("MAX_SESSIONS", "-1"),
        ("SESSION_TIMEOUT_SECONDS", "1.5"),
        ("MCP_ALLOWED_HOSTS", "*"),
        ("GITLAB_PERMISSION_MODE", "everything"),
        ("GITLAB_DENIED_TOOLS_REGEX", "(["),
        ("LOG_LEVEL", "chatty"),
        ("HTTP_PROXY", "\u{1}"),
    ])
    .await
    .unwrap_err();
    let StartError::Config(problems) = &error else {
        unreachable!("{error}");
    };
    assert!(problems.problems.len() >= 10, "{error}");
    let text = error.to_string();
    for name in [
        "GITLAB_API_URL",
        "GITLAB_TOKEN",
        "GITLAB_TOKEN_HEADER",
        "PORT",
        "HOST",
        "MAX_SESSIONS",
        "SESSION_TIMEOUT_SECONDS",
        "MCP_ALLOWED_HOSTS",
        "GITLAB_PERMISSION_MODE",
        "GITLAB_DENIED_TOOLS_REGEX",
        "LOG_LEVEL",
        "HTTP_PROXY",
    ] {
        assert!(
            text.contains(&format!("- {name} (environment): ")),
            "{name} in\n{text}"
        );
    }
    canary.assert_silent(&format!("{error} {error:?}"));
}

#[tokio::test]
async fn a_server_held_credential_over_http_needs_a_guard() {
    let sources = Sources::new().variables([("GITLAB_TOKEN", TOKEN), ("STREAMABLE_HTTP", "true")]);
    let error = gitlab_mcp::start(&sources, &[])
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("STREAMABLE_HTTP_AUTH_TOKEN"), "{error}");
}

#[tokio::test]
async fn a_token_and_its_file_together_are_refused_with_both_named() {
    let folder = Folder::new("both");
    let file = folder.file("token", TOKEN);
    let both = [
        ("GITLAB_TOKEN", TOKEN),
        ("GITLAB_TOKEN_FILE", file.as_str()),
    ];
    let error = TestServer::started(&both).await.unwrap_err().to_string();
    assert!(error.contains("GITLAB_TOKEN_FILE"), "{error}");
    assert!(!error.contains(TOKEN), "{error}");
}

/// A folder of this test run, removed at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("gitlab-mcp-it-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
