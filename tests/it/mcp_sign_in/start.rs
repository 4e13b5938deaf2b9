//! What starts and what does not, in the modes that sign users in.

use gitlab_mcp_tests::{Canary, Process, TestServer};

/// As few variables as each mode starts with.
const PROXY: [(&str, &str); 4] = [
    ("GITLAB_MCP_OAUTH", "true"),
    ("GITLAB_API_URL", "http://gitlab.test"),
    ("GITLAB_OAUTH_APP_ID", "app"),
    ("MCP_SERVER_URL", "https://mcp.example"),
];
const SESSION: [(&str, &str); 5] = [
    ("OAUTH_ENABLED", "true"),
    ("GITLAB_API_URL", "http://gitlab.test"),
    ("GITLAB_OAUTH_CLIENT_ID", "app"),
    ("MCP_SERVER_URL", "https://mcp.example"),
    ("OAUTH_SESSION_SECRET", SECRET),
];
const SECRET: &str = "Zb4-mR8v_Kt2Xq6Nc9Wd3Yh7Lp1Sf5Ja0Ge";
/// Thirty-one characters.
const SHORT: &str = "Zb4-mR8v_Kt2Xq6Nc9Wd3Yh7Lp1Sf5J";
const CALLBACK: (&str, &str) = ("GITLAB_OAUTH_CALLBACK_PROXY", "true");

/// The variables with changes; an empty value takes one away.
fn changed<'a>(
    usual: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(other, _)| *other == name);
    let kept = usual.iter().filter(|(name, _)| !is_changed(name));
    let set = changes.iter().filter(|(_, value)| !value.is_empty());
    kept.chain(set).copied().collect()
}

async fn refused(variables: &[(&str, &str)]) -> String {
    match TestServer::started(variables).await {
        Err(error) => error.to_string(),
        Ok(started) => unreachable!("{variables:?} starts as {}", started.app.mode),
    }
}

#[tokio::test]
async fn every_spelling_of_yes_chooses_the_mode_and_any_other_word_is_refused() {
    for (usual, switch, mode) in [
        (&PROXY[..], "GITLAB_MCP_OAUTH", "mcp-oauth"),
        (&SESSION, "OAUTH_ENABLED", "oauth-session"),
    ] {
        for yes in ["true", "TRUE", "1", "yes", "on"] {
            let started = TestServer::started(&changed(usual, &[(switch, yes)])).await;
            assert_eq!(started.unwrap().app.mode, mode, "{switch}={yes}");
        }
        let named = changed(usual, &[(switch, ""), ("GITLAB_AUTH_MODE", mode)]);
        assert_eq!(TestServer::started(&named).await.unwrap().app.mode, mode);
        for word in ["enabled", "ture", "2"] {
            let error = refused(&changed(usual, &[(switch, word)])).await;
            assert!(error.contains(switch), "{error}");
        }
    }
}

#[tokio::test]
async fn either_name_of_the_application_s_id_will_do() {
    for (usual, own) in [
        (&PROXY[..], "GITLAB_OAUTH_APP_ID"),
        (&SESSION, "GITLAB_OAUTH_CLIENT_ID"),
    ] {
        for name in [
            "GITLAB_OAUTH_APP_ID",
            "GITLAB_OAUTH_CLIENT_ID",
            "OAUTH_CLIENT_ID",
        ] {
            let variables = changed(&changed(usual, &[(own, "")]), &[(name, "app")]);
            let started = TestServer::started(&variables).await;
            assert!(started.is_ok(), "{name}: {started:?}");
        }
        let error = refused(&changed(usual, &[(own, "")])).await;
        assert!(error.contains(own), "{error}");
    }
}

/// A change of the usual variables, and what the refusal names.
type Row = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const OF_PROXY: &[Row] = &[
    (
        &[("OAUTH_ENABLED", "true")],
        &["GITLAB_MCP_OAUTH", "OAUTH_ENABLED"],
    ),
    (
        &[("REMOTE_AUTHORIZATION", "true")],
        &["GITLAB_MCP_OAUTH", "REMOTE_AUTHORIZATION"],
    ),
    (
        &[("GITLAB_AUTH_MODE", "pat")],
        &["GITLAB_AUTH_MODE", "GITLAB_MCP_OAUTH"],
    ),
    (&[("MCP_SERVER_URL", "")], &["MCP_SERVER_URL"]),
    (
        &[("MCP_SERVER_URL", "http://mcp.example")],
        &["MCP_SERVER_URL"],
    ),
    (
        &[("MCP_SERVER_URL", "https://mcp.example/?a=b")],
        &["MCP_SERVER_URL"],
    ),
    (
        &[("MCP_SERVER_URL", "https://mcp.example/#a")],
        &["MCP_SERVER_URL"],
    ),
    (
        &[CALLBACK, ("OAUTH_CONSENT", "gitlab")],
        &["OAUTH_CONSENT", "GITLAB_OAUTH_CALLBACK_PROXY"],
    ),
    (&[CALLBACK, ("OAUTH_CONSENT", "off")], &["OAUTH_CONSENT"]),
    (
        &[("OAUTH_STATELESS_SECRET", SHORT)],
        &["OAUTH_STATELESS_SECRET", "32"],
    ),
    (
        &[("OAUTH_STORAGE_TYPE", "sqlite")],
        &["OAUTH_STATELESS_SECRET"],
    ),
    (
        &[("OAUTH_HEADER_BYPASS", "perhaps")],
        &["OAUTH_HEADER_BYPASS"],
    ),
];

const OF_SESSION: &[Row] = &[
    (
        &[("OAUTH_SESSION_SECRET", "")],
        &["OAUTH_SESSION_SECRET", "32"],
    ),
    (
        &[("OAUTH_SESSION_SECRET", SHORT)],
        &["OAUTH_SESSION_SECRET", "32"],
    ),
    (
        &[(
            "OAUTH_SESSION_SECRET",
            "change-me-to-a-long-random-string-of-yours",
        )],
        &["OAUTH_SESSION_SECRET", "guessed"],
    ),
    (
        &[(
            "OAUTH_SESSION_SECRET",
            "aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb",
        )],
        &["OAUTH_SESSION_SECRET", "guessed"],
    ),
    (
        &[("OAUTH_SESSION_SECRET_PREVIOUS", SECRET)],
        &["OAUTH_SESSION_SECRET_PREVIOUS", "OAUTH_SESSION_SECRET"],
    ),
    (&[("OAUTH_CONSENT", "gitlab")], &["OAUTH_CONSENT"]),
    (&[("OAUTH_CONSENT", "off")], &["OAUTH_CONSENT"]),
    (
        &[("OAUTH_STORAGE_TYPE", "mongo")],
        &["OAUTH_STORAGE_TYPE", "postgresql"],
    ),
    (
        &[("OAUTH_STORAGE_TYPE", "redis")],
        &["OAUTH_STORAGE_REDIS_URL"],
    ),
    (
        &[("OAUTH_STORAGE_TYPE", "postgresql")],
        &["OAUTH_STORAGE_POSTGRESQL_URL"],
    ),
    (
        &[("MCP_REPLICATED", "true")],
        &["MCP_REPLICATED", "OAUTH_STORAGE_TYPE"],
    ),
    (
        &[("MCP_REPLICATED", "true"), ("OAUTH_STORAGE_TYPE", "sqlite")],
        &["MCP_REPLICATED", "OAUTH_STORAGE_TYPE"],
    ),
    (
        &[
            ("OAUTH_DCR_ENABLED", "false"),
            ("OAUTH_CIMD_ENABLED", "false"),
        ],
        &["OAUTH_DCR_ENABLED", "OAUTH_CIMD_ENABLED"],
    ),
    (
        &[
            ("OAUTH_TOKEN_TTL", "7200"),
            ("OAUTH_REFRESH_TOKEN_TTL", "3600"),
        ],
        &["OAUTH_REFRESH_TOKEN_TTL", "OAUTH_TOKEN_TTL"],
    ),
    (&[("OAUTH_TOKEN_TTL", "59")], &["OAUTH_TOKEN_TTL"]),
    (&[("OAUTH_CODE_TTL", "601")], &["OAUTH_CODE_TTL"]),
    (
        &[("GITLAB_OAUTH_ALLOWED_GROUPS", ",")],
        &["GITLAB_OAUTH_ALLOWED_GROUPS"],
    ),
    (
        &[("GITLAB_OAUTH_ALLOWED_GROUPS", "a group")],
        &["GITLAB_OAUTH_ALLOWED_GROUPS"],
    ),
    (
        &[("OAUTH_REDIRECT_SCHEMES", "cursor,javascript")],
        &["OAUTH_REDIRECT_SCHEMES"],
    ),
    (
        &[("OAUTH_REDIRECT_SCHEMES", "ms-word")],
        &["OAUTH_REDIRECT_SCHEMES"],
    ),
    (
        &[("OAUTH_DEVICE_FLOW", "sometimes")],
        &["OAUTH_DEVICE_FLOW"],
    ),
    (&[("SSE", "true")], &["SSE"]),
];

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_names_and_no_secret_is_shown() {
    let canary = [Canary::watch(SECRET), Canary::watch(SHORT)];
    for (usual, rows) in [(&PROXY[..], OF_PROXY), (&SESSION, OF_SESSION)] {
        assert!(TestServer::started(usual).await.is_ok());
        for (changes, names) in rows {
            let error = refused(&changed(usual, changes)).await;
            for name in *names {
                assert!(error.contains(name), "{changes:?}, {name}: {error}");
            }
            for canary in &canary {
                canary.assert_silent(&error);
            }
        }
    }
}

#[tokio::test]
async fn what_is_the_nearest_sense_starts() {
    let local = ("MCP_SERVER_URL", "http://127.0.0.1:3002");
    for (usual, changes) in [
        (&PROXY[..], &[CALLBACK][..]),
        (&PROXY, &[("OAUTH_CONSENT", "gitlab")]),
        (&PROXY, &[local, CALLBACK, ("OAUTH_CONSENT", "off")]),
        (&PROXY, &[("OAUTH_STATELESS_SECRET", SECRET)]),
        (&SESSION, &[local, ("OAUTH_CONSENT", "off")]),
        (
            &SESSION,
            &[
                local,
                (
                    "OAUTH_SESSION_SECRET",
                    "change-me-to-a-long-random-string-of-yours",
                ),
            ],
        ),
        (
            &SESSION,
            &[(
                "OAUTH_SESSION_SECRET_PREVIOUS",
                "Another-8v_Kt2Xq6Nc9Wd3Yh7Lp1Sf5Ja0",
            )],
        ),
        (&SESSION, &[("MCP_SERVER_URL", "")]),
        (&SESSION, &[("OAUTH_CIMD_ENABLED", "false")]),
        (
            &SESSION,
            &[
                ("OAUTH_TOKEN_TTL", "3600"),
                ("OAUTH_REFRESH_TOKEN_TTL", "3600"),
            ],
        ),
        (
            &SESSION,
            &[(
                "GITLAB_OAUTH_ALLOWED_GROUPS",
                "company/platform, company/ops",
            )],
        ),
        (&SESSION, &[("OAUTH_REDIRECT_SCHEMES", "none")]),
        (&SESSION, &[("SSE", "false")]),
    ] {
        let started = TestServer::started(&changed(usual, changes)).await;
        assert!(started.is_ok(), "{changes:?}: {started:?}");
    }
}

#[tokio::test]
async fn over_stdio_nobody_could_sign_in() {
    for (usual, switch) in [
        (&PROXY[..], "GITLAB_MCP_OAUTH"),
        (&SESSION, "OAUTH_ENABLED"),
    ] {
        let variables = changed(usual, &[("MCP_TRANSPORT", "stdio")]);
        let process = Process::new(env!("CARGO_BIN_EXE_under-test"), &[]);
        let finished = process.env(&variables).run().await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        for name in [switch, "MCP_TRANSPORT", "stdio"] {
            assert!(finished.stderr.contains(name), "{name}: {finished:?}");
        }
        assert_eq!(finished.stdout, "");
        assert!(!finished.everything().contains(SECRET));
    }
}

#[tokio::test]
async fn a_storage_that_nobody_runs_ends_the_start_in_one_line() {
    let password = "planted-5e0b7a19c2";
    let canary = Canary::watch(password);
    for (kind, variable, scheme) in [
        ("postgresql", "OAUTH_STORAGE_POSTGRESQL_URL", "postgresql"),
        ("redis", "OAUTH_STORAGE_REDIS_URL", "redis"),
    ] {
        let url = format!("{scheme}://user:{password}@127.0.0.1:1/db");
        let storage = [
            ("OAUTH_STORAGE_TYPE", kind),
            (variable, url.as_str()),
            ("GITLAB_INIT_TIMEOUT_MS", "500"),
        ];
        let process = Process::new(env!("CARGO_BIN_EXE_under-test"), &["serve"]);
        let process = process.env(&changed(&SESSION, &storage));
        let finished = process.env(&[("PORT", "0")]).run().await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(
            finished.stderr.contains("OAUTH_STORAGE_TYPE"),
            "{finished:?}"
        );
        for sign in ["panicked", "stack backtrace", "127.0.0.1:1", " at src/"] {
            assert!(!finished.stderr.contains(sign), "{sign}: {finished:?}");
        }
        canary.assert_silent(&finished.everything());
    }
}

#[tokio::test]
async fn credentials_of_the_server_are_warned_about_and_no_way_in() {
    let own = [
        ("GITLAB_TOKEN", "glpat-0123456789abcdef"),
        (
            "STREAMABLE_HTTP_AUTH_TOKEN",
            "canary-bearer-0123456789abcdef01",
        ),
    ];
    for usual in [&PROXY[..], &SESSION] {
        let started = TestServer::started(&changed(usual, &own)).await.unwrap();
        let warnings: Vec<String> = started.warnings.iter().map(ToString::to_string).collect();
        for (name, _) in own {
            assert!(
                warnings.iter().any(|text| text.contains(name)),
                "{name}: {warnings:?}"
            );
        }
    }
}
