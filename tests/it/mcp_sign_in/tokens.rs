//! What lets a request in, what does not, and whose session it may use.

use gitlab_mcp_tests::{Era, Reply, Request};
use mock_gitlab::Fault;
use serde_json::json;

use super::desk::{BASE, Desk, Setting, text};

const METHODS: [&str; 3] = ["POST", "GET", "DELETE"];
const RENEWALS: &str = "POST /oauth/token";

/// A request for the MCP endpoint with these headers.
async fn asked(desk: &Desk, method: &str, headers: &[(&str, &str)]) -> Reply {
    let request = match method {
        "POST" => Desk::listing(),
        other => Desk::request(other, "/mcp"),
    };
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    desk.send(&request).await
}

/// GitLab's own token behind the login of `user`.
fn of_gitlab(desk: &Desk, user: &str) -> String {
    let id = desk.gitlab.user(user).id();
    desk.gitlab.edit(|world| {
        let mut all = world.tokens.iter();
        let found = all
            .find(|(_, token)| token.user == id && token.refresh_token.is_some() && !token.revoked);
        found.unwrap().0.clone()
    })
}

#[tokio::test]
async fn whatever_is_no_token_of_ours_is_refused_alike_on_every_method_and_asks_nobody() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        let upstream = of_gitlab(&desk, "alice");
        let pat = desk.gitlab.user("alice").pat(&["api"]);
        let expired = desk.signed_in("alice").await;
        desk.pass(3_600 + 31);
        let tokens = desk
            .refresh(&tokens.client, &tokens.refresh)
            .await
            .message();
        let access = text(&tokens, "access_token");
        desk.gitlab.log().clear();
        let cut = access.get(..access.len() - 1).unwrap();
        let long = format!("gmat_{}", "A".repeat(16_000));
        for method in METHODS {
            let nobody = asked(&desk, method, &[]).await;
            assert_eq!(nobody.status, 401, "{setting:?} {method}");
            let challenge = nobody.header("www-authenticate").unwrap();
            assert!(!challenge.contains("error"), "{challenge}");
            assert_eq!(nobody.message()["error"], "unauthorized");
            let mut shapes = Vec::new();
            for token in [
                "garbage",
                "gmat_AAAA",
                cut,
                &format!("{access}="),
                &long,
                &pat,
                &upstream,
                &expired.access,
                &text(&tokens, "refresh_token"),
            ] {
                let bearer = format!("Bearer {token}");
                let reply = asked(&desk, method, &[("Authorization", &bearer)]).await;
                assert_eq!(reply.status, 401, "{setting:?} {method} {token:.20}");
                let challenge = reply.header("www-authenticate").unwrap();
                assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
                assert!(challenge.contains("resource_metadata=\"https://mcp.example/"));
                shapes.push((challenge.to_owned(), reply.body));
            }
            assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
            // Elsewhere than in the header a token is none.
            let cookie = format!("access_token={access}");
            let elsewhere = asked(&desk, method, &[("Cookie", &cookie)]).await;
            assert_eq!(elsewhere.body, nobody.body);
            let path = format!("/mcp?access_token={access}");
            let in_query = desk.send(&Desk::request(method, &path)).await;
            assert_eq!(in_query.status, 401, "{in_query:?}");
            assert_eq!(in_query.message()["error"], "unauthorized");
        }
        assert_eq!(desk.gitlab.log().count(), 0, "{setting:?}");
        assert_eq!(desk.whoami(&access).await, "alice");
    }
}

/// A session of MCP up to 2025-11-25: its id.
async fn session(desk: &Desk, headers: &[(&str, &str)]) -> String {
    let opening = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": Era::Legacy.version(),
            "capabilities": {},
            "clientInfo": { "name": "it", "version": "1" },
        },
    });
    let request = dressed(Request::mcp(opening.to_string()), headers);
    let reply = desk.send(&request).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.header("mcp-session-id").unwrap().to_owned()
}

fn dressed(request: Request, headers: &[(&str, &str)]) -> Request {
    let request = request.header("Host", "mcp.example");
    let headers = headers.iter();
    headers.fold(request, |request, (name, value)| {
        request.header(name, value)
    })
}

async fn in_session(desk: &Desk, id: &str, method: &str, headers: &[(&str, &str)]) -> u16 {
    let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
    let request = match method {
        "POST" => Request::mcp(ping.to_string()),
        other => Request::new(other, "/mcp").header("Accept", "text/event-stream"),
    };
    let request = dressed(request, headers)
        .header("Mcp-Session-Id", id)
        .header("MCP-Protocol-Version", Era::Legacy.version());
    desk.send(&request).await.status
}

#[tokio::test]
async fn a_session_is_its_person_s_whatever_token_they_bring() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let alice = desk.signed_in("alice").await;
        let bob = desk.signed_in("bob").await;
        let of_alice = format!("Bearer {}", alice.access);
        let id = session(&desk, &[("Authorization", &of_alice)]).await;
        let of_bob = format!("Bearer {}", bob.access);
        let pat_of_bob = desk.gitlab.user("bob").pat(&["api"]);
        let mut others = vec![("Authorization", of_bob.as_str())];
        if setting != Setting::Session {
            others.push(("Private-Token", &pat_of_bob));
        }
        for method in METHODS {
            for other in &others {
                let status = in_session(&desk, &id, method, &[*other]).await;
                assert_eq!(status, 404, "{setting:?} {method} {}", other.0);
            }
            let status = in_session(&desk, &id, method, &[]).await;
            assert_eq!(status, 401, "{setting:?} {method}");
        }
        // It has not noticed, and goes on with the next token of its person.
        assert_eq!(
            in_session(&desk, &id, "POST", &[("Authorization", &of_alice)]).await,
            200
        );
        let renewed = desk.refresh(&alice.client, &alice.refresh).await.message();
        let renewed = format!("Bearer {}", text(&renewed, "access_token"));
        assert_eq!(
            in_session(&desk, &id, "POST", &[("Authorization", &renewed)]).await,
            200
        );
        assert_eq!(
            in_session(&desk, &id, "DELETE", &[("Authorization", &renewed)]).await,
            204
        );
        assert_eq!(
            in_session(&desk, &id, "POST", &[("Authorization", &renewed)]).await,
            404
        );
    }
}

#[tokio::test]
async fn a_session_of_the_process_before_is_not_found_with_a_good_token() {
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-sessions-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("state.db");
    let further = [
        ("OAUTH_STORAGE_TYPE", "sqlite"),
        ("OAUTH_STORAGE_FILE_PATH", file.to_str().unwrap()),
    ];
    let desk = Desk::with(Setting::Session, &further).await;
    let alice = desk.signed_in("alice").await;
    let bearer = format!("Bearer {}", alice.access);
    let id = session(&desk, &[("Authorization", &bearer)]).await;
    let desk = desk.restarted().await;
    assert_eq!(
        in_session(&desk, &id, "POST", &[("Authorization", &bearer)]).await,
        404
    );
    assert_eq!(desk.whoami(&alice.access).await, "alice");
    drop(desk);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_client_that_a_restart_forgot_is_told_to_register_again() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        let desk = desk.restarted().await;
        let refused = desk.refresh(&tokens.client, &tokens.refresh).await;
        assert_eq!(refused.status, 401, "{setting:?}");
        assert_eq!(refused.message()["error"], "invalid_client");
        let page = format!("/authorize?response_type=code&client_id={}", tokens.client);
        let page = desk.get(&page).await;
        assert_eq!(page.status, 400, "{setting:?}");
        assert_eq!(page.message()["error"], "invalid_client");
        assert!(page.header("location").is_none());
        desk.signed_in("alice").await;
    }
}

#[tokio::test]
async fn a_401_of_gitlab_is_answered_with_one_renewal_and_the_call_again() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        let mut client = desk.mcp(&tokens.access, Era::Modern).await;
        desk.gitlab.token(&of_gitlab(&desk, "alice")).expire();
        desk.gitlab.log().clear();
        let done = client.call("get_project", json!({ "project_id": 1 })).await;
        assert_eq!(done.item()["id"], 1, "{setting:?}");
        let log = desk.gitlab.log();
        assert_eq!(log.of(RENEWALS).count(), 1, "{setting:?}");
        assert_eq!(log.of("GET /api/v4/projects/1").count(), 2, "{setting:?}");
        // Once is enough: a GitLab that refuses the next one as well is believed.
        let refusal = Fault::status(401).as_json();
        desk.gitlab
            .faults()
            .add(refusal.on("GET /api/v4/projects/1"));
        desk.gitlab.log().clear();
        let refused = client.call("get_project", json!({ "project_id": 1 })).await;
        assert!(refused.is_error(), "{refused:?}");
        assert_eq!(desk.gitlab.log().of(RENEWALS).count(), 1, "{setting:?}");
        assert_eq!(desk.gitlab.log().of("GET /api/v4/projects/1").count(), 2);
        desk.gitlab.faults().clear();
        assert_eq!(desk.whoami(&tokens.access).await, "alice", "{setting:?}");
    }
}

#[tokio::test]
async fn who_took_the_access_away_at_gitlab_is_told_in_the_call_and_asked_to_sign_in_next() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        let mut client = desk.mcp(&tokens.access, Era::Modern).await;
        desk.gitlab.token(&of_gitlab(&desk, "alice")).revoke();
        let refused = client.call("get_project", json!({ "project_id": 1 })).await;
        assert!(refused.is_error(), "{setting:?}");
        assert!(refused.text().contains("sign in"), "{}", refused.text());
        let next = desk.ping(Some(&tokens.access)).await;
        assert_eq!(next.status, 401, "{setting:?}");
        assert!(
            next.header("www-authenticate")
                .unwrap()
                .contains("invalid_token")
        );
        let refused = desk.refresh(&tokens.client, &tokens.refresh).await;
        assert_eq!(refused.message()["error"], "invalid_grant", "{setting:?}");
        let again = desk.signed_in("alice").await;
        assert_eq!(desk.whoami(&again.access).await, "alice");
    }
}

#[tokio::test]
async fn a_token_names_the_server_it_was_made_for() {
    // One secret, one GitLab, two deployments.
    let secret = (
        "OAUTH_STATELESS_SECRET",
        "Zb4-mR8v_Kt2Xq6Nc9Wd3Yh7Lp1Sf5Ja0Ge",
    );
    let desk = Desk::with(Setting::CallbackProxy, &[secret]).await;
    let tokens = desk.signed_in("alice").await;
    let elsewhere = ("MCP_SERVER_URL", "https://mcp.example/other");
    let other = Desk::with(Setting::CallbackProxy, &[secret, elsewhere]).await;
    assert_eq!(other.ping(Some(&tokens.access)).await.status, 401);
    assert_eq!(desk.ping(Some(&tokens.access)).await.status, 200);
    assert!(tokens.access.starts_with("gmat_") && BASE.starts_with("https"));
}
