//! Which source wins, and how flags are written.

use super::*;

#[test]
fn a_later_source_replaces_an_earlier_one() {
    let file = "port = 1000\nlog_level = \"debug\"\ntools = [\"a\", \"b\"]\n";
    let sources = || variables(&[("PORT", "2000"), ("GITLAB_TOOLS", "c")]).file("/c.toml", file);
    let line = |line| Source::File {
        path: PathBuf::from("/c.toml"),
        line: Some(line),
    };

    let mut reader = open(&sources().arguments(["--port=3000"]));
    assert_eq!(
        (reader.integer(&PORT), reader.source(&PORT)),
        (3000, Source::Flag)
    );
    let mut reader = open(&sources());
    assert_eq!(
        (reader.integer(&PORT), reader.source(&PORT)),
        (2000, Source::Environment)
    );
    assert_eq!(reader.list(&TOOLS), ["c"]);
    assert_eq!(
        (reader.one_of(&LEVEL), reader.source(&LEVEL)),
        ("debug", line(2))
    );
    let mut reader = open(&Sources::new().file("/c.toml", file));
    assert_eq!(
        (reader.integer(&PORT), reader.source(&PORT)),
        (1000, line(1))
    );
    assert_eq!(reader.list(&TOOLS), ["a", "b"]);
    let mut reader = open(&Sources::new());
    assert_eq!(
        (reader.integer(&PORT), reader.source(&PORT)),
        (3002, Source::Default)
    );
    assert!(!reader.is_set(&PORT));
    assert_eq!(problems(reader), [""; 0]);
}

#[test]
fn empty_means_unset_in_every_source() {
    let sources = variables(&[
        ("PORT", ""),
        ("GITLAB_TOKEN", ""),
        ("GITLAB_TOKEN_FILE", ""),
    ]);
    let sources = sources
        .arguments(["--port=", "--token", ""])
        .file("/c.toml", "port = \"\"");
    let mut reader = open(&sources);
    assert_eq!(reader.integer(&PORT), 3002);
    assert!(reader.secret::<GitLabToken>(&TOKEN).is_none());
    assert_eq!(problems(reader), [""; 0]);
}

#[test]
fn flags_have_three_forms() {
    let cases: [(&[&str], u64, bool, &[&str]); 6] = [
        (&["--port=5", "--read-only"], 5, true, &[]),
        (&["--port", "5", "--read-only=no"], 5, false, &[]),
        (&["--read-only", "off", "--port", "5"], 5, false, &[]),
        (
            &["--read-only", "serve", "--port", "5"],
            5,
            true,
            &["serve"],
        ),
        (
            &["stdio", "--port", "4", "--port", "5"],
            5,
            false,
            &["stdio"],
        ),
        (&["--vault-role=a=b", "--port=5"], 5, false, &[]),
    ];
    for (arguments, port, read_only, words) in cases {
        let mut reader = open(&Sources::new().arguments(arguments.iter().copied()));
        let found = (reader.integer(&PORT), reader.flag(&READ_ONLY));
        assert_eq!(found, (port, read_only), "{arguments:?}");
        assert_eq!(reader.words(), words, "{arguments:?}");
    }
    let mut reader = open(&Sources::new().arguments(["--vault-role=--a=b"]));
    assert_eq!(reader.text(&VAULT).as_deref(), Some("--a=b"));
}

#[test]
fn a_command_line_that_cannot_be_understood_is_a_usage_error() {
    let cases: [(&[&str], &str); 6] = [
        (&["--prot=5"], "unknown flag --prot"),
        (
            &["--tokens=canary-Zq7-secret"],
            "unknown flag --tokens; did you mean --token?",
        ),
        (&["--port"], "flag --port needs a value"),
        (&["--port", "--read-only"], "flag --port needs a value"),
        (&["-p", "5"], "unknown flag -p"),
        (
            &["--oauth-session-secret=canary-Zq7-secret"],
            "unknown flag --oauth-session-secret",
        ),
    ];
    for (arguments, expected) in cases {
        let sources = Sources::new().arguments(arguments.iter().copied());
        let error = LoadError::from(Reader::open(&sources, &ALL).unwrap_err());
        assert_eq!(
            (error.to_string().as_str(), error.exit_code()),
            (expected, 2)
        );
    }
}
