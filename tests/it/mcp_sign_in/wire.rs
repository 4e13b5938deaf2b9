//! The routes of both modes, as HTTP: methods, paths, pages of other origins, and headers.

use gitlab_mcp_tests::{Reply, Request, TestServer};
use serde_json::Value;

use super::desk::{BASE, Desk, Setting};

/// Who may read the answers of a route from a page of another origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Every page.
    All,
    /// None, and the request itself is judged by where it comes from.
    Own,
    /// None: browsers are sent here from elsewhere.
    Sent,
}

/// Path, the one method beside HEAD and OPTIONS, and who reads it.
const ROUTES: [(&str, &str, Readers); 11] = [
    ("/.well-known/oauth-protected-resource", "GET", Readers::All),
    (
        "/.well-known/oauth-protected-resource/mcp",
        "GET",
        Readers::All,
    ),
    (
        "/.well-known/oauth-authorization-server",
        "GET",
        Readers::All,
    ),
    ("/register", "POST", Readers::All),
    ("/token", "POST", Readers::All),
    ("/revoke", "POST", Readers::All),
    ("/oauth/device_authorization", "POST", Readers::All),
    ("/authorize", "GET", Readers::Sent),
    ("/oauth/callback", "GET", Readers::Sent),
    ("/consent", "POST", Readers::Own),
    ("/oauth/poll", "GET", Readers::Own),
];

const EVIL: &str = "https://evil.example";

async fn desk() -> Desk {
    Desk::with(Setting::Session, &[]).await
}

async fn sent(desk: &Desk, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = Desk::request(method, path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    desk.send(&request).await
}

#[tokio::test]
async fn every_route_has_its_methods_and_no_other() {
    let desk = desk().await;
    for (path, method, _) in ROUTES {
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get"] {
            if other == method {
                continue;
            }
            let reply = sent(&desk, other, path, &[]).await;
            assert_eq!(reply.status, 405, "{other} {path}: {reply:?}");
            let allow = reply.header("allow").unwrap();
            assert!(allow.contains(method), "{other} {path}: {allow}");
            assert!(reply.message()["error"].is_string(), "{reply:?}");
        }
        let asked = sent(&desk, "OPTIONS", path, &[]).await;
        assert_eq!((asked.status, &*asked.body), (204, ""), "{path}: {asked:?}");
        assert!(asked.header("allow").unwrap().contains(method), "{asked:?}");
        let head = sent(&desk, "HEAD", path, &[]).await;
        assert_eq!(head.body, "", "{path}");
        assert_eq!(head.status == 405, method == "POST", "{path}: {head:?}");
    }
    assert_eq!(desk.gitlab.log().count(), 0);
}

#[tokio::test]
async fn a_path_is_spelled_in_one_way() {
    let desk = desk().await;
    for (path, method, _) in ROUTES {
        let upper = path.to_ascii_uppercase();
        for odd in [
            format!("{path}/"),
            format!("/{path}"),
            format!("{path}//"),
            format!("{path}%2f"),
            format!("{path};x"),
            format!("/x{path}"),
            format!("/mcp{path}"),
            upper,
        ] {
            let reply = sent(&desk, method, &odd, &[]).await;
            assert_eq!(reply.status, 404, "{odd}: {reply:?}");
            assert!(reply.message()["error"].is_string(), "{odd}: {reply:?}");
        }
    }
    for gone in [
        "/sse",
        "/messages",
        "/message",
        "/callback",
        "/oauth/authorize",
    ] {
        for method in ["GET", "POST"] {
            assert_eq!(sent(&desk, method, gone, &[]).await.status, 404, "{gone}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_read_what_is_public_and_reach_nothing_else() {
    let desk = desk().await;
    let preflight = [("Origin", EVIL), ("Access-Control-Request-Method", "POST")];
    for (path, method, readers) in ROUTES {
        let asked = sent(&desk, "OPTIONS", path, &preflight).await;
        let reply = sent(&desk, method, path, &[("Origin", EVIL)]).await;
        for reply in [&asked, &reply] {
            let allowed = reply.header("access-control-allow-origin");
            let expected = (readers == Readers::All).then_some("*");
            assert_eq!(allowed, expected, "{path}: {reply:?}");
            let credentials = reply.header("access-control-allow-credentials");
            assert_eq!(credentials, None, "{path}");
        }
        if readers == Readers::All {
            assert_eq!(asked.status, 204, "{path}: {asked:?}");
            let names = asked.header("access-control-allow-headers").unwrap();
            for name in ["Content-Type", "Authorization", "MCP-Protocol-Version"] {
                assert!(names.contains(name), "{path}: {names}");
            }
        }
        assert_eq!(
            reply.status == 403,
            readers == Readers::Own,
            "{path}: {reply:?}"
        );
    }
    for path in ["/mcp", "/"] {
        for origin in [EVIL, "null", "https://mcp.example.evil.example"] {
            let from = [
                ("Origin", origin),
                ("Access-Control-Request-Method", "POST"),
            ];
            for method in ["POST", "GET", "DELETE", "OPTIONS"] {
                let reply = sent(&desk, method, path, &from).await;
                assert_eq!(reply.status, 403, "{method} {path}: {reply:?}");
                assert_eq!(reply.header("access-control-allow-origin"), None);
            }
        }
        let own = sent(&desk, "POST", path, &[("Origin", BASE)]).await;
        assert_eq!(own.status, 401, "{path}: {own:?}");
        assert_eq!(own.header("access-control-allow-origin"), Some(BASE));
    }
}

#[tokio::test]
async fn no_answer_of_a_login_may_be_kept_or_guessed_at() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let tokens = desk.signed_in("alice").await;
        desk.refresh(&tokens.client, &tokens.refresh).await;
        desk.refresh(&tokens.client, "gmrt_AAAA").await;
        desk.get("/authorize").await;
        desk.get("/authorize?client_id=x").await;
        desk.ping(None).await;
        desk.ping(Some("gmat_AAAA")).await;
        let fields = [
            ("token", tokens.refresh.as_str()),
            ("client_id", &tokens.client),
        ];
        desk.post_form("/revoke", &fields).await;
        desk.post_form("/nowhere", &fields).await;
        let told = desk.told();
        assert!(told.len() >= 11, "{}", told.len());
        for told in told {
            let head = told.to_ascii_lowercase();
            assert!(
                head.contains("cache-control: no-store"),
                "{setting:?}: {told}"
            );
            assert!(
                head.contains("x-content-type-options: nosniff"),
                "{setting:?}: {told}"
            );
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a table of places")]
#[tokio::test]
async fn the_documents_are_where_clients_look_for_them_and_say_the_same_to_everybody() {
    let below = "https://mcp.example/gitlab";
    for (base, paths) in [
        (
            BASE,
            &[
                "/.well-known/oauth-protected-resource/mcp",
                "/.well-known/oauth-protected-resource",
                "/.well-known/oauth-authorization-server",
            ][..],
        ),
        (
            below,
            &[
                "/.well-known/oauth-protected-resource/gitlab/mcp",
                "/.well-known/oauth-protected-resource/gitlab",
                "/.well-known/oauth-protected-resource/mcp",
                "/.well-known/oauth-protected-resource",
                "/.well-known/oauth-authorization-server/gitlab",
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration/gitlab",
                "/gitlab/.well-known/openid-configuration",
            ],
        ),
    ] {
        let desk = Desk::with(Setting::CallbackProxy, &[("MCP_SERVER_URL", base)]).await;
        for path in paths {
            let reply = desk.get(path).await;
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
            let document = reply.message();
            if path.contains("protected-resource") {
                assert_eq!(document["resource"], format!("{base}/mcp"), "{path}");
            } else {
                assert_eq!(document["issuer"], base, "{path}");
            }
            assert_eq!(document["scopes_supported"], serde_json::json!(["api"]));
            let forged = [
                ("X-Forwarded-Host", "evil.example"),
                ("X-Forwarded-Proto", "gopher"),
                ("X-Forwarded-Prefix", "/evil"),
                ("Forwarded", "host=evil.example;proto=http"),
                ("Origin", EVIL),
            ];
            let told = sent(&desk, "GET", path, &forged).await;
            assert_eq!((told.status, &told.body), (200, &reply.body), "{path}");
            let local = desk.send(&Request::new("GET", path)).await;
            assert_eq!((local.status, &local.body), (200, &reply.body), "{path}");
            let other = Request::new("GET", path).header("Host", "evil.example");
            assert_eq!(desk.send(&other).await.status, 403, "{path}");
        }
        for absent in [
            "/.well-known/oauth-authorization-server/mcp",
            "/.well-known/openid-configuration",
            "/.well-known/openid-configuration/mcp",
        ] {
            let reply = desk.get(absent).await;
            assert_eq!(reply.status, 404, "{absent}");
            assert!(reply.message()["error"].is_string(), "{absent}");
        }
        // Where MCP is served, and where a challenge sends a client.
        let path = base.strip_prefix(BASE).unwrap();
        let reply = sent(&desk, "POST", &format!("{path}/mcp"), &[]).await;
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.contains(&format!("/oauth-protected-resource{path}/mcp\"")));
    }
}

#[tokio::test]
async fn the_bare_url_is_a_second_door_where_connectors_are_given_it() {
    let desk = desk().await;
    let tokens = desk.signed_in("alice").await;
    let bearer = format!("Bearer {}", tokens.access);
    for (path, suffix) in [("/mcp", "/mcp"), ("/", "")] {
        let request = Desk::listing_at(path);
        let refused = desk.send(&request).await;
        assert_eq!(refused.status, 401, "{path}");
        let challenge = refused.header("www-authenticate").unwrap();
        let metadata = format!("{BASE}/.well-known/oauth-protected-resource{suffix}");
        assert!(
            challenge.contains(&format!("\"{metadata}\"")),
            "{challenge}"
        );
        let document = desk
            .get(metadata.strip_prefix(BASE).unwrap())
            .await
            .message();
        assert_eq!(document["resource"], format!("{BASE}{suffix}"));
        let listed = desk.send(&request.header("Authorization", &bearer)).await;
        assert_eq!(listed.status, 200, "{path}: {listed:?}");
    }
    let other = Desk::with(Setting::CallbackProxy, &[]).await;
    assert_eq!(other.send(&Desk::listing_at("/")).await.status, 404);
}

#[tokio::test]
async fn behind_a_trusted_proxy_an_address_is_who_the_proxy_says_with_or_without_a_port() {
    let proxied = [
        ("MCP_TRUST_PROXY", "1"),
        ("OAUTH_REGISTER_RATE_LIMIT_PER_HOUR", "3"),
    ];
    let body = r#"{"redirect_uris":["http://127.0.0.1/cb"]}"#;
    let register = |from: String| {
        Desk::request("POST", "/register")
            .header("Content-Type", "application/json")
            .header("X-Forwarded-For", &from)
            .body(body)
    };
    for (trusts, accepted) in [(true, [3, 3, 3]), (false, [3, 0, 0])] {
        let further = if trusts { &proxied[..] } else { &proxied[1..] };
        let desk = Desk::with(Setting::CallbackProxy, further).await;
        let mut counted = [0; 3];
        for turn in 0..5 {
            for (number, from) in [
                format!("203.0.113.5:{}", 4000 + turn),
                "203.0.113.6".to_owned(),
                format!("[2001:db8:1:100::{turn}]:443"),
            ]
            .into_iter()
            .enumerate()
            {
                let reply = desk.send(&register(from)).await;
                assert!(matches!(reply.status, 201 | 429), "{reply:?}");
                if reply.status == 201 {
                    counted[number] += 1;
                } else {
                    assert!(reply.header("retry-after").is_some());
                }
            }
        }
        // From an untrusted peer all of it is one address.
        assert_eq!(
            counted.iter().sum::<i32>(),
            accepted.iter().sum::<i32>(),
            "{counted:?}"
        );
        for odd in [
            "unknown",
            "_hidden",
            "",
            ",",
            "203.0.113.5:99999",
            "[::1",
            "\u{7f}",
        ] {
            let status = desk.send(&register(odd.to_owned())).await.status;
            assert!(matches!(status, 201 | 400 | 429), "{odd:?}: {status}");
        }
    }
}

#[tokio::test]
async fn without_a_public_url_the_server_is_who_it_was_called() {
    let further = [
        ("MCP_SERVER_URL", ""),
        ("MCP_ALLOWED_HOSTS", "mcp.example,other.example"),
    ];
    let desk = Desk::with(Setting::Session, &further).await;
    let path = "/.well-known/oauth-authorization-server";
    let here = desk.address().to_string();
    for (host, issuer) in [
        (here.as_str(), format!("http://{here}")),
        ("mcp.example", BASE.to_owned()),
        ("MCP.example", BASE.to_owned()),
        ("other.example", "https://other.example".to_owned()),
    ] {
        let request = Request::new("GET", path)
            .header("Host", host)
            .header("X-Forwarded-Host", "evil.example")
            .header("X-Forwarded-Proto", "gopher");
        let reply = desk.send(&request).await;
        assert_eq!(reply.status, 200, "{host}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let document: Value = reply.message();
        assert_eq!(document["issuer"], issuer);
        assert_eq!(document["token_endpoint"], format!("{issuer}/token"));
    }
    let reply = desk
        .send(&Request::new("GET", path).header("Host", "evil.example"))
        .await;
    assert_eq!(reply.status, 403);
    for name in ["MCP_SERVER_URL", "MCP_ALLOWED_HOSTS"] {
        assert!(reply.body.contains(name), "{reply:?}");
    }
    // What one name has signed is nothing under the other.
    let tokens = desk.signed_in("alice").await;
    assert_eq!(desk.ping(Some(&tokens.access)).await.status, 200);
    let other = Desk::listing().header("Host", "other.example");
    let bearer = format!("Bearer {}", tokens.access);
    let refused = desk.send(&other.header("Authorization", &bearer)).await;
    assert_eq!(refused.status, 401);
    let started = TestServer::started(&[("OAUTH_ENABLED", "true")]).await;
    assert!(started.is_err());
}
