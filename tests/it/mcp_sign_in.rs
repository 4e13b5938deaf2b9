//! MCP clients sign their users in with GitLab: both modes, through the front door.

use gitlab_mcp_tests::Era;
use serde_json::json;

use desk::{BASE, Desk, Setting, text};

mod audit;
mod configured;
mod desk;
mod names;
mod people;
mod restart;
mod secrets;
mod start;
mod stateless;
mod step_up;
mod tokens;
mod wire;

#[tokio::test]
async fn a_client_finds_its_way_from_a_refusal_to_the_endpoints() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let refused = desk.ping(None).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        let challenge = refused.header("www-authenticate").unwrap();
        let metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
        let scope = "scope=\"api\"";
        assert_eq!(
            challenge,
            format!("Bearer resource_metadata=\"{metadata}\", {scope}")
        );
        let resource = desk
            .get(metadata.strip_prefix(BASE).unwrap())
            .await
            .message();
        assert_eq!(resource["resource"], format!("{BASE}/mcp"));
        assert_eq!(resource["authorization_servers"], json!([BASE]));
        let server = desk.get("/.well-known/oauth-authorization-server").await;
        let server = server.message();
        assert_eq!(server["issuer"], BASE);
        for (member, path) in [
            ("authorization_endpoint", "/authorize"),
            ("token_endpoint", "/token"),
            ("registration_endpoint", "/register"),
            ("revocation_endpoint", "/revoke"),
        ] {
            assert_eq!(server[member], format!("{BASE}{path}"), "{setting:?}");
        }
    }
}

#[tokio::test]
async fn a_user_signs_in_and_every_call_is_theirs() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let alice = desk.signed_in("alice").await;
        let bob = desk.signed_in("bob").await;
        for era in [Era::Modern, Era::Legacy] {
            let mut client = desk.mcp(&alice.access, era).await;
            assert!(!client.tools().await.is_empty());
        }
        assert_eq!(desk.whoami(&alice.access).await, "alice", "{setting:?}");
        assert_eq!(desk.whoami(&bob.access).await, "bob", "{setting:?}");
    }
}

#[tokio::test]
async fn an_expired_access_token_is_renewed_without_the_user() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let first = desk.signed_in("alice").await;
        desk.pass(3_600 + 31);
        let refused = desk.ping(Some(&first.access)).await;
        assert_eq!(refused.status, 401, "{setting:?} {refused:?}");
        assert!(
            refused
                .header("www-authenticate")
                .unwrap()
                .contains("error=\"invalid_token\"")
        );
        let renewed = desk.refresh(&first.client, &first.refresh).await;
        assert_eq!(renewed.status, 200, "{setting:?} {renewed:?}");
        let access = text(&renewed.message(), "access_token");
        assert_eq!(desk.whoami(&access).await, "alice", "{setting:?}");
    }
}

#[tokio::test]
async fn a_revoked_login_is_over_at_once() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        assert_eq!(desk.ping(Some(&tokens.access)).await.status, 200);
        let fields = [
            ("token", tokens.refresh.as_str()),
            ("client_id", &tokens.client),
        ];
        assert_eq!(desk.post_form("/revoke", &fields).await.status, 200);
        assert_eq!(desk.ping(Some(&tokens.access)).await.status, 401);
        let refused = desk.refresh(&tokens.client, &tokens.refresh).await;
        assert_eq!(refused.message()["error"], "invalid_grant", "{setting:?}");
    }
}
