//! The selection of a mode and the transport guards, on the built-in
//! modes together with two that only these tests know.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    self, AuthDescriptor, AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller,
    Credential, Identity, Listening, NoSettings, Principal, SelectedBy, Selection, Transports,
};
use gitlab_mcp_core::clock::SystemClock;
use gitlab_mcp_core::config::{Kind, Reader, Setting, Sources, Table};
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, Instance};
use gitlab_mcp_core::random::OsRandom;
use http::request::Parts;

const PAT: (&str, &str) = ("GITLAB_TOKEN", "glpat-canary-pat");
const JOB: (&str, &str) = ("GITLAB_JOB_TOKEN", "glcbt-canary-job");
const COOKIE: (&str, &str) = ("GITLAB_AUTH_COOKIE_PATH", "/nowhere/cookies");
const BEARER: (&str, &str) = (
    "STREAMABLE_HTTP_AUTH_TOKEN",
    "canary-bearer-0123456789abcdef01",
);
const LIFT: (&str, &str) = ("MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK", "true");

const STDIO: Listening = Listening {
    http: false,
    loopback: true,
    transport: "the default",
};
const LOOPBACK: Listening = Listening {
    http: true,
    loopback: true,
    transport: "STREAMABLE_HTTP",
};
const NETWORK: Listening = Listening {
    http: true,
    loopback: false,
    transport: "STREAMABLE_HTTP",
};

static FIRST: Setting = Setting::new("FIRST_SWITCH", Kind::Bool, "").default("false");
static SECOND: Setting = Setting::new("SECOND_SWITCH", Kind::Bool, "").default("false");

/// A mode with a switch, in which every caller brings a credential.
#[derive(Debug)]
struct PerCaller<const SWITCH: usize>(Instance);

impl<const SWITCH: usize> PerCaller<SWITCH> {
    const IS_FIRST: bool = SWITCH == 1;
}

#[async_trait]
impl<const SWITCH: usize> AuthPlugin for PerCaller<SWITCH> {
    const NAME: &'static str = if Self::IS_FIRST { "first" } else { "second" };
    const SUMMARY: &'static str = "";
    const IDENTITY: Identity = Identity::EachCaller;
    const TRANSPORTS: Transports = Transports {
        stdio: false,
        http: true,
    };
    const SELECTED_BY: SelectedBy =
        SelectedBy::Switch(if Self::IS_FIRST { &FIRST } else { &SECOND });
    type Config = NoSettings;

    async fn build(_: NoSettings, context: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self(context.instance.clone()))
    }
}

#[async_trait]
impl<const SWITCH: usize> AuthProvider for PerCaller<SWITCH> {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(Caller::new(Principal::new(self.0.clone(), "1")))
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }
}

type Outcome = Result<(Selection, Vec<String>), Vec<String>>;

fn select(pairs: &[(&str, &str)], listening: Listening) -> Outcome {
    select_from(&Sources::new().variables(pairs.iter().copied()), listening)
}

fn select_from(sources: &Sources, listening: Listening) -> Outcome {
    let mut modes = auth::linked().unwrap();
    modes.push(AuthDescriptor::of::<PerCaller<1>>("tests"));
    modes.push(AuthDescriptor::of::<PerCaller<2>>("tests"));
    let own = modes.iter().flat_map(|mode| mode.settings);
    let settings: Vec<&'static Setting> = own
        .chain(auth::SETTINGS)
        .copied()
        .chain([&FIRST, &SECOND])
        .collect();
    let tables: Vec<&'static Table> = modes.iter().flat_map(|mode| mode.tables).copied().collect();
    let mut reader = Reader::open_with(sources, &settings, &tables).unwrap();
    let selection = auth::select(&modes, &mut reader, listening);
    match reader.finish() {
        Ok(warnings) => Ok((
            selection.unwrap(),
            warnings.iter().map(ToString::to_string).collect(),
        )),
        Err(error) => Err(error.problems.iter().map(ToString::to_string).collect()),
    }
}

fn selected(pairs: &[(&str, &str)], listening: Listening) -> (&'static str, Vec<String>) {
    match select(pairs, listening) {
        Ok((selection, warnings)) => (selection.mode.name, warnings),
        Err(problems) => panic!("{pairs:?}: {problems:?}"),
    }
}

fn refused(pairs: &[(&str, &str)], listening: Listening) -> Vec<String> {
    match select(pairs, listening) {
        Ok((selection, _)) => panic!("{pairs:?} starts as {}", selection.mode.name),
        Err(problems) => problems,
    }
}

#[test]
fn the_mode_is_named_switched_or_inferred() {
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[PAT], "pat"),
        (&[COOKIE, PAT, JOB], "cookie"),
        (&[JOB], "job-token"),
        (&[PAT, JOB], "pat"),
        (&[("GITLAB_AUTH_MODE", "pat"), PAT, JOB], "pat"),
        (&[("GITLAB_AUTH_MODE", "job-token"), PAT, JOB], "job-token"),
        (&[("GITLAB_AUTH_MODE", "none"), PAT], "none"),
        (&[("GITLAB_AUTH_MODE", "none")], "none"),
        (
            &[("GITLAB_AUTH_MODE", "pat"), PAT, ("FIRST_SWITCH", "off")],
            "pat",
        ),
    ];
    for (pairs, expected) in cases {
        assert_eq!(selected(pairs, STDIO).0, expected, "{pairs:?}");
    }
    assert_eq!(selected(&[("FIRST_SWITCH", "1"), PAT], LOOPBACK).0, "first");
    assert_eq!(
        selected(&[("GITLAB_AUTH_MODE", "second")], LOOPBACK).0,
        "second"
    );
}

#[test]
fn the_credential_that_loses_is_warned_about() {
    let (_, warnings) = selected(&[PAT, JOB], STDIO);
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("GITLAB_JOB_TOKEN is set but not used"),
        "{warnings:?}"
    );
}

#[test]
fn a_credential_beside_a_named_mode_is_warned_about() {
    let (name, warnings) = selected(&[("GITLAB_AUTH_MODE", "none"), PAT], STDIO);
    assert_eq!(name, "none");
    assert!(
        warnings[0].contains("is set but not used: the auth mode is none"),
        "{warnings:?}"
    );
}

#[test]
fn a_table_of_another_mode_is_warned_about_once() {
    // What a row says matters only to a mode that reads it.
    let file = "[[oauth_clients]]\nclient_id = \"\"\n[[oauth_clients]]\n";
    let sources = Sources::new().variables([PAT]).file("/c.toml", file);
    let (selection, warnings) = select_from(&sources, STDIO).unwrap();
    assert_eq!(selection.mode.name, "pat");
    assert_eq!(
        warnings,
        [
            "[[oauth_clients]] stands in the configuration file but is not used: the auth mode is \
             pat, because GITLAB_PERSONAL_ACCESS_TOKEN is set"
        ]
    );
    let own = [
        ("OAUTH_ENABLED", "true"),
        (
            "OAUTH_SESSION_SECRET",
            "Qm7-vT2x_Lp9Rk4Zb8Wd1Yh6Nc3Sf0Ja5Ge",
        ),
        ("GITLAB_OAUTH_CLIENT_ID", "application"),
        ("MCP_SERVER_URL", "https://mcp.example"),
        ("OAUTH_DCR_ENABLED", "false"),
        ("OAUTH_CIMD_ENABLED", "false"),
    ];
    let client =
        "[[oauth_clients]]\nclient_id = \"a\"\nredirect_uris = [\"https://a.example/cb\"]\n";
    let with = |file| Sources::new().variables(own).file("/c.toml", file);
    let (_, warnings) = select_from(&with(client), LOOPBACK).unwrap();
    assert!(
        warnings.iter().all(|text| !text.contains("oauth_clients")),
        "{warnings:?}"
    );
    // With nobody else who could be a client, the operator's are needed.
    let problems = select_from(&with(""), LOOPBACK).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    for part in [
        "OAUTH_DCR_ENABLED",
        "OAUTH_CIMD_ENABLED",
        "[[oauth_clients]]",
    ] {
        assert!(problems[0].contains(part), "{problems:?}");
    }
}

#[test]
fn an_unknown_name_lists_all_and_the_nearest() {
    let problems = refused(&[("GITLAB_AUTH_MODE", "pta"), PAT], STDIO);
    assert_eq!(problems.len(), 1);
    for part in [
        "GITLAB_AUTH_MODE (environment): ",
        "did you mean pat?",
        "cookie, job-token, local-oauth, mcp-oauth, none, oauth-session, pat, remote-authorization",
    ] {
        assert!(problems[0].contains(part), "{problems:?}");
    }
}

#[test]
fn contradictions_name_every_side() {
    let both = refused(
        &[("FIRST_SWITCH", "true"), ("SECOND_SWITCH", "yes"), PAT],
        LOOPBACK,
    );
    assert_eq!(both.len(), 1);
    assert!(
        both[0].starts_with("FIRST_SWITCH, SECOND_SWITCH (environment): "),
        "{both:?}"
    );
    let named = refused(
        &[("GITLAB_AUTH_MODE", "pat"), ("FIRST_SWITCH", "true"), PAT],
        STDIO,
    );
    assert_eq!(named.len(), 1);
    assert!(
        named[0].starts_with("GITLAB_AUTH_MODE, FIRST_SWITCH (environment): "),
        "{named:?}"
    );
}

#[test]
fn nothing_set_never_means_open() {
    let problems = refused(&[], LOOPBACK);
    assert_eq!(problems.len(), 1);
    for way in [
        "GITLAB_AUTH_MODE=none",
        "GITLAB_PERSONAL_ACCESS_TOKEN (pat)",
        "GITLAB_AUTH_COOKIE_PATH (cookie)",
        "GITLAB_JOB_TOKEN (job-token)",
        "FIRST_SWITCH=true (first)",
    ] {
        assert!(problems[0].contains(way), "{way}: {problems:?}");
    }
}

#[test]
fn a_switch_that_cannot_be_read_does_not_open_the_server() {
    let problems = refused(&[("FIRST_SWITCH", "enabled")], LOOPBACK);
    assert!(problems[0].starts_with("FIRST_SWITCH (environment): expected true/1/yes/on"));
    let problems = refused(&[("OAUTH_ENABLED", "enabled"), PAT], STDIO);
    assert!(
        problems
            .iter()
            .any(|text| text.starts_with("OAUTH_ENABLED (environment): "))
    );
}

#[test]
fn a_credential_of_the_server_needs_the_bearer_over_http() {
    for credential in [PAT, JOB, COOKIE] {
        for listening in [LOOPBACK, NETWORK] {
            let problems = refused(&[credential], listening);
            assert_eq!(problems.len(), 1);
            for part in ["STREAMABLE_HTTP_AUTH_TOKEN", LIFT.0] {
                assert!(problems[0].contains(part), "{problems:?}");
            }
            selected(&[credential, BEARER], listening);
        }
        selected(&[credential], STDIO);
        let (_, warnings) = selected(&[credential, LIFT], LOOPBACK);
        assert!(
            warnings.iter().any(|text| text.contains(LIFT.0)),
            "{warnings:?}"
        );
        let problems = refused(&[credential, LIFT], NETWORK);
        assert!(problems[0].contains("HOST"), "{problems:?}");
    }
    selected(&[("GITLAB_AUTH_MODE", "none")], LOOPBACK);
}

#[test]
fn a_bearer_that_is_of_no_use_is_not_a_bearer() {
    for bearer in ["canary7", "with blanks in it", "line\nbreak-0123"] {
        let problems = refused(&[PAT, (BEARER.0, bearer)], LOOPBACK);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(!problems[0].contains(bearer));
    }
}

#[test]
fn modes_of_the_callers_take_no_bearer_and_no_stdio() {
    let (_, warnings) = selected(&[("FIRST_SWITCH", "true"), BEARER], LOOPBACK);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("STREAMABLE_HTTP_AUTH_TOKEN has no effect"))
    );
    let problems = refused(&[("FIRST_SWITCH", "true")], STDIO);
    assert!(
        problems[0].starts_with("FIRST_SWITCH (environment): "),
        "{problems:?}"
    );
    assert!(
        problems[0].contains("chosen by the default"),
        "{problems:?}"
    );
}

async fn guarded() -> Arc<dyn AuthProvider> {
    let (selection, _) = select(&[PAT, BEARER], LOOPBACK).unwrap();
    let context = BuildContext {
        instance: Instance::parse("https://gitlab.example").unwrap(),
        instances: Vec::new(),
        egress: Egress::new(&EgressConfig::default()).unwrap(),
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(OsRandom),
    };
    selection.build(context).await.unwrap()
}

fn request(headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::new(());
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request.into_parts().0
}

#[tokio::test]
async fn the_bearer_lets_in_and_everything_else_is_refused() {
    let provider = guarded().await;
    let token = BEARER.1;
    for value in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("BEARER {token}"),
    ] {
        let caller = provider
            .authenticate(&request(&[("authorization", &value)]))
            .await
            .unwrap();
        assert_eq!(caller.principal().subject(), "static");
    }
    let longer = format!("Bearer {token}x");
    let basic = format!("Basic {token}");
    let wrong: [&[(&str, &str)]; 7] = [
        &[],
        &[("authorization", token)],
        &[("authorization", "Bearer ")],
        &[("authorization", &longer)],
        &[("authorization", &basic)],
        &[("private-token", token)],
        &[("authorization", "Bearer glpat-canary-pat")],
    ];
    for headers in wrong {
        let error = provider.authenticate(&request(headers)).await.unwrap_err();
        let AuthError::Unauthorized(challenge) = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            challenge.error, "Streamable HTTP authentication required",
            "{headers:?}"
        );
        assert_eq!(challenge.error_description, None);
        assert_eq!(challenge.www_authenticate, "Bearer realm=\"gitlab-mcp\"");
    }
    let right = format!("Bearer {token}");
    let twice = request(&[("authorization", &right), ("authorization", &right)]);
    let error = provider.authenticate(&twice).await.unwrap_err();
    assert!(matches!(
        error,
        AuthError::Malformed {
            reason: "duplicate_credential",
            ..
        }
    ));
}

#[tokio::test]
async fn the_bearer_never_becomes_a_gitlab_credential() {
    let provider = guarded().await;
    let text = format!("{provider:?}");
    assert!(!text.contains("canary"), "{text}");
    let caller = provider.local().unwrap();
    let credential = provider.credential(&caller).await.unwrap().unwrap();
    assert_eq!(credential.kind(), auth::HeaderKind::PrivateToken);
}
