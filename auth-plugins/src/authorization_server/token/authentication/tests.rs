//! Confidential clients, at every endpoint where a client names itself.

use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;

use super::*;
use crate::authorization_server::bench::replicas::{
    Answered, CLIENT, OTHER_CLIENT, REDIRECT, Replicas, answered, but, posted, redemption,
};
use crate::authorization_server::bench::secret;
use crate::authorization_server::rules::{Configured, DeviceRule, Rules};

/// With every character that some client encodes and another does not.
const SECRET: &str = "kQ+7/x=%41&:~-canary-of-a-client-0123";
const ENCODED: &str = "kQ%2B7%2Fx%3D%2541%26%3A~-canary-of-a-client-0123";

/// Servers that know [`CLIENT`] as a confidential client, and [`OTHER_CLIENT`] as a public one.
async fn replicas() -> Replicas {
    let rules = Rules::default();
    let redirect = rules.redirects.accept(REDIRECT).unwrap();
    let configured = Configured {
        id: CLIENT.to_owned(),
        name: "Team dashboard".to_owned(),
        redirect_uris: vec![redirect],
        skips_consent: false,
        secret: Some(Arc::new(secret(SECRET))),
    };
    let rules = Rules {
        configured: vec![configured],
        device: DeviceRule::On,
        ..rules
    };
    Replicas::with(rules, 1).await
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn request(path: &str, form: &[(&str, &str)], authorization: &[String]) -> Request<Body> {
    let mut request = posted(path, form);
    for value in authorization {
        let value = value.parse().unwrap();
        request.headers_mut().append(AUTHORIZATION, value);
    }
    request
}

async fn asked(
    replicas: &Replicas,
    path: &str,
    form: &[(&str, &str)],
    authorization: &[String],
) -> Answered {
    let server = Arc::clone(replicas.server());
    let request = request(path, form, authorization);
    answered(match path {
        "/token" => server.token(request).await,
        "/revoke" => server.revoke(request).await,
        _ => server.device_authorization(request).await,
    })
    .await
}

/// What a client says about itself: Authorization headers, and parameters of the form.
type Said<'a> = (Vec<String>, Vec<(&'a str, &'a str)>);

fn proofs() -> Vec<Said<'static>> {
    let id = ("client_id", CLIENT);
    vec![
        (vec![], vec![id, ("client_secret", SECRET)]),
        (vec![basic(&format!("{CLIENT}:{ENCODED}"))], vec![id]),
        (vec![basic(&format!("{CLIENT}:{ENCODED}"))], vec![]),
        (vec![basic(&format!("{CLIENT}:{SECRET}"))], vec![]),
        (
            vec![basic(&format!("{CLIENT}:{SECRET}")).replacen("Basic", "bASIC ", 1)],
            vec![id, ("client_secret", "")],
        ),
    ]
}

/// Each with whether a challenge follows.
fn no_proofs() -> Vec<(Said<'static>, bool)> {
    let id = ("client_id", CLIENT);
    let other = ("client_id", OTHER_CLIENT);
    let right = || basic(&format!("{CLIENT}:{SECRET}"));
    let in_form = |secret| (vec![], vec![id, ("client_secret", secret)]);
    let alone = |header: String| (vec![header], vec![id]);
    let quiet = [
        (vec![], vec![id]),
        (vec!["Bearer something".to_owned()], vec![id]),
        in_form(""),
        in_form("kQ+7/x=%41&:~-canary-of-a-client-012"),
        in_form("KQ+7/x=%41&:~-canary-of-a-client-0123"),
        in_form(ENCODED),
        (vec![], vec![id, ("client_assertion", "a.b.c")]),
        (
            vec![],
            vec![id, ("client_secret", SECRET), ("client_assertion", "a.b.c")],
        ),
        (vec![], vec![other, ("client_secret", SECRET)]),
        (
            vec![],
            vec![("client_id", "nobody"), ("client_secret", SECRET)],
        ),
    ];
    let challenged = [
        alone(basic(&format!("{CLIENT}:"))),
        alone(basic(CLIENT)),
        alone(basic(&format!("{CLIENT}:wrong"))),
        alone(basic(&format!("{CLIENT}:{SECRET}x"))),
        alone(basic(&format!(" {CLIENT}:{SECRET}"))),
        alone(format!("Basic {CLIENT}:{SECRET}")),
        alone("Basic".to_owned()),
        alone("Basic /w==".to_owned()),
        // Two ways at once, although each is right.
        (vec![right()], vec![id, ("client_secret", SECRET)]),
        (vec![right()], vec![id, ("client_assertion", "a.b.c")]),
        (vec![right(), right()], vec![id]),
        (vec![right(), "Bearer x".to_owned()], vec![id]),
        // Somebody else's.
        (vec![right()], vec![other]),
        (vec![basic(&format!("{OTHER_CLIENT}:{SECRET}"))], vec![]),
        (vec![basic(&format!("{OTHER_CLIENT}:"))], vec![other]),
        (vec![basic(&format!("nobody:{SECRET}"))], vec![]),
    ];
    let quiet = quiet.map(|said| (said, false));
    quiet
        .into_iter()
        .chain(challenged.map(|said| (said, true)))
        .collect()
}

#[tokio::test]
async fn a_confidential_client_proves_itself_with_its_secret_in_either_way() {
    let replicas = replicas().await;
    for (headers, named) in proofs() {
        let (code, sid) = replicas.code().await;
        let full = but(&redemption(&code), "client_id", None);
        let form = [full, named.clone()].concat();
        let redeemed = asked(&replicas, "/token", &form, &headers).await;
        assert_eq!(redeemed.word(), "200", "{headers:?} {named:?}");
        let refresh = redeemed.pair().refresh;
        let renewing = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        let form = [&renewing[..], &named].concat();
        let renewed = asked(&replicas, "/token", &form, &headers).await;
        let refresh = renewed.pair().refresh;
        let form = [&[("token", &*refresh)][..], &named].concat();
        let revoked = asked(&replicas, "/revoke", &form, &headers).await;
        assert_eq!(revoked.word(), "200");
        assert!(replicas.stored(&sid).await.is_none());
        let path = "/oauth/device_authorization";
        let begun = asked(&replicas, path, &named, &headers).await;
        assert_eq!(begun.word(), "200", "{headers:?} {named:?}");
        assert!(begun.body["device_code"].is_string());
    }
}

#[tokio::test]
async fn a_confidential_client_without_its_secret_is_refused_and_loses_nothing() {
    let replicas = replicas().await;
    let (code, _) = replicas.code().await;
    let (kept, sid) = replicas.code().await;
    let (headers, named) = proofs().remove(0);
    let form = [but(&redemption(&kept), "client_id", None), named.clone()].concat();
    let refresh = asked(&replicas, "/token", &form, &headers)
        .await
        .pair()
        .refresh;
    let redeeming = but(&redemption(&code), "client_id", None);
    let renewing = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", &*refresh),
    ];
    replicas.gitlab().log().clear();
    for (path, request) in [
        ("/token", &redeeming),
        ("/token", &renewing),
        ("/revoke", &vec![("token", &*refresh)]),
        ("/oauth/device_authorization", &vec![]),
    ] {
        for ((headers, named), challenged) in no_proofs() {
            let form = [&request[..], &named].concat();
            let refused = asked(&replicas, path, &form, &headers).await;
            let case = format!("{path} {headers:?} {named:?}");
            assert_eq!(refused.word(), "401 invalid_client", "{case}");
            let challenge = refused.headers.get("www-authenticate");
            let challenge = challenge.map(|value| value.to_str().unwrap());
            let expected = challenged.then_some("Basic realm=\"gitlab-mcp\"");
            assert_eq!(challenge, expected, "{case}");
            assert!(!refused.body.to_string().contains("canary"), "{case}");
        }
    }
    assert_eq!(replicas.gitlab().log().count(), 0);
    assert!(replicas.stored(&sid).await.is_some());
    for request in [redeeming, renewing] {
        let form = [request, named.clone()].concat();
        let answered = asked(&replicas, "/token", &form, &headers).await;
        assert_eq!(answered.word(), "200");
    }
}

#[tokio::test]
async fn a_request_that_names_no_client_is_told_what_is_missing() {
    let replicas = replicas().await;
    let form = [("grant_type", "refresh_token"), ("client_secret", SECRET)];
    let refused = asked(&replicas, "/token", &form, &[]).await;
    assert_eq!(refused.word(), "400 invalid_request");
}

#[test]
fn nothing_shows_a_secret() {
    let configured = Configured {
        id: CLIENT.to_owned(),
        name: String::new(),
        redirect_uris: Vec::new(),
        skips_consent: false,
        secret: Some(Arc::new(secret(SECRET))),
    };
    assert!(!format!("{configured:?}").contains("canary"));
}
