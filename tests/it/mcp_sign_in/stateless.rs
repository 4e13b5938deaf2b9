//! A server that stores nothing: each step meets another process, which shares the secret and nothing
//! else. And clients that hold GitLab's own tokens.

use gitlab_mcp_tests::{Canary, Era, Request, TestServer};
use mock_gitlab::Fault;
use serde_json::json;

use super::desk::{Desk, Setting, text};

const SECRET: (&str, &str) = (
    "OAUTH_STATELESS_SECRET",
    "Qm7-vT2x_Lp9Rk4Zb8Wd1Yh6Nc3Sf0Ja5GeUu6Ii7Oo8Pp9",
);
/// The settings of `mcp-oauth`.
const SETTINGS: [Setting; 2] = [Setting::CallbackProxy, Setting::Passthrough];
/// Both ways to say that nothing is stored.
const SPELLINGS: [(&str, &str); 2] = [
    ("OAUTH_STATELESS_MODE", "true"),
    ("OAUTH_STORAGE_TYPE", "sealed"),
];

#[tokio::test]
async fn every_step_of_a_sign_in_meets_another_process() {
    for setting in SETTINGS {
        for spelling in SPELLINGS {
            let desk = Desk::with(setting, &[SECRET, spelling]).await;
            let client = desk.register().await;
            let desk = desk.restarted().await;
            let (desk, back) = desk.sign_in_over_restarts("alice", &client).await;
            let redeemed = desk.redeem(&client, &back["code"]).await;
            assert_eq!(redeemed.status, 200, "{setting:?} {redeemed:?}");
            let desk = desk.restarted().await;
            let access = text(&redeemed.message(), "access_token");
            assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
            let refresh = text(&redeemed.message(), "refresh_token");
            let renewed = desk.refresh(&client, &refresh).await;
            assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
            let desk = desk.restarted().await;
            let access = text(&renewed.message(), "access_token");
            assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
        }
    }
}

#[tokio::test]
async fn no_session_is_kept_and_none_is_looked_at() {
    for spelling in SPELLINGS {
        let desk = Desk::with(Setting::CallbackProxy, &[SECRET, spelling]).await;
        let tokens = desk.signed_in("alice").await;
        let version = Era::Legacy.version();
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": version, "capabilities": {},
                "clientInfo": { "name": "t", "version": "1" },
            },
        });
        let request = Request::mcp(body.to_string())
            .header("Host", "mcp.example")
            .header("Mcp-Session-Id", "v1.sid.made-by-somebody-else");
        let nobody = desk.send(&request).await;
        assert_eq!(nobody.status, 401, "{nobody:?}");
        let request = Request::mcp(body.to_string())
            .header("Host", "mcp.example")
            .header("Mcp-Session-Id", "v1.sid.made-by-somebody-else")
            .header("Authorization", &format!("Bearer {}", tokens.access));
        let opened = desk.send(&request).await;
        assert_eq!(opened.status, 200, "{opened:?}");
        assert_eq!(opened.header("mcp-session-id"), None);
    }
}

#[tokio::test]
async fn a_token_that_gitlab_ended_leads_to_a_challenge_and_a_refresh() {
    let desk = Desk::with(Setting::CallbackProxy, &[SECRET, SPELLINGS[0]]).await;
    let tokens = desk.signed_in("alice").await;
    assert_eq!(desk.whoami(&tokens.access).await, "alice");
    desk.gitlab
        .faults()
        .add(Fault::status(401).on("GET /api/v4/*"));
    let mut client = desk.mcp(&tokens.access, Era::Modern).await;
    let failed = client.call("whoami", json!({})).await;
    assert!(failed.is_error(), "{failed:?}");
    desk.gitlab.faults().clear();
    let refused = desk.ping(Some(&tokens.access)).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    let renewed = desk.refresh(&tokens.client, &tokens.refresh).await;
    let access = text(&renewed.message(), "access_token");
    assert_eq!(desk.whoami(&access).await, "alice");
}

#[tokio::test]
async fn clients_may_hold_the_tokens_of_gitlab() {
    for setting in SETTINGS {
        for further in [&[][..], &[SECRET, SPELLINGS[0]]] {
            let mut variables = vec![("OAUTH_TOKEN_FORMAT", "gitlab")];
            variables.extend(further);
            let desk = Desk::with(setting, &variables).await;
            let alice = desk.signed_in("alice").await;
            let bob = desk.signed_in("bob").await;
            assert_eq!(desk.whoami(&alice.access).await, "alice", "{setting:?}");
            assert_eq!(desk.whoami(&bob.access).await, "bob", "{setting:?}");
            let renewed = desk.refresh(&alice.client, &alice.refresh).await;
            assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
            let access = text(&renewed.message(), "access_token");
            assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
            // GitLab ended the pair before it.
            desk.pass(31);
            let ended = desk.ping(Some(&alice.access)).await;
            assert_eq!(ended.status, 401, "{setting:?} {ended:?}");
            let fields = [("token", access.as_str()), ("client_id", &alice.client)];
            assert_eq!(desk.post_form("/revoke", &fields).await.status, 200);
            assert_eq!(desk.ping(Some(&access)).await.status, 401, "{setting:?}");
        }
    }
}

#[tokio::test]
async fn a_token_of_gitlab_that_is_not_for_this_server_is_refused() {
    for format in ["issued", "gitlab"] {
        let further = [("OAUTH_TOKEN_FORMAT", format)];
        let desk = Desk::with(Setting::CallbackProxy, &further).await;
        let personal = "glpat-root-company-00001";
        let refused = desk.ping(Some(personal)).await;
        assert_eq!(refused.status, 401, "{format} {refused:?}");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    // Nor is GitLab's own token where this server hands out tokens of its own.
    let desk = Desk::with(Setting::CallbackProxy, &[("OAUTH_TOKEN_FORMAT", "gitlab")]).await;
    let tokens = desk.signed_in("alice").await;
    let own = Desk::with(Setting::CallbackProxy, &[]).await;
    assert_eq!(own.ping(Some(&tokens.access)).await.status, 401);
}

const PROXY: (&str, &str) = ("GITLAB_MCP_OAUTH", "true");
const SESSION: (&str, &str) = ("OAUTH_ENABLED", "true");

/// What is set besides a working mode, and what the refusal names.
type Contradiction = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const CONTRADICTIONS: &[Contradiction] = &[
    (
        &[PROXY, SPELLINGS[0], ("OAUTH_STORAGE_TYPE", "redis")],
        &["OAUTH_STATELESS_MODE", "OAUTH_STORAGE_TYPE"],
    ),
    (
        &[PROXY, SPELLINGS[1], ("OAUTH_DEVICE_FLOW", "on")],
        &["OAUTH_DEVICE_FLOW", "OAUTH_STORAGE_TYPE"],
    ),
    (
        &[PROXY, GITLAB, ("OAUTH_DEVICE_FLOW", "page")],
        &["OAUTH_TOKEN_FORMAT", "OAUTH_DEVICE_FLOW"],
    ),
    (&[SESSION, SPELLINGS[1]], &["OAUTH_STORAGE_TYPE"]),
    (
        &[SESSION, SPELLINGS[0]],
        &["OAUTH_ENABLED", "OAUTH_STATELESS_MODE"],
    ),
    (&[SESSION, GITLAB], &["OAUTH_TOKEN_FORMAT"]),
    (
        &[("GITLAB_TOKEN", "glpat-0123456789abcdef"), GITLAB],
        &["OAUTH_TOKEN_FORMAT"],
    ),
];

const GITLAB: (&str, &str) = ("OAUTH_TOKEN_FORMAT", "gitlab");

async fn refused(variables: &[(&str, &str)]) -> String {
    let usual = [
        ("MCP_SERVER_URL", "https://mcp.example"),
        ("GITLAB_OAUTH_APP_ID", "application"),
    ];
    let all = [&usual, variables].concat();
    TestServer::started(&all).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_contradicts_it_stops_the_start() {
    let word = Canary::watch("Zt4-mQ8x_Wd1Yh6Nc3Sf0Ja5GeLp9Rk4Zb8v");
    for (variables, named) in CONTRADICTIONS {
        let secret = [("OAUTH_SESSION_SECRET", word.secret())];
        let error = refused(&[*variables, &secret].concat()).await;
        for name in *named {
            assert!(error.contains(name), "{variables:?}: {error}");
        }
        word.assert_silent(&error);
    }
    for spelling in SPELLINGS {
        let error = refused(&[PROXY, spelling]).await;
        assert!(error.contains("OAUTH_STATELESS_SECRET"), "{error}");
    }
}
