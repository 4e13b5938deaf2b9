//! What the documents say, where they are, and what cannot change them.

use std::collections::BTreeMap;

use gitlab_mcp_core::auth::ReachedAt;
use http_body_util::BodyExt as _;

use super::*;
use crate::authorization_server::bench::{BASE, bench, bench_with};

fn below() -> Base {
    Base::parse("https://mcp.example/gitlab").unwrap()
}

fn bare() -> Base {
    Base::parse(BASE).unwrap()
}

#[test]
fn every_path_has_one_document() {
    use Document::{Absent, AuthorizationServer, Resource, Root};
    let found: BTreeMap<String, Document> = discovery_paths(Some(&below())).into_iter().collect();
    let expected = [
        ("/.well-known/oauth-protected-resource/gitlab/mcp", Resource),
        ("/.well-known/oauth-protected-resource/gitlab", Root),
        ("/.well-known/oauth-protected-resource/mcp", Resource),
        ("/.well-known/oauth-protected-resource", Root),
        (
            "/.well-known/oauth-authorization-server/gitlab",
            AuthorizationServer,
        ),
        (
            "/.well-known/oauth-authorization-server",
            AuthorizationServer,
        ),
        (
            "/.well-known/openid-configuration/gitlab",
            AuthorizationServer,
        ),
        (
            "/gitlab/.well-known/openid-configuration",
            AuthorizationServer,
        ),
        ("/.well-known/oauth-authorization-server/gitlab/mcp", Absent),
        ("/.well-known/oauth-authorization-server/mcp", Absent),
        ("/.well-known/openid-configuration", Absent),
        ("/.well-known/openid-configuration/mcp", Absent),
    ];
    let expected: BTreeMap<String, Document> = expected
        .into_iter()
        .map(|(path, document)| (path.to_owned(), document))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(discovery_paths(Some(&below())).len(), found.len());
}

#[test]
fn a_bare_host_has_the_paths_without_a_prefix_and_is_no_openid_provider() {
    let paths = discovery_paths(Some(&bare()));
    assert_eq!(paths, discovery_paths(None));
    let there: Vec<&str> = paths
        .iter()
        .filter(|(_, document)| *document != Document::Absent)
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(
        there,
        [
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-protected-resource",
            "/.well-known/oauth-authorization-server",
        ]
    );
}

#[test]
fn the_resource_names_its_one_server_and_one_scope() {
    let rules = Rules {
        scope: "read_api".to_owned(),
        ..Rules::default()
    };
    let body = Document::Resource.body(&below(), &rules).unwrap();
    assert_eq!(
        body,
        json!({
            "resource": "https://mcp.example/gitlab/mcp",
            "authorization_servers": ["https://mcp.example/gitlab"],
            "scopes_supported": ["read_api"],
            "bearer_methods_supported": ["header"],
            "resource_name": "GitLab MCP Server",
        })
    );
    let root = Document::Root.body(&below(), &rules).unwrap();
    assert_eq!(root, body, "MCP is not served at the base");
    let rules = Rules {
        serves_root: true,
        ..rules
    };
    let root = Document::Root.body(&below(), &rules).unwrap();
    assert_eq!(root["resource"], "https://mcp.example/gitlab");
}

#[test]
fn the_server_offers_what_the_rules_allow_and_nothing_else() {
    let all = Rules {
        device: DeviceRule::On,
        ..Rules::default()
    };
    assert_eq!(
        Document::AuthorizationServer.body(&bare(), &all).unwrap(),
        json!({
            "issuer": "https://mcp.example",
            "authorization_endpoint": "https://mcp.example/authorize",
            "token_endpoint": "https://mcp.example/token",
            "revocation_endpoint": "https://mcp.example/revoke",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": ["api"],
            "client_id_metadata_document_supported": true,
            "registration_endpoint": "https://mcp.example/register",
            "device_authorization_endpoint": "https://mcp.example/oauth/device_authorization",
            "authorization_response_iss_parameter_supported": true,
        })
    );
    for device in [DeviceRule::Page, DeviceRule::Off] {
        let least = Rules {
            flow: Flow::Passthrough,
            registration: false,
            documents: false,
            device,
            ..Rules::default()
        };
        let body = Document::AuthorizationServer.body(&bare(), &least).unwrap();
        for absent in [
            "registration_endpoint",
            "device_authorization_endpoint",
            "authorization_response_iss_parameter_supported",
        ] {
            assert_eq!(body.get(absent), None, "{absent}");
        }
        assert_eq!(body["client_id_metadata_document_supported"], false);
        let grants = json!(["authorization_code", "refresh_token"]);
        assert_eq!(body["grant_types_supported"], grants);
    }
}

#[test]
fn ways_of_authenticating_with_a_secret_are_offered_where_a_client_has_one() {
    use crate::authorization_server::bench::secret;
    use crate::authorization_server::rules::Configured;
    let with = |own: &[bool]| Rules {
        configured: own
            .iter()
            .map(|is_confidential| Configured {
                id: "client".to_owned(),
                name: "Client".to_owned(),
                redirect_uris: Vec::new(),
                skips_consent: false,
                secret: is_confidential.then(|| Arc::new(secret("canary-0123456789"))),
            })
            .collect(),
        ..Rules::default()
    };
    let all = json!(["none", "client_secret_post", "client_secret_basic"]);
    for (own, expected) in [
        (&[][..], json!(["none"])),
        (&[false], json!(["none"])),
        (&[false, true], all),
    ] {
        let body = Document::AuthorizationServer
            .body(&bare(), &with(own))
            .unwrap();
        for endpoint in ["token", "revocation"] {
            let member = format!("{endpoint}_endpoint_auth_methods_supported");
            assert_eq!(body[&member], expected, "{member}");
        }
    }
}

async fn asked(
    server: &AuthorizationServer,
    document: Document,
    request: Request<Body>,
) -> (u16, String, String) {
    let response = server.discovery(document, &request);
    let status = response.status().as_u16();
    let cache = response.headers()[CACHE_CONTROL]
        .to_str()
        .unwrap()
        .to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, cache, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn no_header_changes_a_byte_where_the_base_is_fixed() {
    let bench = bench().await;
    let honest = Request::get("/").body(Body::empty()).unwrap();
    let forged = Request::get("https://evil.example/?x=evil.example")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "gopher")
        .header("x-forwarded-prefix", "/evil")
        .header("forwarded", "host=evil.example;proto=http")
        .extension(ReachedAt("https://evil.example".into()))
        .body(Body::empty())
        .unwrap();
    for document in [
        Document::AuthorizationServer,
        Document::Resource,
        Document::Root,
    ] {
        let requests = [&honest, &forged].map(|request| {
            let mut copy = Request::get(request.uri().clone());
            *copy.headers_mut().unwrap() = request.headers().clone();
            *copy.extensions_mut().unwrap() = request.extensions().clone();
            copy.body(Body::empty()).unwrap()
        });
        let [honest, forged] = requests;
        let honest = asked(&bench.server, document, honest).await;
        assert_eq!(honest.0, 200);
        assert_eq!(honest.1, "public, max-age=300");
        assert!(honest.2.contains(BASE), "{}", honest.2);
        assert_eq!(asked(&bench.server, document, forged).await, honest);
    }
    let absent = Request::get("/").body(Body::empty()).unwrap();
    let (status, cache, body) = asked(&bench.server, Document::Absent, absent).await;
    assert_eq!((status, cache.as_str()), (404, "no-store"));
    assert!(body.contains(r#""error":"not_found""#), "{body}");
}

#[tokio::test]
async fn nobody_keeps_a_document_whose_base_comes_with_the_request() {
    let mut bench = bench_with(Rules::default()).await;
    Arc::get_mut(&mut bench.server).unwrap().site = Site::PerRequest;
    for base in ["http://127.0.0.1:3000", "https://mcp.example"] {
        let request = Request::get("/").extension(ReachedAt(base.into()));
        let request = request.body(Body::empty()).unwrap();
        let (status, cache, body) = asked(&bench.server, Document::Resource, request).await;
        assert_eq!((status, cache.as_str()), (200, "no-store"));
        assert!(
            body.contains(&format!("\"resource\":\"{base}/mcp\"")),
            "{body}"
        );
    }
    let lost = Request::get("/").body(Body::empty()).unwrap();
    let (status, _, _) = asked(&bench.server, Document::Resource, lost).await;
    assert_eq!(status, 503);
}

#[tokio::test]
async fn every_path_has_a_route_that_anybody_may_reach() {
    let bench = bench().await;
    let routes = bench.server.discovery_routes().into_entries();
    let expected = discovery_paths(Some(&bare()));
    assert_eq!(routes.len(), expected.len());
    for ((path, class, _), (other, _)) in routes.iter().zip(&expected) {
        assert_eq!((path, *class), (other, AuthClass::Public));
    }
}
