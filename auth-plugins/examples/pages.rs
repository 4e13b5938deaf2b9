//! Serves the pages of the authorization server with made-up content, for the browser tests and
//! for whoever works on the pages:
//!
//! `cargo run -p gitlab-mcp-auth-plugins --example pages`, then open the address it prints.
//!
//! It listens on loopback and ends by itself after ten minutes.

#![expect(
    clippy::unwrap_used,
    reason = "a program for tests that cannot go on should say so loudly"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use gitlab_mcp_auth_plugins::authorization_server::page::{
    ClientReturn, Consent, Device, DeviceCode, DeviceEnd, DeviceFailed, FormTarget, Nonce, Outcome,
    Page, Problem, Redirect, RedirectKind, Voucher, client_return, consent, continue_to_gitlab,
    device_complete, device_failed, device_waiting, problem,
};
use gitlab_mcp_core::random::OsRandom;
use http::{StatusCode, Uri, header};

const LIFE: Duration = Duration::from_mins(10);
const GITLAB: &str = "gitlab.example.com";
const CODE: &str = "gmac_W1q7xk0bT4m9yJ2sVnE5cR8dLz3hPaGuoKfXiB6tQwM";
const HOSTILE: &str = "\u{202e}GitLab\u{202c} <b>Official</b> \"Client\" \u{200b}Z\u{301}\u{302}\
    \u{303}\u{304}\u{305}\u{306}algo_with_a_very_long_name_that_does_not_want_to_end_anywhere_soon";

type Render = fn(&Nonce) -> Page;

/// Each page that needs no flow, by the path it has.
const PAGES: [(&str, Render); 21] = [
    ("consent", |nonce| {
        asked(
            nonce,
            "Claude",
            "https://claude.ai/api/mcp/auth_callback",
            RedirectKind::Site,
        )
    }),
    ("consent-published", |nonce| {
        consent(
            nonce,
            &Consent {
                vouched_by: Voucher::Host("vscode.dev"),
                remember_days: None,
                ..asking(
                    "Visual Studio Code",
                    "https://vscode.dev/redirect",
                    RedirectKind::Site,
                )
            },
        )
    }),
    ("consent-loopback", |nonce| {
        let uri = "http://127.0.0.1:49152/callback";
        asked(nonce, "Claude Code", uri, RedirectKind::Loopback)
    }),
    ("consent-scheme", |nonce| {
        let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
        asked(nonce, "Cursor", uri, RedirectKind::PrivateScheme)
    }),
    ("consent-device", |nonce| {
        let view = asking("Terminal tool", "", RedirectKind::Site);
        let view = Consent {
            redirect: None,
            ..view
        };
        consent(nonce, &view)
    }),
    ("consent-hostile", |nonce| {
        let uri = "https://xn--gtlab-jua.example/callback/which/goes/on/and/on/and/on?and=\
                   aVeryLongParameterWithoutAnyPlaceToBreakItInTwoPiecesOnASmallScreen";
        asked(nonce, HOSTILE, uri, RedirectKind::Site)
    }),
    ("complete", |nonce| {
        let view = DeviceCode {
            client_name: "Terminal tool",
            code: CODE,
            notice: None,
        };
        device_complete(nonce, &view)
    }),
    ("denied", |nonce| ended(nonce, DeviceEnd::Denied)),
    ("expired", |nonce| ended(nonce, DeviceEnd::Expired)),
    ("other-device-browser", |nonce| {
        ended(nonce, DeviceEnd::OtherBrowser)
    }),
    ("failed", |nonce| ended(nonce, DeviceEnd::Failed)),
    ("return", |nonce| returned(nonce, Outcome::SignedIn)),
    ("return-refused", |nonce| returned(nonce, Outcome::Refused)),
    ("unknown-client", |nonce| {
        problem(nonce, &Problem::unknown_client())
    }),
    ("redirect-uri", |nonce| {
        let view = Problem::redirect_uri("is not one that the program has registered");
        problem(nonce, &view)
    }),
    ("request", |nonce| {
        let view = Problem::request("The parameter “state” stands there twice.");
        problem(nonce, &view)
    }),
    ("unknown-state", |nonce| {
        problem(nonce, &Problem::unknown_state())
    }),
    ("already-finished", |nonce| {
        problem(nonce, &Problem::already_finished())
    }),
    ("other-browser", |nonce| {
        problem(nonce, &Problem::other_browser())
    }),
    ("stale-form", |nonce| problem(nonce, &Problem::stale_form())),
    ("unreachable", |nonce| {
        let view = Problem::gitlab_unreachable(GITLAB).with_retry("/consent");
        problem(nonce, &view)
    }),
];

fn scopes() -> &'static [String] {
    static SCOPES: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| vec!["api".to_owned(), "read_user".to_owned()]);
    &SCOPES
}

fn asking<'a>(client_name: &'a str, uri: &'a str, kind: RedirectKind) -> Consent<'a> {
    let target = match uri.split_once("://") {
        Some((scheme, _)) if kind == RedirectKind::PrivateScheme => scheme,
        Some((_, rest)) => rest.split(['/', ':']).next().unwrap_or(rest),
        None => uri,
    };
    Consent {
        client_name,
        vouched_by: Voucher::Nobody,
        redirect: Some(Redirect { uri, target, kind }),
        gitlab_host: GITLAB,
        scopes: scopes(),
        form_action: "/decided",
        transaction: "sealed",
        csrf: "csrf",
        remember_days: Some(30),
        form_targets: &[],
    }
}

fn asked(nonce: &Nonce, name: &str, uri: &str, kind: RedirectKind) -> Page {
    consent(nonce, &asking(name, uri, kind))
}

fn ended(nonce: &Nonce, end: DeviceEnd) -> Page {
    let view = DeviceFailed {
        end,
        description: None,
        retry_url: Some("/consent-device"),
    };
    device_failed(nonce, &view)
}

fn returned(nonce: &Nonce, outcome: Outcome) -> Page {
    let view = ClientReturn {
        client_name: "Cursor",
        target: "cursor",
        location: "cursor://anysphere.cursor-mcp/oauth/callback?code=c&state=s",
        outcome,
        notice: None,
    };
    client_return(nonce, &view)
}

/// What `/poll` answers one after the other; the last one again and again.
fn answers(play: &str) -> &'static [(u16, &'static str)] {
    const PENDING: (u16, &str) = (200, r#"{"status":"pending","interval":1,"expires_in":290}"#);
    const COMPLETE: (u16, &str) = (
        200,
        r#"{"status":"complete","code":"gmac_<b>code</b>","state":"s"}"#,
    );
    match play {
        "approved" => &[PENDING, PENDING, COMPLETE],
        "stumbling" => &[
            PENDING,
            (429, "{}"),
            (503, "<html>"),
            (200, "<html>"),
            COMPLETE,
        ],
        "denied" => &[
            PENDING,
            (200, r#"{"status":"failed","error":"access_denied"}"#),
        ],
        "failed" => &[(
            200,
            r#"{"status":"failed","error":"server_error","error_description":"<i>Device grant</i> is off."}"#,
        )],
        "expired" => &[PENDING, (400, r#"{"status":"expired"}"#)],
        "foreign" => &[(403, r#"{"status":"failed","error":"access_denied"}"#)],
        "late" => &[
            (200, r#"{"status":"pending","interval":1,"expires_in":2}"#),
            (200, r#"{"status":"pending","interval":1,"expires_in":0}"#),
        ],
        "quiet" => &[(503, "{}")],
        _ => &[PENDING],
    }
}

/// How often each flow has been asked for; the listening address.
#[derive(Debug)]
struct Stage {
    polls: Mutex<BTreeMap<String, usize>>,
    port: u16,
}

impl Stage {
    fn next(&self, flow: &str) -> (u16, &'static str) {
        let play = flow.split('-').next().unwrap_or_default();
        let answers = answers(play);
        let mut polls = self.polls.lock().unwrap();
        let count = polls.entry(flow.to_owned()).or_default();
        let answer = answers.get(*count).or(answers.last()).copied().unwrap();
        *count += 1;
        answer
    }

    fn asked(&self, flow: &str) -> usize {
        self.polls.lock().unwrap().get(flow).copied().unwrap_or(0)
    }
}

fn parameter(uri: &Uri, name: &str) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(key, _)| key == name)
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// `/poll?flow_state=`
async fn poll(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    let (status, body) = stage.next(&parameter(&uri, "flow_state"));
    let status = StatusCode::from_u16(status).unwrap();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    if status == StatusCode::TOO_MANY_REQUESTS {
        return (status, headers, [(header::RETRY_AFTER, "2")], body).into_response();
    }
    (status, headers, body).into_response()
}

/// `/polls?flow_state=`: how often it was asked for.
async fn polls(State(stage): State<Arc<Stage>>, uri: Uri) -> String {
    stage.asked(&parameter(&uri, "flow_state")).to_string()
}

/// `/device?flow_state=`: the page of a flow, and what its form without script shows.
async fn device(State(stage): State<Arc<Stage>>, uri: Uri) -> Response {
    let nonce = Nonce::draw(&OsRandom);
    let flow = parameter(&uri, "flow_state");
    if parameter(&uri, "first").is_empty() && stage.next(&flow).1.contains("complete") {
        let view = DeviceCode {
            client_name: "Terminal tool",
            code: CODE,
            notice: None,
        };
        return device_complete(&nonce, &view).into_response();
    }
    let complete = format!("http://127.0.0.1:{}/landed?user_code=0A44L90H", stage.port);
    let view = Device {
        client_name: "Terminal tool",
        gitlab_host: GITLAB,
        user_code: "0A44L90H",
        verification_uri: "https://gitlab.example.com/oauth/device",
        verification_uri_complete: Some(&complete),
        remaining_seconds: 292,
        interval_seconds: 1,
        poll_url: "/poll",
        flow_state: &flow,
        check_now_action: "/device",
        retry_url: "/consent-device?again=1",
        needs_vpn_hint: true,
    };
    device_waiting(&nonce, &view).into_response()
}

/// `/asking?targets=yes|no&by=redirect|page`: a consent form whose answer leads to another origin.
async fn asking_elsewhere(State(stage): State<Arc<Stage>>, uri: Uri) -> Page {
    let targets = if parameter(&uri, "targets") == "yes" {
        let other = format!("http://localhost:{}/", stage.port);
        Vec::from_iter(FormTarget::of(&other))
    } else {
        Vec::new()
    };
    let by_page = parameter(&uri, "by") == "page";
    let view = Consent {
        form_targets: &targets,
        form_action: if by_page {
            "/decided-by-page"
        } else {
            "/decided"
        },
        ..asking("Claude", "https://claude.ai/callback", RedirectKind::Site)
    };
    consent(&Nonce::draw(&OsRandom), &view)
}

/// The consent form's action: away, by the other name of this machine, with what was sent.
async fn decided(State(stage): State<Arc<Stage>>, form: String) -> Response {
    let place = format!("http://localhost:{}/landed?{form}", stage.port);
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// The same without a redirect.
async fn decided_by_page(State(stage): State<Arc<Stage>>, form: String) -> Page {
    let place = format!("http://localhost:{}/landed?{form}", stage.port);
    continue_to_gitlab(&Nonce::draw(&OsRandom), GITLAB, &place)
}

async fn list() -> Html<String> {
    let names = PAGES.iter().map(|(name, _)| *name);
    let links = names.chain(["device?flow_state=approved&first=1"]);
    let items = links.map(|name| format!("<li><a href=\"/{name}\">{name}</a>"));
    Html(format!(
        "<!doctype html><ul>{}</ul>",
        items.collect::<String>()
    ))
}

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let stage = Arc::new(Stage {
        polls: Mutex::default(),
        port: address.port(),
    });
    let mut router = Router::new()
        .route("/", get(list))
        .route("/poll", get(poll))
        .route("/polls", get(polls))
        .route("/device", get(device))
        .route("/asking", get(asking_elsewhere))
        .route("/decided", post(decided))
        .route("/decided-by-page", post(decided_by_page))
        .route(
            "/landed",
            get(|| async {
                Html("<!doctype html><title>landed</title><link rel=icon href=data:,>")
            }),
        );
    for (name, render) in PAGES {
        let page = move || async move { render(&Nonce::draw(&OsRandom)) };
        router = router.route(&format!("/{name}"), get(page));
    }
    writeln!(std::io::stdout().lock(), "listening on http://{address}").unwrap();
    let serving = axum::serve(listener, router.with_state(stage)).into_future();
    if let Ok(ended) = tokio::time::timeout(LIFE, serving).await {
        ended.unwrap();
    }
}
