//! How a flow ends without a login, and what does not end it.

use mock_gitlab::Fault;
use serde_json::json;

use super::*;

type Arrange = fn(&Scene);

const ENDS: [(&str, Arrange); 5] = [
    ("access_denied", |scene| {
        scene
            .bench
            .gitlab
            .edit(|world| world.quirks.device_denied = true);
    }),
    ("expired_token", |scene| {
        scene
            .bench
            .gitlab
            .edit(|world| world.quirks.device_expires_early = true);
    }),
    ("invalid_grant", |scene| {
        scene.bench.gitlab.edit(|world| world.oauth.devices.clear());
    }),
    // The application is gone: `invalid_client`.
    ("server_error", |scene| {
        scene.bench.gitlab.edit(|world| world.applications.clear());
    }),
    ("server_error", |scene| {
        let refused = Fault::status(418).as_json();
        scene.bench.gitlab.faults().add(refused.on(POLLS));
    }),
];

#[tokio::test]
async fn a_refusal_of_gitlab_ends_the_flow_by_its_code_and_is_repeated() {
    // Whatever words it puts beside the code.
    let told = [
        None,
        Some("Invalid_Grant: Authorization_Pending, Slow_Down"),
    ];
    let cases = ENDS
        .into_iter()
        .flat_map(|end| told.map(|words| (end, words)));
    for ((code, arrange), words) in cases {
        let scene = scene().await;
        scene.bench.gitlab.edit(|world| {
            world.quirks.oauth_error_description = words.map(str::to_owned);
        });
        let flow = scene.program().await.field("flow_state");
        arrange(&scene);
        scene.pass_seconds(5);
        let failed = scene.poll(&flow).await;
        assert_eq!(failed.status, 200, "{code}");
        assert_eq!(failed.field("status"), "failed", "{code}");
        assert_eq!(failed.field("error"), code);
        assert!(!failed.field("error_description").is_empty(), "{code}");
        scene.pass_seconds(60);
        assert_eq!(scene.poll(&flow).await.json(), failed.json(), "{code}");
        assert_eq!(scene.polls(), 1, "{code}: nobody asks after the end");
    }
}

#[tokio::test]
async fn trouble_at_gitlab_is_waited_out() {
    let troubles: [fn() -> Fault; 6] = [
        Fault::html_page,
        || Fault::status(502).as_html(),
        || Fault::status(503),
        || Fault::rate_limit_edge(1),
        Fault::reset_before_headers,
        || Fault::status(404),
    ];
    for (number, trouble) in troubles.into_iter().enumerate() {
        let scene = scene().await;
        let started = scene.program().await;
        let flow = started.field("flow_state");
        scene
            .bench
            .gitlab
            .faults()
            .add(trouble().on(POLLS).times(1));
        scene.confirm(&started.field("user_code")).await;
        scene.pass_seconds(5);
        let pending = scene.poll(&flow).await.json();
        let slower = json!({ "status": "pending", "interval": 10, "expires_in": 295 });
        assert_eq!(pending, slower, "trouble {number}");
        scene.pass_seconds(10);
        let complete = scene.poll(&flow).await;
        assert_eq!(complete.field("status"), "complete", "trouble {number}");
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_completed_fails_without_a_trace_of_the_tokens() {
    let scene = scene().await;
    let started = scene.program().await;
    let flow = started.field("flow_state");
    scene.confirm(&started.field("user_code")).await;
    for path in ["GET /oauth/token/info", "GET /api/v4/user"] {
        scene.bench.gitlab.faults().add(Fault::status(503).on(path));
    }
    scene.pass_seconds(5);
    let failed = scene.poll(&flow).await;
    assert_eq!(failed.field("error"), "temporarily_unavailable");
    assert_eq!(scene.bench.gitlab.log().of("POST /oauth/revoke").count(), 1);
    let logins = scene
        .server
        .records
        .count::<crate::authorization_server::grant::Login>();
    assert_eq!(logins.await.unwrap(), 0);
}

#[tokio::test]
async fn without_a_refresh_token_of_gitlab_the_login_is_as_long_as_its_token() {
    let scene = scene().await;
    scene
        .bench
        .gitlab
        .edit(|world| world.quirks.no_refresh_token = true);
    let started = scene.program().await;
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let complete = scene.poll(&started.field("flow_state")).await;
    let codes::Redeemed::Login(code) = scene.redeem(&complete.field("code")).await else {
        panic!("the code opens a login");
    };
    assert!(scene.server.fresh(code.sid()).await.is_ok());
    scene.pass(Duration::from_hours(2));
    assert!(scene.server.fresh(code.sid()).await.is_err());
}

/// The device grant as GitLab refuses it, and what a program is told.
const STARTS: [(u16, &str, &str, Arrange); 4] = [
    (502, "server_error", "switched off", |scene| {
        scene.bench.gitlab.edit(|world| {
            for application in world.applications.values_mut() {
                application.device = false;
            }
        });
    }),
    (502, "server_error", "has no device grant", |scene| {
        let fault = Fault::status(404).on("POST /oauth/authorize_device");
        scene.bench.gitlab.faults().add(fault);
    }),
    (
        503,
        "temporarily_unavailable",
        "cannot be reached",
        |scene| {
            let fault = Fault::status(503).on("POST /oauth/authorize_device");
            scene.bench.gitlab.faults().add(fault);
        },
    ),
    (502, "server_error", "operator", |scene| {
        scene.bench.gitlab.edit(|world| world.applications.clear());
    }),
];

#[tokio::test]
async fn a_gitlab_that_starts_nothing_is_said_clearly() {
    for (status, code, words, arrange) in STARTS {
        let scene = scene().await;
        arrange(&scene);
        let refused = scene.program().await;
        assert_eq!(refused.status, status, "{words}");
        assert_eq!(refused.field("error"), code, "{words}");
        assert!(
            refused.field("error_description").contains(words),
            "{}",
            refused.text
        );
        assert!(!refused.text.contains("invalid_client"));

        let page = scene.page().await;
        assert_eq!(page.status, status, "{words}");
        assert!(page.text.contains("<h1"), "{words}");
        assert!(
            page.text.contains("/authorize?response_type=code"),
            "{words}"
        );
        assert!(!page.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_shown_to_nobody() {
    for link in [
        "javascript:alert(1)",
        "https://evil.example/oauth/device",
        "https://gitlab.example@evil.example/oauth/device",
        "data:text/html,hello",
    ] {
        let scene = scene().await;
        let hostile = link.to_owned();
        scene
            .bench
            .gitlab
            .edit(|world| world.quirks.verification_uri = Some(hostile));
        let refused = scene.program().await;
        assert_eq!(refused.field("error"), "server_error", "{link}");
        assert!(!refused.text.contains(link));
        let page = scene.page().await;
        assert_eq!(page.status, 502);
        assert!(!page.text.contains(link), "{link}");
    }
}
