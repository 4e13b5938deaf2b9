//! Redirect URIs: O07, and what strangers try.

use super::flow::{authorize, company, get_with};
use crate::client::Client;

/// Registered, requested, accepted.
const TABLE: &[(&str, &str, bool)] = &[
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1:61234/callback",
        true,
    ),
    (
        "http://127.0.0.1:80/callback",
        "http://127.0.0.1:61234/callback",
        true,
    ),
    ("http://[::1]/callback", "http://[::1]:61234/callback", true),
    (
        "http://localhost:8000/callback",
        "http://localhost:8000/callback",
        true,
    ),
    (
        "http://localhost:8000/callback",
        "http://localhost:8001/callback",
        false,
    ),
    (
        "http://localhost/callback",
        "http://127.0.0.1/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://localhost/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "https://127.0.0.1/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback/",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/CALLBACK",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback/../evil",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback%2f..",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback?x=1",
        true,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback#x",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1@evil.test/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://evil.test@127.0.0.1/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1.evil.test/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://evil.test/callback",
        false,
    ),
    ("http://127.0.0.1/callback", "//127.0.0.1/callback", false),
    (
        "http://127.0.0.1/callback",
        "http:/127.0.0.1/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http:\\\\127.0.0.1\\callback",
        false,
    ),
    ("http://127.0.0.1/callback", "http://127.1/callback", false),
    (
        "http://127.0.0.1/callback",
        "http://2130706433/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1:99999/callback",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        "http://127.0.0.1/callback\r\nX: y",
        false,
    ),
    (
        "http://127.0.0.1/callback",
        " http://127.0.0.1/callback",
        false,
    ),
    ("http://127.0.0.1/callback", "", false),
    (
        "https://app.test/cb?a=1&b=2",
        "https://app.test/cb?b=2&a=1",
        true,
    ),
    (
        "https://app.test/cb?a=1&b=2",
        "https://app.test/cb?a=1",
        false,
    ),
    (
        "https://app.test/cb?a=1",
        "https://app.test/cb?a=1&a=2",
        false,
    ),
    ("https://app.test/cb", "https://APP.test/cb", true),
    ("https://app.test/cb", "https://app.test./cb", false),
    ("https://app.test/cb", "https://app.test:444/cb", false),
    ("app.example://cb", "app.example://cb", true),
    ("app.example://cb", "app.example2://cb", false),
    // Even registered, by whatever mistake, these are never followed.
    (
        "javascript://app.test/%0aalert(1)",
        "javascript://app.test/%0aalert(1)",
        false,
    ),
    ("data://text/html", "data://text/html", false),
    ("vbscript://x", "vbscript://x", false),
    ("localhost:3000/cb", "localhost:3000/cb", false),
];

#[tokio::test]
async fn a_redirect_uri_has_to_be_the_registered_one() {
    let gl = company().await;
    let (cookie, _) = gl.browser("alice").session().await.unwrap();
    let client = Client::anonymous(&gl).with("Cookie", &format!("_gitlab_session={cookie}"));
    for (registered, requested, accepted) in TABLE {
        let app = gl.oauth_app("table").redirect(registered).create();
        let url = authorize(&app, &[("redirect_uri", requested)]);
        let reply = get_with(&client, &url).await.expect(200);
        assert_eq!(reply.header("location"), None, "{requested}");
        let page = reply.text();
        let asked = page.contains("id=\"authorize\"");
        assert_eq!(asked, *accepted, "{registered} {requested}");
        let refused = page.contains(">invalid_redirect_uri</code>");
        assert_eq!(refused, !accepted, "{registered} {requested}");
    }
}

#[tokio::test]
async fn any_of_several_registered_addresses_fits() {
    let gl = company().await;
    let app = gl
        .oauth_app("two")
        .redirect("https://one.test/cb")
        .redirect("https://two.test/cb");
    let app = app.create();
    let mut browser = gl.browser("alice");
    for uri in ["https://one.test/cb", "https://two.test/cb"] {
        let location = browser
            .approve(&authorize(&app, &[("redirect_uri", uri)]))
            .await;
        assert!(location.unwrap().starts_with(uri));
    }
}
