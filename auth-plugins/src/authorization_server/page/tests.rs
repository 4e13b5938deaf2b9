//! Views with harmless content, and what the tests look at in a page.

use std::collections::BTreeMap;

use gitlab_mcp_core::random::SeededRandom;
use http_body_util::BodyExt as _;

use super::*;

mod headers;
mod hostile;
mod words;

pub(super) const URI: &str = "https://client.example/callback?a=b";

pub(super) const AUTHORIZE: &str = "https://gitlab.example.com/oauth/authorize?client_id=1&a=b";

pub(super) fn nonce() -> Nonce {
    Nonce::draw(&SeededRandom::new(1))
}

pub(super) fn scopes() -> &'static [String] {
    static SCOPES: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| vec!["api".to_owned(), "ai_workflows".to_owned()]);
    &SCOPES
}

pub(super) fn to_site() -> Redirect<'static> {
    Redirect {
        uri: URI,
        target: "client.example",
        kind: RedirectKind::Site,
    }
}

pub(super) fn a_consent<'a>() -> Consent<'a> {
    Consent {
        client_name: "Editor",
        vouched_by: Voucher::Nobody,
        redirect: Some(to_site()),
        gitlab_host: "gitlab.example.com",
        scopes: scopes(),
        form_action: "/consent",
        transaction: "sealed-request",
        csrf: "csrf-value",
        remember_days: Some(30),
        form_targets: &[],
    }
}

pub(super) fn a_device<'a>() -> Device<'a> {
    Device {
        client_name: "Editor",
        gitlab_host: "gitlab.example.com",
        user_code: "0A44L90H",
        verification_uri: "https://gitlab.example.com/oauth/device",
        verification_uri_complete: Some(
            "https://gitlab.example.com/oauth/device?user_code=0A44L90H",
        ),
        remaining_seconds: 292,
        interval_seconds: 5,
        poll_url: "/oauth/poll",
        flow_state: "flow-state",
        check_now_action: "/oauth/device",
        retry_url: "/authorize?client_id=1&scope=api",
        needs_vpn_hint: true,
    }
}

pub(super) fn a_return<'a>() -> ClientReturn<'a> {
    ClientReturn {
        client_name: "Editor",
        target: "com.example.editor",
        location: "com.example.editor://auth/done?code=c&state=s",
        outcome: Outcome::SignedIn,
        notice: None,
    }
}

/// Every page once, with the words of ours in it.
pub(super) fn all_pages() -> Vec<(&'static str, Page)> {
    let nonce = nonce();
    let mut pages = vec![
        ("consent", consent(&nonce, &a_consent())),
        ("waiting", device_waiting(&nonce, &a_device())),
        (
            "complete",
            device_complete(
                &nonce,
                &DeviceCode {
                    client_name: "Editor",
                    code: "gmac_code",
                    notice: None,
                },
            ),
        ),
        ("return", client_return(&nonce, &a_return())),
        (
            "onward",
            continue_to_gitlab(&nonce, "gitlab.example.com", AUTHORIZE),
        ),
    ];
    for end in [
        DeviceEnd::Denied,
        DeviceEnd::Expired,
        DeviceEnd::OtherBrowser,
        DeviceEnd::Failed,
    ] {
        let view = DeviceFailed {
            end,
            description: Some("More about it."),
            retry_url: Some("/authorize?client_id=1"),
        };
        pages.push(("failed", device_failed(&nonce, &view)));
    }
    for view in all_problems() {
        pages.push((view.title, problem(&nonce, &view)));
    }
    pages
}

pub(super) fn all_problems() -> Vec<Problem<'static>> {
    vec![
        Problem::unknown_client(),
        Problem::redirect_uri("has a fragment"),
        Problem::request("The parameter state stands there twice."),
        Problem::unknown_state(),
        Problem::already_finished(),
        Problem::other_browser(),
        Problem::stale_form(),
        Problem::other_issuer(),
        Problem::gitlab_unreachable("gitlab.example.com"),
        Problem::store_unavailable().with_retry("/authorize?client_id=1"),
    ]
}

/// The headers of an answer, by name.
pub(super) fn headers_of(page: Page) -> BTreeMap<String, String> {
    let response = page.into_response();
    let all = response.headers().iter();
    all.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

/// The tags of a document with the names of their attributes, without style and script.
pub(super) fn skeleton(html: &str) -> Vec<String> {
    let quoted = regex::Regex::new(r#""[^"]*""#).unwrap();
    let inline = regex::Regex::new(r"(?s)(<(?:style|script)[^>]*>).*?</").unwrap();
    let tag = regex::Regex::new("<[^>]*>").unwrap();
    let bare = inline.replace_all(html, "$1</");
    let bare = quoted.replace_all(&bare, "\"\"").into_owned();
    tag.find_iter(&bare)
        .map(|one| one.as_str().to_owned())
        .collect()
}

/// What a reader sees of a document.
pub(super) fn text_of(html: &str) -> String {
    let inline = regex::Regex::new(r"(?s)<(?:style|script|title).*?</(?:style|script|title)>");
    let tag = regex::Regex::new("<[^>]*>").unwrap();
    let bare = inline.unwrap().replace_all(html, "").into_owned();
    tag.replace_all(&bare, "").into_owned()
}

/// The values of every attribute that a browser takes for an address.
pub(super) fn addresses(html: &str) -> Vec<String> {
    let pattern = r#" (?:href|action|src|data-poll|content)="([^"]*)""#;
    let found = regex::Regex::new(pattern).unwrap();
    found
        .captures_iter(html)
        .map(|one| one[1].to_owned())
        .collect()
}

#[tokio::test]
async fn the_body_of_the_answer_is_the_document() {
    let page = consent(&nonce(), &a_consent());
    let expected = page.html.clone();
    let body = page.into_response().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), expected);
    assert!(expected.starts_with("<!DOCTYPE html><html lang=\"en\">"));
}

#[test]
fn nothing_of_a_view_is_printed() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        a_consent(),
        a_device(),
        a_return(),
        device_waiting(&nonce(), &a_device())
    );
    for secret in ["sealed-request", "csrf-value", "flow-state", "code=c"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
