//! Documents that make no client, each with what is wrong with it.

use super::*;
use crate::authorization_server::bench::browser::asking;
use crate::authorization_server::redirect_uri::RedirectRules;

const PAGE: &str = "<!doctype html><title>App</title><script>{\"client_id\":1}</script>";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
async fn a_document_that_does_not_fit_is_refused() {
    let changed = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        Reply::json(&document)
    };
    let without = |name: &str| {
        let mut document = document();
        document.as_object_mut().unwrap().remove(name);
        Reply::json(&document)
    };
    let text = document().to_string();
    let twice = format!(r#"{{"client_id":"{ID}",{}"#, text.trim_start_matches('{'));
    let padded = changed("x", "a".repeat(5 * 1024).into());
    for (what, reply) in [
        (
            "another case",
            changed("client_id", "https://app.example/Client.json".into()),
        ),
        (
            "a slash more",
            changed("client_id", format!("{ID}/").into()),
        ),
        (
            "an encoding",
            changed("client_id", "https://app.example/client%2ejson".into()),
        ),
        (
            "an encoding of a letter",
            changed("client_id", "https://app.example/%63lient.json".into()),
        ),
        (
            "another case of the host",
            changed("client_id", "https://APP.example/client.json".into()),
        ),
        (
            "another case of the scheme",
            changed("client_id", "HTTPS://app.example/client.json".into()),
        ),
        (
            "two slashes",
            changed("client_id", "https://app.example//client.json".into()),
        ),
        (
            "the port that goes without saying",
            changed("client_id", "https://app.example:443/client.json".into()),
        ),
        (
            "a blank behind it",
            changed("client_id", format!("{ID} ").into()),
        ),
        ("null", changed("client_id", Value::Null)),
        (
            "another host",
            changed("client_id", "https://evil.example/client.json".into()),
        ),
        ("no text", changed("client_id", json!([ID]))),
        ("no id", without("client_id")),
        ("no name", without("client_name")),
        (
            "an invisible name",
            changed("client_name", "\u{202e}".into()),
        ),
        ("no redirect URIs", without("redirect_uris")),
        ("none of them", changed("redirect_uris", json!([]))),
        (
            "a bad one",
            changed("redirect_uris", json!(["javascript:alert(1)"])),
        ),
        (
            "cleartext",
            changed("redirect_uris", json!(["http://app.example/cb"])),
        ),
        (
            "redirect URIs that are one text",
            changed("redirect_uris", "https://app.example/cb".into()),
        ),
        (
            "eleven redirect URIs",
            changed("redirect_uris", vec!["https://app.example/cb"; 11].into()),
        ),
        ("a name that is no text", changed("client_name", json!(7))),
        ("an empty name", changed("client_name", "".into())),
        ("a secret", changed("client_secret", "s".into())),
        ("an empty secret", changed("client_secret", "".into())),
        ("a secret of null", changed("client_secret", Value::Null)),
        (
            "an end of a secret",
            changed("client_secret_expires_at", 0.into()),
        ),
        (
            "a method",
            changed("token_endpoint_auth_method", "client_secret_post".into()),
        ),
        (
            "a key",
            changed("token_endpoint_auth_method", "private_key_jwt".into()),
        ),
        (
            "a grant",
            changed("grant_types", json!(["client_credentials"])),
        ),
        ("a member twice", Reply::text("application/json", &twice)),
        (
            "an array",
            Reply::text("application/json", &format!("[{text}]")),
        ),
        ("no JSON", Reply::text("application/json", "<html>")),
        ("HTML", Reply::text("text/html", &text)),
        ("XHTML", Reply::text("application/xhtml+xml", &text)),
        ("a page as JSON", Reply::text("application/json", PAGE)),
        ("a page", Reply::text("text/html; charset=utf-8", PAGE)),
        ("plain text", Reply::text("text/plain", &text)),
        ("bytes", Reply::text("application/octet-stream", &text)),
        ("no type", Reply::text("", &text)),
        ("JSON of another tree", Reply::text("text/json", &text)),
        (
            "a page behind JSON",
            Reply::text("text/html; a=application/json", &text),
        ),
        ("too long", padded),
        (
            "ten MiB",
            Reply::text("application/json", &" ".repeat(10 * 1024 * 1024)),
        ),
        ("301", Reply::redirect(301)),
        ("302", Reply::redirect(302)),
        ("307", Reply::redirect(307)),
        ("308", Reply::redirect(308)),
        (
            "a redirect to another origin",
            Reply::redirect_to("https://evil.example/client.json"),
        ),
        ("404", Reply::status(404)),
        ("403", Reply::status(403)),
        ("204", Reply::status(204)),
    ] {
        let host = Host::playing([reply, Reply::json(&document())]).await;
        assert_eq!(asked(&host).await, Err(NoClient::Unknown), "{what}");
        assert_eq!(host.heads().len(), 1, "{what}");
    }
    for reply in [
        changed("token_endpoint_auth_method", Value::Null),
        without("grant_types"),
        Reply::text("application/client-metadata+json; charset=utf-8", &text),
    ] {
        let host = Host::playing([reply]).await;
        assert!(asked(&host).await.is_ok());
    }
}

/// A document whose codes go to these places.
fn leading_to(redirect_uris: &[&str]) -> Reply {
    let mut document = document();
    document["redirect_uris"] = redirect_uris.into();
    Reply::json(&document)
}

#[tokio::test]
async fn codes_may_leave_the_host_of_the_document_as_far_as_the_operator_lets_them() {
    let own = "https://app.example/cb";
    let other = "https://login.other.example/cb";
    let listed = |hosts: &[&str]| Rules {
        redirects: RedirectRules {
            hosts: Some(hosts.iter().map(|&host| host.to_owned()).collect()),
            schemes: None,
        },
        ..Rules::default()
    };
    for (hosts, redirect_uris, is_client) in [
        (&["app.example"][..], &[own][..], true),
        (&["app.example"], &[other], false),
        (&["app.example"], &[own, other], false),
        (&["app.example"], &[own, "http://127.0.0.1/cb"], true),
        (&["app.example"], &[own, "com.example.app:/cb"], false),
        (&["app.example", ".other.example"], &[own, other], true),
        (&["other.example"], &[other], false),
    ] {
        let host = Host::playing([leading_to(redirect_uris)]).await;
        let bench = bench(&host, listed(hosts)).await;
        let found = bench.server.client(ID).await;
        assert_eq!(found.is_ok(), is_client, "{hosts:?} {redirect_uris:?}");
    }
    // Without a list any site counts, and the person is shown both hosts.
    let host = Host::playing([leading_to(&[other])]).await;
    let bench = bench(&host, Rules::default()).await;
    let to = |uri| asking(&[("client_id", Some(ID)), ("redirect_uri", Some(uri))]);
    let page = bench.visitor().open(&to(other)).await;
    assert!(page.asks(), "{page:?}");
    for shown in ["app.example", other] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let elsewhere = bench.visitor().open(&to("https://evil.example/cb")).await;
    assert!(!elsewhere.asks());
}
