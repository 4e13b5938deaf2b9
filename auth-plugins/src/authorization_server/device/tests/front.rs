//! From the front door: `/authorize` without a redirect URI.

use super::*;

const PAGE: (&str, &str) = ("accept", "text/html");
const JSON: (&str, &str) = ("accept", "application/json");

fn query(without: &str, with: &[(&str, &str)]) -> String {
    let challenge = request().challenge;
    let good = [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
        ("state", "state of the client"),
    ];
    let changed = |name: &str| name == without || with.iter().any(|(other, _)| *other == name);
    let kept = good.iter().filter(|(name, _)| !changed(name));
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.chain(with))
        .finish()
}

async fn authorize(scene: &Scene, query: &str, accept: (&str, &str)) -> Told {
    let request = http::Request::builder()
        .uri(format!("{BASE}/authorize?{query}"))
        .header(accept.0, accept.1)
        .extension(ConnectInfo(address(1)))
        .body(Body::empty())
        .unwrap();
    Told::of(Arc::clone(&scene.server).authorize(request).await).await
}

#[tokio::test]
async fn a_program_learns_the_first_thing_that_is_wrong() {
    let scene = scene().await;
    // Each request has the faults of all that follow.
    let (method, resource) = (
        ("code_challenge_method", "plain"),
        ("resource", "https://evil.example"),
    );
    let kind = ("response_type", "token");
    for (without, with, error) in [
        ("client_id", vec![kind, method, resource], "invalid_request"),
        (
            "",
            vec![("client_id", "nobody"), kind, method, resource],
            "invalid_client",
        ),
        (
            "",
            vec![kind, method, resource],
            "unsupported_response_type",
        ),
        (
            "response_type",
            vec![method, resource],
            "unsupported_response_type",
        ),
        ("", vec![method, resource], "invalid_request"),
        ("code_challenge", vec![resource], "invalid_request"),
        ("", vec![resource], "invalid_target"),
    ] {
        let told = authorize(&scene, &query(without, &with), JSON).await;
        assert_eq!(told.status, 400, "{without} {with:?}");
        assert_eq!(told.field("error"), error, "{without} {with:?}");
        assert!(!told.field("error_description").is_empty());
    }
    assert_eq!(scene.bench.gitlab.log().count(), 0);
}

#[tokio::test]
async fn a_program_without_a_redirect_uri_gets_a_flow() {
    let scene = scene().await;
    let started = authorize(&scene, &query("", &[]), JSON).await;
    assert_eq!(started.status, 200, "{}", started.text);
    scene.confirm(&started.field("user_code")).await;
    scene.pass_seconds(5);
    let complete = scene.poll(&started.field("flow_state")).await;
    assert_eq!(complete.field("state"), "state of the client");
    let redeemed = scene.redeem(&complete.field("code")).await;
    assert!(matches!(redeemed, codes::Redeemed::Login(_)));
}

/// The value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let field = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&field).unwrap();
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn a_browser_is_asked_before_it_sees_a_code_of_gitlab() {
    use crate::authorization_server::page::field;

    let scene = scene().await;
    let consent = authorize(&scene, &query("", &[]), PAGE).await;
    assert_eq!(consent.status, 200);
    assert_eq!(
        scene.bench.gitlab.log().count(),
        0,
        "nothing starts by itself"
    );
    let cookie = consent.header("set-cookie").split(';').next().unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(
            field::TRANSACTION,
            hidden(&consent.text, field::TRANSACTION),
        )
        .append_pair(field::CSRF, hidden(&consent.text, field::CSRF))
        .append_pair(field::DECISION, field::APPROVE)
        .finish();
    let answer = http::Request::builder()
        .method("POST")
        .uri(format!("{BASE}/consent"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", BASE)
        .header("cookie", cookie)
        .extension(ConnectInfo(address(1)))
        .body(Body::from(form))
        .unwrap();
    let sent = Told::of(Arc::clone(&scene.server).consent(answer).await).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let place = sent.header("location").strip_prefix(BASE).unwrap();
    let query = place.strip_prefix("/oauth/poll").unwrap();
    let bound = sent.header("set-cookie").split(';').next().unwrap();
    let page = scene.ask(query, 1, &[PAGE, ("cookie", bound)]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Your code") && page.text.contains("Check now"));
}
