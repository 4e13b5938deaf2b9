//! Aliases, unknown names and reserved names.

use super::*;

#[test]
fn the_first_name_wins_and_a_disagreement_is_told() {
    let mut reader = open(&variables(&[
        ("GITLAB_URL", "https://b"),
        ("GITLAB_API_URL", "https://a"),
        ("GITLAB_TOKEN", "canary-Zq7-secret-2"),
        ("GITLAB_PERSONAL_ACCESS_TOKEN", CANARY),
    ]));
    assert_eq!(reader.urls(&API)[0].as_str(), "https://a/");
    assert_eq!(
        reader.secret::<GitLabToken>(&TOKEN).unwrap().expose(),
        CANARY
    );
    assert_eq!(
        warnings(reader),
        [
            "GITLAB_API_URL: GITLAB_API_URL and GITLAB_URL have different values; GITLAB_API_URL is used",
            "GITLAB_PERSONAL_ACCESS_TOKEN: GITLAB_PERSONAL_ACCESS_TOKEN and GITLAB_TOKEN have \
             different values; GITLAB_PERSONAL_ACCESS_TOKEN is used",
        ]
    );
    let same = [("GITLAB_URL", "https://a"), ("GITLAB_API_URL", "https://a")];
    assert_eq!(warnings(open(&variables(&same))), [""; 0]);
}

#[test]
fn the_alias_that_was_used_is_named() {
    let mut reader = open(&variables(&[
        ("GITLAB_TOKEN", "short"),
        ("GITLAB_READONLY", "1"),
    ]));
    assert!(reader.secret::<GitLabToken>(&TOKEN).is_none());
    assert_eq!(reader.name_used(&READ_ONLY), "GITLAB_READONLY");
    assert_eq!(reader.name_used(&PORT), "PORT");
    reader.conflict(&[&READ_ONLY, &PORT], "cannot stand together");
    assert_eq!(
        problems(reader),
        [
            "GITLAB_TOKEN (environment): too short, needs at least 8 characters",
            "GITLAB_READONLY, PORT (environment): cannot stand together",
        ]
    );
}

#[test]
fn unknown_variables_warn_once_and_are_errors_when_strict() {
    let pairs = [
        ("GITLAB_READ_ONY", "true"),
        ("GITLAB_CI", "1"),
        ("PATH", "/"),
        ("OAUTH_X", ""),
    ];
    let text = "unknown variable, did you mean GITLAB_READONLY?";
    assert_eq!(
        warnings(open(&variables(&pairs))),
        [format!("GITLAB_READ_ONY: {text}")]
    );
    let strict = variables(&pairs).variables([("MCP_STRICT_CONFIG", "yes")]);
    assert_eq!(
        problems(open(&strict)),
        [format!("GITLAB_READ_ONY (environment): {text}")]
    );
}

#[test]
fn reserved_names_are_never_silent() {
    let reader = open(&variables(&[
        ("GITLAB_CROSS_REFS", "false"),
        ("DEFAULT_NULL", "1"),
    ]));
    assert_eq!(
        warnings(reader),
        [
            "GITLAB_CROSS_REFS: is known but not supported by this build and has no effect",
            "DEFAULT_NULL: is accepted and has no effect here",
        ]
    );
    let refused = "is known but not supported by this build, and starting without it would be \
                   less restricted than asked";
    let reader = open(&Sources::new().arguments(["--remote-auth", "--allowed-groups", "a"]));
    assert_eq!(
        problems(reader),
        [
            format!("REMOTE_AUTHORIZATION (flag): {refused}"),
            format!("GITLAB_OAUTH_ALLOWED_GROUPS (flag): {refused}"),
        ]
    );
    let reader = open(&Sources::new().file("/c.toml", "\nallowed_project_ids = [1, 2]"));
    let expected = format!("GITLAB_ALLOWED_PROJECT_IDS (file /c.toml:2): {refused}");
    assert_eq!(problems(reader), [expected]);
}

#[cfg(unix)]
#[test]
fn values_that_are_not_utf8_are_named() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let bad = || OsString::from_vec(vec![b'a', 0xff]);
    let reader = open(&Sources::new().variables([("PORT", bad()), ("OTHER", bad())]));
    assert_eq!(problems(reader), ["PORT (environment): is not valid UTF-8"]);
    let error = Reader::open(&Sources::new().arguments([bad()]), &ALL).unwrap_err();
    assert_eq!(error.to_string(), "argument 1 is not valid UTF-8");
}

#[test]
fn reading_an_undeclared_setting_is_reported() {
    let mut reader = Reader::open(&Sources::new(), &[]).unwrap();
    assert_eq!(reader.integer(&PORT), 3002);
    let text = "PORT (default): is read by a section that does not declare it";
    assert_eq!(problems(reader), [text]);
}
