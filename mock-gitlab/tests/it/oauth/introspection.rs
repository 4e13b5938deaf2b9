//! Introspection, revocation, token info and userinfo: O14 to O16.

use std::time::Duration;

use serde_json::json;

use super::flow::{bearer, company, confidential, get, get_with, post, public, refused, send};
use super::flow::{refused_plainly, text, tokens};

#[tokio::test]
async fn introspection_tells_a_client_about_its_own_tokens() {
    let gl = company().await;
    let (app, other) = (confidential(&gl), confidential(&gl));
    let pair = tokens(&gl, &app, "api").await;
    let token = text(&pair, "access_token");
    let ask = |app: &mock_gitlab::OAuthApplication| {
        [
            ("client_id", app.client_id.clone()),
            ("client_secret", app.client_secret.clone()),
            ("token", token.to_owned()),
        ]
    };
    let path = "/oauth/introspect";
    let own = ask(&app);
    let own: Vec<(&str, &str)> = own.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let reply = post(&gl, path, &own).await.expect(200).json();
    assert_eq!(reply["active"], true);
    assert_eq!(reply["scope"], "api");
    assert_eq!(reply["client_id"], app.client_id.as_str());
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(
        reply["exp"].as_i64().unwrap() - reply["iat"].as_i64().unwrap(),
        7200
    );
    let foreign = ask(&other);
    let foreign: Vec<(&str, &str)> = foreign.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let inactive = json!({ "active": false });
    assert_eq!(post(&gl, path, &foreign).await.expect(200).json(), inactive);
    refused(
        post(&gl, path, &[("token", token)]).await,
        400,
        "invalid_request",
    );
    let wrong = [("client_id", "nobody"), ("token", token)];
    refused(post(&gl, path, &wrong).await, 401, "invalid_client");
    gl.token(token).revoke();
    assert_eq!(post(&gl, path, &own).await.expect(200).json(), inactive);
}

#[tokio::test]
async fn another_token_of_the_application_may_ask_and_the_token_itself_may_not() {
    let gl = company().await;
    let app = public(&gl);
    let (one, two) = (
        tokens(&gl, &app, "api").await,
        tokens(&gl, &app, "read_user").await,
    );
    let (one, two) = (text(&one, "access_token"), text(&two, "access_token"));
    let reply = send(&bearer(&gl, two), "/oauth/introspect", &[("token", one)]).await;
    assert_eq!(reply.expect(200).json()["active"], true);
    let own = send(&bearer(&gl, one), "/oauth/introspect", &[("token", one)]).await;
    refused(own, 401, "invalid_token");
}

#[tokio::test]
async fn revoking_ends_both_halves_for_the_right_client_only() {
    let gl = company().await;
    let (app, other) = (public(&gl), public(&gl));
    for half in ["access_token", "refresh_token"] {
        let pair = tokens(&gl, &app, "api").await;
        let token = text(&pair, half);
        let path = "/oauth/revoke";
        let nobody = post(&gl, path, &[("token", token)]).await;
        refused_plainly(nobody, 403, "unauthorized_client");
        let foreign = [("client_id", other.client_id.as_str()), ("token", token)];
        refused_plainly(post(&gl, path, &foreign).await, 403, "unauthorized_client");
        let client = bearer(&gl, text(&pair, "access_token"));
        client.get("/user").await.expect(200);
        let own = [("client_id", app.client_id.as_str()), ("token", token)];
        assert_eq!(post(&gl, path, &own).await.expect(200).json(), json!({}));
        client.get("/user").await.expect(401);
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", app.client_id.as_str()),
            ("refresh_token", text(&pair, "refresh_token")),
        ];
        refused(
            post(&gl, "/oauth/token", &fields).await,
            400,
            "invalid_grant",
        );
        let unknown = [("client_id", app.client_id.as_str()), ("token", "unknown")];
        assert_eq!(
            post(&gl, path, &unknown).await.expect(200).json(),
            json!({})
        );
    }
}

#[tokio::test]
async fn token_info_describes_living_oauth_tokens_only() {
    let gl = company().await;
    let app = public(&gl);
    let pair = tokens(&gl, &app, "api read_user").await;
    let token = text(&pair, "access_token");
    gl.clock().advance(Duration::from_secs(200));
    let path = "/oauth/token/info";
    let info = get_with(&bearer(&gl, token), path).await.expect(200).json();
    assert_eq!(info["resource_owner_id"], gl.user("alice").id());
    assert_eq!(info["scope"], json!(["api", "read_user"]));
    assert_eq!(
        (&info["expires_in"], &info["expires_in_seconds"]),
        (&json!(7000), &json!(7000))
    );
    assert_eq!(info["application"]["uid"], app.client_id.as_str());
    assert_eq!(info["scope"], info["scopes"]);
    let pat = gl.user("alice").pat(&["api"]);
    refused(
        get_with(&bearer(&gl, &pat), path).await,
        401,
        "invalid_token",
    );
    let nothing = get(&gl, path).await;
    assert_eq!(nothing.json()["state"], "unauthorized");
    refused(nothing, 401, "invalid_token");
    gl.edit(|world| world.quirks.token_info_without_bearer = true);
    refused(
        get_with(&bearer(&gl, token), path).await,
        401,
        "invalid_token",
    );
    get(&gl, &format!("{path}?access_token={token}"))
        .await
        .expect(200);
    gl.token(token).expire();
    refused(
        get(&gl, &format!("{path}?access_token={token}")).await,
        401,
        "invalid_token",
    );
}

#[tokio::test]
async fn userinfo_needs_openid_and_tells_what_the_scopes_allow() {
    let gl = company().await;
    let app = public(&gl);
    let path = "/oauth/userinfo";
    let plain = tokens(&gl, &app, "api").await;
    let client = bearer(&gl, text(&plain, "access_token"));
    refused(get_with(&client, path).await, 403, "insufficient_scope");
    let pair = tokens(&gl, &app, "openid email").await;
    let client = bearer(&gl, text(&pair, "access_token"));
    let info = get_with(&client, path).await.expect(200).json();
    assert_eq!(info["sub"], gl.user("alice").id().to_string());
    assert_eq!(info["email"], "alice@larkspur.example");
    assert_eq!(info.get("name"), None);
    refused(get(&gl, path).await, 401, "invalid_token");
}
