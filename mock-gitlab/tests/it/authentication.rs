//! Credentials and the four ways to be refused.

use mock_gitlab::{MockGitlab, World};
use serde_json::json;

use crate::client::Client;

async fn empty() -> MockGitlab {
    MockGitlab::builder()
        .world(World::empty())
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_token_is_taken_from_header_query_bearer_and_basic() {
    let gl = empty().await;
    let token = gl.user("root").pat(&["read_user"]);
    let nobody = Client::anonymous(&gl);
    let basic = "Basic cm9vdDpnbHBhdC1yb290LWVtcHR5LTAwMDAx";
    for reply in [
        Client::anonymous(&gl)
            .with("PRIVATE-TOKEN", &token)
            .get("/user")
            .await,
        Client::anonymous(&gl)
            .with("Authorization", &format!("Bearer {token}"))
            .get("/user")
            .await,
        Client::anonymous(&gl)
            .with("Authorization", basic)
            .get("/user")
            .await,
        nobody.get(&format!("/user?private_token={token}")).await,
        nobody.get(&format!("/user?access_token={token}")).await,
    ] {
        assert_eq!(reply.expect(200).json()["username"], "root");
    }
    assert_eq!(gl.log().of("GET /user").by(&token).count(), 4);
}

#[tokio::test]
async fn each_kind_of_refusal_has_its_body() {
    let gl = empty().await;
    let anonymous = Client::anonymous(&gl).get("/user").await.expect(401);
    assert_eq!(anonymous.json(), json!({"message": "401 Unauthorized"}));
    let unknown = Client::anonymous(&gl)
        .with("PRIVATE-TOKEN", "glpat-nobody")
        .get("/user")
        .await;
    assert_eq!(
        unknown.expect(401).json(),
        json!({"message": "401 Unauthorized"})
    );

    let revoked = gl.user("root").pat(&["api"]);
    gl.token(&revoked).revoke();
    let reply = Client::anonymous(&gl)
        .with("PRIVATE-TOKEN", &revoked)
        .get("/user")
        .await
        .expect(401);
    assert_eq!(reply.json()["error"], "invalid_token");
    assert!(reply.text().contains("Token was revoked."));
    assert!(
        reply
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer realm=\"The API\"")
    );

    let expired = gl.user("root").expiring_pat(&["api"], "2026-11-02");
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &expired);
    client.get("/user").await.expect(200);
    gl.clock().advance(std::time::Duration::from_hours(24));
    assert!(
        client
            .get("/user")
            .await
            .expect(401)
            .text()
            .contains("Token is expired.")
    );
}

#[tokio::test]
async fn a_scope_too_narrow_is_403_without_a_challenge() {
    let gl = empty().await;
    let token = gl.user("root").pat(&["read_user"]);
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    client.get("/version").await.expect(200);
    gl.token(&token).set_scopes(&["read_repository"]);
    let reply = client.get("/version").await.expect(403);
    assert_eq!(reply.json()["error"], "insufficient_scope");
    assert_eq!(reply.header("www-authenticate"), None);
}

#[tokio::test]
async fn an_unknown_route_is_404_and_an_unknown_method_405() {
    let gl = empty().await;
    let root = Client::of(&gl, "root");
    assert_eq!(
        root.get("/nothing").await.expect(404).json(),
        json!({"error": "404 Not Found"})
    );
    let reply = root.delete("/version").await.expect(405);
    assert_eq!(reply.json(), json!({"error": "405 Not Allowed"}));
}

#[tokio::test]
async fn sudo_is_for_administrators_with_the_scope() {
    let gl = empty().await;
    let token = gl.user("root").pat(&["api", "sudo"]);
    let client = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    client.get("/user?sudo=root").await.expect(200);
    client.get("/user?sudo=nobody").await.expect(404);
    Client::of(&gl, "root")
        .with("Sudo", "root")
        .get("/user")
        .await
        .expect(403);
}

#[tokio::test]
async fn the_same_requests_get_the_same_bytes() {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let gl = MockGitlab::builder()
            .world(World::empty())
            .external_url("http://gitlab.test")
            .start()
            .await
            .unwrap();
        let client = Client::of(&gl, "root");
        let replies = [client.get("/user").await, client.get("/users").await];
        answers.push(replies.map(|reply| (reply.head, reply.body)));
    }
    assert_eq!(answers[0], answers[1]);
}
