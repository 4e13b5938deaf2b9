//! What the settings become, and which mistakes they name.

use gitlab_mcp_core::config::{Sources, load};

use super::*;

const ID: (&str, &str) = ("GITLAB_OAUTH_CLIENT_ID", "the-application");
const HOME: (&str, &str) = ("HOME", "/home/alice");

fn read(pairs: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
    let sources = Sources::new().variables(pairs.iter().copied());
    match load::<Config>(&sources, &[]) {
        Ok((config, warnings)) => {
            let warnings = warnings.iter().map(ToString::to_string);
            Ok((config, warnings.collect()))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn config(pairs: &[(&str, &str)]) -> Config {
    let all: Vec<_> = [HOME, ID]
        .into_iter()
        .chain(pairs.iter().copied())
        .collect();
    read(&all).unwrap().0
}

#[test]
fn an_application_is_enough() {
    let config = config(&[]);
    assert_eq!(config.client_id, "the-application");
    assert_eq!(
        config.redirect_uri.as_str(),
        "http://127.0.0.1:8888/callback"
    );
    assert_eq!(
        config.token_path,
        PathBuf::from("/home/alice/.gitlab-mcp-token.json")
    );
    assert_eq!(config.scopes, ["api"]);
    assert_eq!(config.login_wait, Duration::from_secs(45));
    assert!(config.script.is_none() && config.browser.is_none() && config.client_secret.is_none());
}

#[test]
fn the_application_has_three_names_in_this_order() {
    let names = [
        "GITLAB_OAUTH_CLIENT_ID",
        "OAUTH_CLIENT_ID",
        "GITLAB_OAUTH_APP_ID",
    ];
    for first in 0..names.len() {
        let pairs: Vec<_> = names.iter().skip(first).map(|&name| (name, name)).collect();
        let all: Vec<_> = [HOME].into_iter().chain(pairs).collect();
        assert_eq!(read(&all).unwrap().0.client_id, names[first]);
    }
}

#[test]
fn a_script_needs_neither_an_application_nor_a_home() {
    let pairs = [("GITLAB_OAUTH_TOKEN_SCRIPT", "print-token --now")];
    let script = read(&pairs).unwrap().0.script.unwrap();
    assert_eq!(script.command, "print-token --now");
    assert_eq!(script.timeout, Duration::from_secs(30));
    for name in [
        "GITLAB_OAUTH_CLIENT_SECRET",
        "OAUTH_CLIENT_SECRET",
        "GITLAB_OAUTH_CLIENT_SECRET_FILE",
        "OAUTH_SESSION_SECRET",
        "GITLAB_OAUTH_TOKEN_SCRIPT",
    ] {
        let all = &script.secret_variables;
        assert!(all.iter().any(|one| one == name), "{name}: {all:?}");
    }
    assert!(!format!("{script:?}").contains("print-token"));
}

#[test]
fn mistakes_are_named() {
    let long = "x".repeat(256);
    let cases = [
        ("GITLAB_OAUTH_CLIENT_ID", "", "is required"),
        ("GITLAB_OAUTH_CLIENT_ID", "two words", "visible ASCII"),
        ("GITLAB_OAUTH_CLIENT_ID", "äpp", "visible ASCII"),
        ("GITLAB_OAUTH_CLIENT_ID", &long, "255"),
        ("HOME", "", "HOME is not set"),
        ("GITLAB_OAUTH_CLIENT_SECRET", "short", "too short"),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "https://127.0.0.1/cb",
            "loopback",
        ),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "http://gitlab.example/cb",
            "loopback",
        ),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "http://0.0.0.0:8888/cb",
            "loopback",
        ),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "http://localhost.evil.example/",
            "loopback",
        ),
        (
            "GITLAB_OAUTH_REDIRECT_URI",
            "http://127.0.0.1/cb?x=1",
            "URL",
        ),
        ("GITLAB_OAUTH_REDIRECT_URI", "http://127.0.0.1/cb#x", "URL"),
        ("GITLAB_OAUTH_BROWSER_URL", "javascript:alert(1)", "URL"),
        ("GITLAB_OAUTH_SCOPES", "API", "scopes of GitLab"),
        ("GITLAB_OAUTH_SCOPES", ",", "scopes of GitLab"),
        ("GITLAB_OAUTH_LOGIN_WAIT_SECONDS", "601", "0 to 600"),
        ("GITLAB_OAUTH_TOKEN_SCRIPT", "  ", "is blank"),
        ("GITLAB_OAUTH_TOKEN_SCRIPT_TIMEOUT_SECONDS", "0", "1 to 600"),
    ];
    for (name, value, words) in cases {
        let mut pairs = vec![HOME, ID];
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value));
        let error = read(&pairs).map(|_| ()).unwrap_err();
        assert!(error.contains(words), "{name}={value}: {error}");
        assert!(
            error.contains(if name == "HOME" { "TOKEN_PATH" } else { name }),
            "{error}"
        );
    }
    assert!(read(&[HOME, ID]).is_ok());
}

#[test]
fn any_loopback_address_and_path_will_do() {
    for uri in [
        "http://127.0.0.1/",
        "http://127.0.0.1:0/callback",
        "http://127.9.9.9:9000/a/b",
        "http://[::1]:8888/callback",
        "http://localhost:8888/oauth/callback",
    ] {
        let config = config(&[("GITLAB_OAUTH_REDIRECT_URI", uri)]);
        assert_eq!(config.redirect_uri.as_str(), uri);
    }
}

#[test]
fn scopes_follow_what_may_be_changed() {
    let scopes = |pairs: &[(&str, &str)]| config(pairs).scopes;
    assert_eq!(scopes(&[("GITLAB_READ_ONLY_MODE", "true")]), ["read_api"]);
    assert_eq!(
        scopes(&[("GITLAB_PERMISSION_MODE", "readonly")]),
        ["read_api"]
    );
    assert_eq!(scopes(&[("GITLAB_PERMISSION_MODE", "modify")]), ["api"]);
    assert_eq!(
        scopes(&[("OAUTH_SCOPES", "api, read_user api")]),
        ["api", "read_user"]
    );
    let both = [
        HOME,
        ID,
        ("GITLAB_OAUTH_SCOPES", "api"),
        ("GITLAB_READ_ONLY_MODE", "true"),
    ];
    let (config, warnings) = read(&both).unwrap();
    assert_eq!(config.scopes, ["api"]);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("GITLAB_OAUTH_SCOPES")),
        "{warnings:?}"
    );
}
