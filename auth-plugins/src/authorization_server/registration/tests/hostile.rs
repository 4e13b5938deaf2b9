//! Registrations nobody sends by accident. Each is refused with its code, in JSON, and stores
//! nothing.

use super::*;
use crate::authorization_server::redirect_uri::tests::tricks;

const OK: &str = r#""redirect_uris":["https://app.example/cb"]"#;

/// Bodies that are not client metadata.
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
fn malformed() -> Vec<String> {
    let with = |members: &str| format!("{{{OK},{members}}}");
    let uris = |uris: &str| format!(r#"{{"redirect_uris":{uris}}}"#);
    let many = |count: usize| json!(vec!["https://app.example/cb"; count]).to_string();
    let deep = |levels: usize| {
        with(&format!(
            r#""x":{}{}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        ))
    };
    let mut all = vec![
        String::new(),
        format!("[{{{OK}}}]"),
        format!("{{{OK}}}{{{OK}}}"),
        format!("{{{OK}}} x"),
        format!("{{{OK},}}"),
        format!("\u{feff}{{{OK}}}"),
        format!("{{{OK},{OK}}}"),
        deep(16),
        deep(1_000),
        uris(&many(11)),
        uris(&many(2_000)),
    ];
    let texts = [
        " ",
        "{",
        "[]",
        "null",
        "1",
        r#""redirect_uris""#,
        "redirect_uris=https%3A%2F%2Fapp.example%2Fcb",
        "{}",
        r#"{"redirect_uri":["https://app.example/cb"]}"#,
        r#"{"Redirect_URIs":["https://app.example/cb"]}"#,
    ];
    all.extend(texts.map(str::to_owned));
    let values = [
        "[]",
        "null",
        "true",
        r#""https://app.example/cb""#,
        r#"{"0":"https://app.example/cb"}"#,
        "[1]",
        "[null]",
        r#"[["https://app.example/cb"]]"#,
        r#"["https://app.example/cb",{}]"#,
    ];
    all.extend(values.map(uris));
    let members = [
        r#""client_name":"a","client_name":"a""#,
        r#""client_name":"a","client_n\u0061me":"b""#,
        r#""x":{"y":1,"y":2}"#,
        r#""client_name":"\ud800""#,
        r#""client_name":1"#,
        r#""client_name":["a"]"#,
        r#""client_name":{}"#,
        r#""scope":["api"]"#,
        r#""scope":7"#,
        r#""application_type":{}"#,
        r#""grant_types":"authorization_code""#,
        r#""grant_types":[1]"#,
        r#""grant_types":["client_credentials"]"#,
        r#""grant_types":["password"]"#,
        r#""grant_types":["implicit"]"#,
        r#""grant_types":["AUTHORIZATION_CODE"]"#,
        r#""grant_types":["urn:ietf:params:oauth:grant-type:device_code"]"#,
        r#""grant_types":["urn:ietf:params:oauth:grant-type:jwt-bearer"]"#,
        r#""response_types":"code""#,
        r#""response_types":["token"]"#,
        r#""response_types":["id_token","code id_token"]"#,
        r#""response_types":[["code"]]"#,
        r#""token_endpoint_auth_method":["none"]"#,
        r#""token_endpoint_auth_method":"private_key_jwt""#,
        r#""token_endpoint_auth_method":"client_secret_jwt""#,
        r#""token_endpoint_auth_method":"tls_client_auth""#,
        r#""token_endpoint_auth_method":"NONE""#,
        r#""token_endpoint_auth_method":"""#,
    ];
    all.extend(members.map(with));
    all
}

/// Redirect URIs that nobody may use.
const REDIRECTS: &[&str] = &[
    "",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\tjavascript:alert(1)",
    "java\nscript:alert(1)",
    "\u{0}javascript:alert(1)",
    "%6aavascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example/1",
    "about:blank",
    "view-source:https://app.example",
    "ms-msdt:/id",
    "intent://scan/",
    "evil:/cb",
    "/cb",
    "//app.example/cb",
    "http://evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1@evil.example/cb",
    "http://[::ffff:1.2.3.4]/cb",
    "https://user@app.example/cb",
    "https://app.example/cb#fragment",
    "https://*.app.example/cb",
    "https://app.example/../cb",
    "https://app.example/%2e%2e/cb",
    "https://app.example\\cb",
    "https://app.example/c b",
];

#[tokio::test]
async fn what_is_no_client_metadata_is_refused_and_stores_nothing() {
    let bench = open().await;
    let bodies = malformed();
    assert!(bodies.len() >= 58, "{}", bodies.len());
    for body in bodies {
        let (status, told) = send(&bench, Some("application/json"), body.clone()).await;
        assert_eq!(status, 400, "{body:.80} {told}");
        assert_eq!(told["error"], "invalid_client_metadata", "{body:.80}");
        let text = told["error_description"].as_str().unwrap();
        assert!((1..200).contains(&text.len()), "{told}");
    }
    assert_eq!(stored(&bench).await, 0);
    // The honest twin of every row.
    let (status, _) = send(&bench, Some("application/json"), format!("{{{OK}}}")).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn bodies_of_another_kind_are_refused() {
    let bench = open().await;
    let honest = format!("{{{OK}}}");
    let padded = |length: usize| {
        let start = format!(r#"{{{OK},"x":""#);
        format!("{start}{}\"}}", "a".repeat(length - start.len() - 2))
    };
    let invalid_utf8 = [format!("{{{OK},").as_bytes(), b"\"x\":\"\xff\"}"].concat();
    let form = "application/x-www-form-urlencoded";
    let rows: [(Option<&str>, Vec<u8>, u16); 9] = [
        (Some("text/plain"), honest.clone().into(), 415),
        (Some(form), honest.clone().into(), 415),
        (Some("application/jsonp"), honest.clone().into(), 415),
        (None, honest.clone().into(), 415),
        (None, Vec::new(), 400),
        (Some("application/json"), invalid_utf8, 400),
        (Some("application/json"), padded(64 * 1024 + 1).into(), 413),
        (Some("text/plain"), vec![b'a'; 1024 * 1024], 413),
        (Some("application/json"), vec![b'['; 1024 * 1024], 413),
    ];
    for (content_type, body, expected) in rows {
        let (status, told) = send(&bench, content_type, body).await;
        assert_eq!(status, expected, "{content_type:?} {told}");
        assert!(told["error"].is_string() && told["error_description"].is_string());
    }
    assert_eq!(stored(&bench).await, 0);
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        let (status, _) = send(&bench, Some(content_type), honest.clone()).await;
        assert_eq!(status, 201, "{content_type}");
    }
    let (status, _) = send(&bench, Some("application/json"), padded(64 * 1024)).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_forbidden_redirect_uri_is_refused_alone_and_beside_an_honest_one() {
    let bench = open().await;
    let honest = "https://app.example/cb";
    let long = format!("https://app.example/{}", "a".repeat(2_049 - 20));
    assert_eq!(long.len(), 2_049);
    for uri in REDIRECTS.iter().copied().chain([long.as_str()]) {
        for (uris, number) in [(vec![uri], "number 1"), (vec![honest, uri], "number 2")] {
            let (status, told) = register(&bench, &json!({ "redirect_uris": uris })).await;
            assert_eq!(status, 400, "{uri:?}");
            assert_eq!(told["error"], "invalid_redirect_uri", "{uri:?}");
            let text = told["error_description"].as_str().unwrap();
            assert!(text.contains(number), "{text}");
        }
    }
    assert_eq!(stored(&bench).await, 0);
}

#[tokio::test]
async fn no_trick_of_the_corpus_can_be_registered() {
    // The operator allows one host, and the tricks are built around its name.
    let (host, path) = ("app.example", "/oauth/cb");
    let mut rules = Rules::default();
    rules.redirects.hosts = Some([host.to_owned()].into());
    let bench = open_with(rules).await;
    let corpus = tricks(host, path);
    assert!(corpus.len() >= 350, "{}", corpus.len());
    // A strange path or query leads nowhere but to the host in front of it.
    let own = [
        "https://app.example",
        "http://127.0.0.1",
        "http://localhost",
    ];
    let is_own = |trick: &String| {
        let rest = own.iter().find_map(|start| trick.strip_prefix(start));
        rest.is_some_and(|rest| rest.starts_with(['/', '?']))
    };
    let (harmless, hostile): (Vec<String>, Vec<String>) = corpus.into_iter().partition(is_own);
    assert!(hostile.len() >= 280, "{}", hostile.len());
    let mut accepted = Vec::new();
    for trick in hostile {
        for uris in [
            vec![&trick],
            vec![&"https://app.example/cb".to_owned(), &trick],
        ] {
            let (status, told) = register(&bench, &json!({ "redirect_uris": uris })).await;
            if status == 201 {
                accepted.push(trick.clone());
            } else {
                assert_eq!(told["error"], "invalid_redirect_uri", "{trick:?}");
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
    assert_eq!(stored(&bench).await, 0);
    for trick in harmless {
        let (status, told) = register(&bench, &json!({ "redirect_uris": [trick] })).await;
        if status == 201 {
            let id = told["client_id"].as_str().unwrap();
            let client = bench.server.client(id).await.unwrap();
            let target = client.redirect_uris[0].shown_target();
            assert!(
                own.iter().any(|own| own.ends_with(&format!("//{target}"))),
                "{trick}"
            );
        }
    }
    let honest = json!({ "redirect_uris": [format!("https://{host}{path}")] });
    assert_eq!(register(&bench, &honest).await.0, 201);
}
