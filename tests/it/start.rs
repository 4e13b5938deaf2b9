//! A start that fails says everything that is wrong, in the form the operator reads.

use gitlab_mcp_tests::{Canary, Process};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_under-test");
const CANARY: &str = "canary-2f6d1c88";

/// One mistake each.
const MISTAKES: [(&str, &str); 14] = [
    ("GITLAB_URL", "ftp://gitlab.test"),
    ("GITLAB_TOKEN", "canary-2f6d1c88 with blanks"),
    ("GITLAB_TOKEN_HEADER", "cookie"),
    ("STREAMABLE_HTTP", "maybe"),
    ("PORT", "70000"),
    ("MCP_SERVER_URL", "http://mcp.example"),
    ("MCP_TRUST_PROXY", "10.0.0.0/99"),
    ("RATE_LIMIT_IP_WINDOW_MS", "1"),
    ("SSL_CERT_PATH", "/nonexistent/cert.pem"),
    ("GITLAB_CA_CERT_PATH", "/nonexistent/ca.pem"),
    ("HTTPS_PROXY", "ftp://user:canary-2f6d1c88@proxy"),
    ("MCP_METRICS_TOKEN_FILE", "/nonexistent/token"),
    ("LOG_FILTER", "{"),
    ("GITLAB_DENIED_TOOLS_REGEX", "(["),
];

fn process(more: &[(&str, &str)]) -> Process {
    Process::new(PROGRAM, &["serve"]).env(&MISTAKES).env(more)
}

#[tokio::test]
async fn fourteen_mistakes_are_told_at_once_whatever_the_log_level() {
    let canary = Canary::watch(CANARY);
    for level in ["info", "silent"] {
        let ended = process(&[("LOG_LEVEL", level)]).run().await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout, "");
        let mut lines = ended.stderr.lines();
        let heading = lines.next();
        assert_eq!(
            heading,
            Some("configuration is invalid (14 problems)"),
            "{ended:?}"
        );
        let mut told: Vec<&str> = lines.collect();
        for (name, _) in MISTAKES {
            let start = format!("  - {name} (environment): ");
            let place = told.iter().position(|line| line.starts_with(&start));
            told.remove(place.unwrap_or_else(|| unreachable!("{name} in {told:#?}")));
        }
        assert!(told.is_empty(), "{told:#?}");
        canary.assert_silent(&ended.everything());
    }
}

#[tokio::test]
async fn the_same_mistakes_are_one_line_of_json_for_a_program() {
    let canary = Canary::watch(CANARY);
    for form in [("LOG_FORMAT", "json"), ("LOG_JSON", "true")] {
        let ended = process(&[form, ("LOG_LEVEL", "silent")]).run().await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        let told: Value = serde_json::from_str(&ended.stderr).unwrap();
        assert_eq!(told["error"], "configuration is invalid");
        let problems = told["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 14, "{told:#}");
        for problem in problems {
            let known = MISTAKES
                .iter()
                .any(|(name, _)| problem["variable"] == *name);
            assert!(known, "{problem}");
            assert_eq!(problem["source"], "environment");
        }
        canary.assert_silent(&ended.everything());
    }
}

#[tokio::test]
async fn what_a_plugin_logs_while_it_is_built_is_not_lost() {
    let canary = Canary::watch("glpat-planted-4b9e07d1");
    let environment = [
        ("GITLAB_API_URL", "http://gitlab.test"),
        ("GITLAB_TOKEN", canary.secret()),
    ];
    for (level, said) in [("info", true), ("warn", false)] {
        let process = Process::new(PROGRAM, &["stdio"]).env(&environment);
        let ended = process.env(&[("LOG_LEVEL", level)]).run().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let line = |words: &str| ended.stderr.lines().position(|line| line.contains(words));
        let built = line("GitLab token source=");
        assert_eq!(built.is_some(), said, "{ended:?}");
        assert!(built <= line("is starting"), "{ended:?}");
        canary.assert_silent(&ended.everything());
    }
}
