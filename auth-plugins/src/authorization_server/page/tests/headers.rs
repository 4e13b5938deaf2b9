//! The headers of every page, and that a document keeps to its own policy.

use super::*;

/// What every answer carries.
fn fixed() -> BTreeMap<String, String> {
    [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn policy_of(page: Page) -> String {
    headers_of(page).remove("content-security-policy").unwrap()
}

#[test]
fn every_page_has_exactly_the_headers_of_a_page() {
    for (name, page) in all_pages() {
        let retry_after = page.retry_after;
        let mut found = headers_of(page);
        let policy = found.remove("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{name}");
        // A form that is posted must say where it comes from.
        let referrer = found.remove("referrer-policy").unwrap();
        let posts = name == "consent";
        assert_eq!(referrer == "same-origin", posts, "{name}");
        assert_eq!(referrer == "no-referrer", !posts, "{name}");
        let waits = found.remove("retry-after");
        assert_eq!(waits, retry_after.map(|one| one.to_string()), "{name}");
        assert_eq!(found, fixed(), "{name}");
    }
}

#[test]
fn each_page_may_do_only_what_it_does() {
    let nonce = nonce();
    let word = nonce.as_str();
    let targets = [
        FormTarget::of("https://gitlab.example.com/oauth/authorize").unwrap(),
        FormTarget::of("cursor://auth/callback").unwrap(),
    ];
    let asking = consent(
        &nonce,
        &Consent {
            form_targets: &targets,
            ..a_consent()
        },
    );
    assert_eq!(
        policy_of(asking),
        format!(
            "default-src 'none'; style-src 'nonce-{word}'; \
             form-action 'self' https://gitlab.example.com cursor:; \
             base-uri 'none'; frame-ancestors 'none'"
        )
    );
    assert_eq!(
        policy_of(device_waiting(&nonce, &a_device())),
        format!(
            "default-src 'none'; style-src 'nonce-{word}'; script-src 'nonce-{word}'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    let code = DeviceCode {
        client_name: "Editor",
        code: "gmac_code",
        notice: None,
    };
    assert_eq!(
        policy_of(device_complete(&nonce, &code)),
        format!(
            "default-src 'none'; style-src 'nonce-{word}'; script-src 'nonce-{word}'; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    for page in [
        client_return(&nonce, &a_return()),
        problem(&nonce, &Problem::unknown_state()),
    ] {
        assert_eq!(
            policy_of(page),
            format!(
                "default-src 'none'; style-src 'nonce-{word}'; form-action 'none'; \
                 base-uri 'none'; frame-ancestors 'none'"
            )
        );
    }
}

#[test]
fn two_nonces_differ() {
    let random = SeededRandom::new(1);
    let (first, second) = (Nonce::draw(&random), Nonce::draw(&random));
    assert_ne!(first.as_str(), second.as_str());
    assert_eq!(first.as_str().len(), 22);
}

#[test]
fn a_form_target_names_an_origin_or_a_scheme_and_nothing_else() {
    let cases = [
        (
            "https://client.example/cb?x=1",
            Some("https://client.example"),
        ),
        (
            "https://CLIENT.example:8443/cb",
            Some("https://client.example:8443"),
        ),
        (
            "https://client.example:443/",
            Some("https://client.example"),
        ),
        ("http://127.0.0.1:49152/cb", Some("http://127.0.0.1:49152")),
        ("http://localhost:1/cb", Some("http://localhost:1")),
        (
            "https://bücher.example/cb",
            Some("https://xn--bcher-kva.example"),
        ),
        // No host source matches these, so only the scheme can be named.
        ("http://[::1]:49152/cb", Some("http:")),
        ("http://127.0.0.2:1/cb", Some("http:")),
        // Hosts with characters that end or widen a source.
        ("https://a;script-src.example/", Some("https:")),
        ("https://*.example/", Some("https:")),
        ("https://a,b.example/", Some("https:")),
        ("https://'none'/", Some("https:")),
        // Private-use schemes.
        ("cursor://anysphere.cursor/cb", Some("cursor:")),
        ("com.example.app:/cb", Some("com.example.app:")),
        // Nothing.
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("/relative", None),
        ("'unsafe-inline'", None),
        ("", None),
    ];
    for (address, expected) in cases {
        let expected = expected.map(|one| format!("form-action 'self' {one}; "));
        let found = FormTarget::of(address).map(|target| {
            let view = Consent {
                form_targets: &[target],
                ..a_consent()
            };
            policy_of(consent(&nonce(), &view))
        });
        match (found, expected) {
            (Some(policy), Some(expected)) => {
                assert!(policy.contains(&expected), "{address}: {policy}");
            }
            (found, expected) => assert_eq!(found, expected, "{address}"),
        }
    }
}

#[test]
fn a_document_brings_everything_with_it_under_its_nonce() {
    for (name, page) in all_pages() {
        let word = nonce();
        let tags = skeleton(&page.html);
        for tag in &tags {
            for foreign in [
                "<link", "<img", "<iframe", "<object", "<base", " src=", " style=", " on",
            ] {
                assert!(!tag.contains(foreign), "{name}: {tag}");
            }
        }
        for kind in ["<style", "<script"] {
            let all = page.html.matches(kind).count();
            let own = format!("{kind} nonce=\"{}\">", word.as_str());
            assert_eq!(page.html.matches(&own).count(), all, "{name} {kind}");
        }
        assert!(!page.html.contains("@import") && !page.html.contains("url("));
    }
}

#[test]
fn the_script_is_the_same_whatever_the_page_shows() {
    fn script(page: &Page) -> &str {
        let (_, rest) = page.html.split_once("<script").unwrap();
        rest.split_once("</script>").unwrap().0
    }
    let other = Device {
        client_name: "Another",
        user_code: "X",
        flow_state: "other",
        poll_url: "/elsewhere",
        ..a_device()
    };
    let nonce = nonce();
    let (first, second) = (
        device_waiting(&nonce, &a_device()),
        device_waiting(&nonce, &other),
    );
    assert_eq!(script(&first), script(&second));
    // No way to text as markup or code, which the words of an answer could reach.
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "eval(",
        "document.write",
    ] {
        assert!(!script(&first).contains(way), "{way}");
    }
}
