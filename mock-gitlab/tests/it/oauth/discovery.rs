//! The documents of discovery: O01.

use mock_gitlab::{MockGitlab, OAuthApplication, Quirks, World};
use serde_json::json;

use super::flow::{authorize, company, get, get_with, parameter, public, send, with_quirks};
use crate::client::Client;

const SERVER: [&str; 4] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/api/v4/mcp",
    "/.well-known/openid-configuration/api/v4/mcp",
];

#[tokio::test]
async fn four_documents_describe_the_server_each_in_its_way() {
    let gl = company().await;
    for path in SERVER {
        let document = get(&gl, path).await.expect(200).json();
        assert_eq!(document["issuer"], gl.url());
        assert_eq!(
            document["token_endpoint"],
            format!("{}/oauth/token", gl.url())
        );
        assert_eq!(
            document["code_challenge_methods_supported"],
            json!(["plain", "S256"])
        );
        let methods = json!(["client_secret_basic", "client_secret_post"]);
        assert_eq!(document["token_endpoint_auth_methods_supported"], methods);
        assert_eq!(document.get("device_authorization_endpoint"), None);
        let bare = path == "/.well-known/openid-configuration";
        assert_eq!(
            document.get("registration_endpoint").is_none(),
            bare,
            "{path}"
        );
        let scopes = document["scopes_supported"].as_array().unwrap();
        assert_eq!(scopes == &[json!("mcp")], path.ends_with("/mcp"), "{path}");
        assert!(scopes.contains(&json!("mcp")));
    }
}

#[tokio::test]
async fn the_protected_resource_is_a_list_unless_told() {
    let path = "/.well-known/oauth-protected-resource";
    let gl = company().await;
    for (suffix, resource) in [
        ("", "/api/v4/mcp"),
        ("/api/v4/mcp", "/api/v4/mcp"),
        ("/api/v4/orbit/mcp", "/api/v4/orbit/mcp"),
    ] {
        let document = get(&gl, &format!("{path}{suffix}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            document["resource"],
            json!([format!("{}{resource}", gl.url())])
        );
        assert_eq!(document["authorization_servers"], json!([gl.url()]));
    }
    let quirks = Quirks {
        protected_resource_array: false,
        issuer: Some("https://elsewhere.test".to_owned()),
        ..Quirks::default()
    };
    let gl = with_quirks(quirks).await;
    let document = get(&gl, path).await.expect(200).json();
    assert_eq!(document["resource"], format!("{}/api/v4/mcp", gl.url()));
    let document = get(&gl, SERVER[1]).await.expect(200).json();
    assert_eq!(document["issuer"], "https://elsewhere.test");
}

#[tokio::test]
async fn addresses_are_those_of_the_external_url_below_its_path() {
    let gl = MockGitlab::builder()
        .world(World::company())
        .base_path("/gitlab")
        .external_url("https://git.example/gitlab")
        .start()
        .await
        .unwrap();
    let path = "/gitlab/.well-known/openid-configuration";
    let document = get(&gl, path).await.expect(200).json();
    assert_eq!(document["issuer"], "https://git.example/gitlab");
    assert_eq!(
        document["jwks_uri"],
        "https://git.example/gitlab/oauth/discovery/keys"
    );
    let app = public(&gl);
    let url = format!("/gitlab{}", authorize(&app, &[]));
    let url = format!("https://git.example{url}");
    let location = gl.browser("alice").approve(&url).await.unwrap();
    assert!(parameter(&location, "code").is_some());
}

#[tokio::test]
async fn the_keys_are_rsa() {
    let gl = company().await;
    let keys = get(&gl, "/oauth/discovery/keys").await.expect(200).json();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["alg"]), (&json!("RSA"), &json!("RS256")));
    assert_eq!(key["n"].as_str().unwrap().len(), 342);
}

#[tokio::test]
async fn other_origins_may_use_these_routes_and_no_others() {
    let gl = company().await;
    let page = Client::anonymous(&gl).with("Origin", "https://app.test");
    for path in ["/oauth/token", "/oauth/revoke"] {
        let reply = page.raw("OPTIONS", path, "", "").await.unwrap().expect(200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            reply.header("access-control-allow-headers"),
            Some("Authorization")
        );
        let reply = send(&page, path, &[]).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    for path in [
        "/oauth/userinfo",
        "/oauth/discovery/keys",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let reply = get_with(&page, path).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    for path in ["/oauth/authorize", "/users/sign_in", "/oauth/device"] {
        let reply = page.raw("OPTIONS", path, "", "").await.unwrap();
        assert_eq!(reply.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn the_company_has_a_public_and_a_confidential_application() {
    let gl = company().await;
    let applications: Vec<_> = gl.world().applications.into_values().collect();
    let kinds: Vec<(&str, bool)> = applications
        .iter()
        .map(|application| (application.name.as_str(), application.confidential))
        .collect();
    assert_eq!(kinds, [("mcp", false), ("mcp-server", true)]);
    for application in applications {
        assert_eq!((application.uid.len(), application.secret.len()), (64, 70));
        let app = OAuthApplication {
            client_id: application.uid,
            client_secret: application.secret,
        };
        let more = [("redirect_uri", "http://127.0.0.1:49152/callback")];
        let url = authorize(&app, &more);
        let location = gl.browser("carol").approve(&url).await.unwrap();
        assert!(location.starts_with("http://127.0.0.1:49152/callback?code="));
    }
}
