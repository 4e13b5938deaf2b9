//! The rules of configuration, one table per rule, with the sources given as values.

use std::fs;

use super::super::print;
use super::*;
use crate::config::{Kind, LoadError, Table};
use crate::random::{OsRandom, token};
use crate::secret::{GitLabToken, Secret};

const CANARY: &str = "canary-Zq7-secret";

mod file;
mod hostile;
mod names;
mod precedence;
mod secrets;
mod tables;

static API: Setting = Setting::new("GITLAB_API_URL", Kind::Urls, "")
    .aliases(&["GITLAB_URL"])
    .default("https://gitlab.com");
static TOKEN: Setting = Setting::new("GITLAB_PERSONAL_ACCESS_TOKEN", Kind::Secret { min: 8 }, "")
    .aliases(&["GITLAB_TOKEN"])
    .flag("--token");
static PORT: Setting = Setting::new(
    "PORT",
    Kind::Integer {
        min: 1,
        max: 65_535,
    },
    "",
)
.default("3002");
static LEVEL: Setting =
    Setting::new("LOG_LEVEL", Kind::OneOf(&["info", "debug"]), "").default("info");
static READ_ONLY: Setting = Setting::new("GITLAB_READ_ONLY_MODE", Kind::Bool, "")
    .aliases(&["GITLAB_READONLY"])
    .flag("--read-only")
    .default("false");
static WIKI: Setting = Setting::new("USE_GITLAB_WIKI", Kind::Tri, "").flag("--use-wiki");
static TOOLS: Setting = Setting::new("GITLAB_TOOLS", Kind::List, "");
static SCOPES: Setting = Setting::new("GITLAB_OAUTH_SCOPES", Kind::Words, "").default("api");
static GRAPHQL: Setting = Setting::new("GITLAB_GRAPHQL_URL", Kind::Url, "");
static CERT: Setting = Setting::new("GITLAB_CA_CERT_PATH", Kind::Path, "");
static DENIED: Setting = Setting::new("GITLAB_DENIED_TOOLS_REGEX", Kind::Pattern, "");
static NAME: Setting = Setting::new("MCP_SERVER_NAME", Kind::Text { max: 10 }, "").default("ours");
static VAULT: Setting = Setting::new("VAULT_ROLE", Kind::Text { max: 99 }, "")
    .plugin("vault")
    .flag("--vault-role");

static ALL: [&Setting; 13] = [
    &API, &TOKEN, &PORT, &LEVEL, &READ_ONLY, &WIKI, &TOOLS, &SCOPES, &GRAPHQL, &CERT, &DENIED,
    &NAME, &VAULT,
];

static MACHINE: Setting = Setting::new("name", Kind::Text { max: 10 }, "");
static PORTS: Setting = Setting::new("ports", Kind::List, "");
static SPARE: Setting = Setting::new("is_spare", Kind::Bool, "").default("false");
static KEY: Setting = Setting::new("key", Kind::Secret { min: 8 }, "");
static MACHINES: Table = Table::new("machines", "", &[&MACHINE, &PORTS, &SPARE, &KEY]);

fn open(sources: &Sources) -> Reader {
    Reader::open_with(sources, &ALL, &[&MACHINES]).unwrap()
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    Sources::new().variables(pairs.iter().copied())
}

fn problems(reader: Reader) -> Vec<String> {
    match reader.finish() {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

fn warnings(reader: Reader) -> Vec<String> {
    reader
        .finish()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn temporary(content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("gitlab-mcp-test-{}", token(&OsRandom, 12)));
    fs::write(&path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    path
}

fn read_all(reader: &mut Reader) {
    reader.urls(&API);
    reader.integer(&PORT);
    reader.one_of(&LEVEL);
    reader.flag(&READ_ONLY);
    reader.tri(&WIKI);
    reader.list(&SCOPES);
    reader.url(&GRAPHQL);
    reader.path(&CERT);
    reader.pattern(&DENIED);
    reader.text(&NAME);
    reader.secret::<GitLabToken>(&TOKEN);
    reader.rows(&MACHINES, |row| drop(machine(row)));
}

/// A row, read.
fn machine(
    row: &mut Reader,
) -> (
    Option<String>,
    Vec<String>,
    bool,
    Option<Secret<GitLabToken>>,
) {
    let (name, ports) = (row.text(&MACHINE), row.list(&PORTS));
    (name, ports, row.flag(&SPARE), row.secret(&KEY))
}

#[test]
fn every_kind_reports_its_own_text() {
    let cases = [
        (
            "PORT",
            "70000",
            "expected a whole number from 1 to 65535 (got \"70000\")",
        ),
        (
            "LOG_LEVEL",
            "loud",
            "expected one of info, debug (got \"loud\")",
        ),
        (
            "GITLAB_READONLY",
            "si",
            "expected true/1/yes/on or false/0/no/off (got \"si\")",
        ),
        (
            "USE_GITLAB_WIKI",
            "x",
            "expected true/1/yes/on or false/0/no/off (got \"x\")",
        ),
        (
            "GITLAB_URL",
            "https://a,b",
            "not a usable http(s) URL: item 2 (got \"b\")",
        ),
        (
            "GITLAB_GRAPHQL_URL",
            "https://me:canary-Zq7-secret@h",
            "not a usable http(s) URL (got \"https://***@h\")",
        ),
        ("GITLAB_CA_CERT_PATH", " ", "not a usable path (got \" \")"),
        (
            "GITLAB_DENIED_TOOLS_REGEX",
            "(",
            "not a valid pattern (got \"(\")",
        ),
        (
            "MCP_SERVER_NAME",
            "far too long",
            "too long, at most 10 characters (got \"far too long\")",
        ),
        (
            "GITLAB_TOKEN",
            "short",
            "too short, needs at least 8 characters",
        ),
        (
            "GITLAB_TOKEN",
            "canary-Zq7\n-secret",
            "contains control characters",
        ),
    ];
    for (variable, value, expected) in cases {
        let mut reader = open(&variables(&[(variable, value)]));
        read_all(&mut reader);
        let expected = format!("{variable} (environment): {expected}");
        assert_eq!(problems(reader), [expected]);
    }
}

#[test]
fn a_bad_value_leaves_a_usable_fallback() {
    let mut reader = open(&variables(&[
        ("PORT", "x"),
        ("GITLAB_API_URL", "x"),
        ("LOG_LEVEL", "x"),
        ("MCP_SERVER_NAME", "x\u{7}"),
    ]));
    assert_eq!(reader.integer(&PORT), 3002);
    assert_eq!(reader.urls(&API).len(), 1);
    assert_eq!(reader.one_of(&LEVEL), "info");
    assert_eq!(reader.text(&NAME).as_deref(), Some("ours"));
    assert_eq!(reader.list(&SCOPES), ["api"]);
}

#[test]
fn fourteen_mistakes_are_told_at_once_without_the_secret() {
    let file = format!("prot = 1\nservers = 2\ntoken = \"{CANARY}\"\n");
    let sources = variables(&[
        (
            "GITLAB_PERSONAL_ACCESS_TOKEN",
            "short\u{1}canary-Zq7-secret",
        ),
        ("GITLAB_TOKEN_FILE", "/nonexistent"),
        ("GITLAB_API_URL", "ftp://me:canary-Zq7-secret@h"),
        ("LOG_LEVEL", "loud"),
        ("GITLAB_READONLY", "maybe"),
        ("USE_GITLAB_WIKI", "2"),
        ("GITLAB_GRAPHQL_URL", "https://me:canary-Zq7-secret@h"),
        ("GITLAB_CA_CERT_PATH", "\0"),
        ("GITLAB_DENIED_TOOLS_REGEX", "("),
        ("MCP_SERVER_NAME", "a name that is too long"),
        ("OAUTH_ENABLED", "enabled"),
    ]);
    let mut reader = open(&sources.arguments(["--port", "0"]).file("/c.toml", file));
    read_all(&mut reader);
    let debug = format!("{reader:?}");
    let error = reader.finish().unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with("configuration is invalid (14 problems)\n"),
        "{shown}"
    );
    assert_eq!(
        shown
            .lines()
            .filter(|line| line.starts_with("  - "))
            .count(),
        14
    );
    for text in [
        shown,
        debug,
        format!("{error:?}"),
        error.to_json().to_string(),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
}
