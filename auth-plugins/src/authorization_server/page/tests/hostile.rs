//! Whatever a client, GitLab or a request puts into a field, a page keeps its structure, leads
//! nowhere else, and shows no character that a reader cannot see.

use super::*;

type Field = (&'static str, fn(&str) -> Page);

/// Every field that is shown or sent as text.
const TEXTS: [Field; 23] = [
    ("consent name", |text| {
        with_consent(|view| view.client_name = text)
    }),
    ("consent name of a published client", |text| {
        with_consent(|view| {
            view.client_name = text;
            view.vouched_by = Voucher::Host("client.example");
        })
    }),
    ("consent client host", |text| {
        with_consent(|view| view.vouched_by = Voucher::Host(text))
    }),
    ("consent GitLab", |text| {
        with_consent(|view| view.gitlab_host = text)
    }),
    ("consent redirect URI", |text| {
        with_consent(|view| {
            view.redirect = Some(Redirect {
                uri: text,
                ..to_site()
            });
        })
    }),
    ("consent redirect target", |text| {
        with_consent(|view| {
            view.redirect = Some(Redirect {
                target: text,
                kind: RedirectKind::Loopback,
                ..to_site()
            });
        })
    }),
    ("consent scope", |text| {
        let scopes = [text.to_owned()];
        let view = Consent {
            scopes: &scopes,
            ..a_consent()
        };
        consent(&nonce(), &view)
    }),
    ("consent transaction", |text| {
        with_consent(|view| view.transaction = text)
    }),
    ("consent csrf", |text| with_consent(|view| view.csrf = text)),
    ("device name", |text| {
        with_device(|view| view.client_name = text)
    }),
    ("device GitLab", |text| {
        with_device(|view| view.gitlab_host = text)
    }),
    ("device user code", |text| {
        // A code of eight letters has two groups.
        with_device(|view| view.user_code = if text == PLAIN { "0A-44" } else { text })
    }),
    ("device flow", |text| {
        with_device(|view| view.flow_state = text)
    }),
    ("complete name", |text| {
        let view = DeviceCode {
            client_name: text,
            code: "c",
            notice: None,
        };
        device_complete(&nonce(), &view)
    }),
    ("complete code", |text| {
        let view = DeviceCode {
            client_name: "Editor",
            code: text,
            notice: None,
        };
        device_complete(&nonce(), &view)
    }),
    ("failed description", |text| {
        let view = DeviceFailed {
            end: DeviceEnd::Failed,
            description: Some(text),
            retry_url: None,
        };
        device_failed(&nonce(), &view)
    }),
    ("return name", |text| {
        with_return(|view| view.client_name = text)
    }),
    ("return target", |text| {
        with_return(|view| view.target = text)
    }),
    ("onward GitLab", |text| {
        continue_to_gitlab(&nonce(), text, AUTHORIZE)
    }),
    ("problem redirect", |text| {
        problem(&nonce(), &Problem::redirect_uri(text))
    }),
    ("problem request", |text| {
        problem(&nonce(), &Problem::request(text))
    }),
    ("problem GitLab", |text| {
        problem(&nonce(), &Problem::gitlab_unreachable(text))
    }),
    ("problem text", |text| {
        let view = Problem {
            next: text.into(),
            ..Problem::unknown_state()
        };
        problem(&nonce(), &view)
    }),
];

/// Every field that a browser follows.
const ADDRESSES: [Field; 10] = [
    ("consent action", |text| {
        with_consent(|view| view.form_action = text)
    }),
    ("device link", |text| {
        with_device(|view| {
            view.verification_uri = text;
            view.verification_uri_complete = None;
        })
    }),
    ("device complete link", |text| {
        with_device(|view| view.verification_uri_complete = Some(text))
    }),
    ("device poll", |text| {
        with_device(|view| view.poll_url = text)
    }),
    ("device check", |text| {
        with_device(|view| view.check_now_action = text)
    }),
    ("device retry", |text| {
        with_device(|view| view.retry_url = text)
    }),
    ("failed retry", |text| {
        let view = DeviceFailed {
            end: DeviceEnd::Expired,
            description: None,
            retry_url: Some(text),
        };
        device_failed(&nonce(), &view)
    }),
    ("problem retry", |text| {
        problem(&nonce(), &Problem::unknown_state().with_retry(text))
    }),
    ("onward location", |text| {
        continue_to_gitlab(&nonce(), "gitlab.example.com", text)
    }),
    ("return location", |text| {
        with_return(|view| view.location = text)
    }),
];

fn with_consent<'a>(change: impl FnOnce(&mut Consent<'a>)) -> Page {
    let mut view = a_consent();
    change(&mut view);
    consent(&nonce(), &view)
}

fn with_device<'a>(change: impl FnOnce(&mut Device<'a>)) -> Page {
    let mut view = a_device();
    change(&mut view);
    device_waiting(&nonce(), &view)
}

fn with_return<'a>(change: impl FnOnce(&mut ClientReturn<'a>)) -> Page {
    let mut view = a_return();
    change(&mut view);
    client_return(&nonce(), &view)
}

const PLAIN: &str = "ordinary";

const MARKUP: [&str; 13] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</code></bdi></main></body>",
    "<!-- <a",
    "]]><x>",
    "<svg/onload=alert(1)>",
    "&#60;script&#62;",
    "\u{0}<b>\u{1b}[31m",
];

const DANGEROUS: [&str; 15] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://gitlab.example.com/1",
    "view-source:https://gitlab.example.com/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "\" onclick=\"alert(1)",
    "",
];

#[test]
fn markup_in_a_field_stays_text() {
    for (name, render) in TEXTS {
        let honest = skeleton(&render(PLAIN).html);
        for hostile in MARKUP {
            let page = render(hostile);
            assert_eq!(skeleton(&page.html), honest, "{name}: {hostile}");
        }
    }
}

#[test]
fn a_field_that_is_shown_shows_what_it_was_given() {
    for (name, render) in TEXTS {
        let page = render("harmless & <plain>");
        assert!(
            page.html.contains("harmless &amp; &lt;plain&gt;"),
            "{name}: {}",
            page.html
        );
    }
}

#[test]
fn a_dangerous_address_is_no_link() {
    for (name, render) in ADDRESSES {
        for hostile in DANGEROUS {
            let page = render(hostile);
            for address in addresses(&page.html) {
                let address = address.trim_start_matches("0;url=");
                let harmless = [
                    "/consent",
                    "/oauth/",
                    "/authorize?",
                    "https://gitlab.example.com/",
                    "com.example.editor:",
                    "width=",
                    "light dark",
                ];
                assert!(
                    harmless.iter().any(|one| address.starts_with(one)),
                    "{name}: {hostile:?} gives {address}"
                );
            }
            let tags = skeleton(&page.html).concat();
            assert!(!tags.contains("onclick"), "{name}: {hostile}");
        }
    }
}

#[test]
fn an_honest_address_is_a_link() {
    for (name, render) in ADDRESSES {
        for honest in ["https://host.example/path?a=1", "http://127.0.0.1:8080/"] {
            let found = addresses(&render(honest).html);
            let one = found
                .iter()
                .any(|one| one.trim_start_matches("0;url=") == honest);
            assert!(one, "{name}: {found:?}");
        }
    }
    let private = "com.example.editor://auth?code=c&state=%3C";
    let page = with_return(|view| view.location = private);
    let escaped = private.replace('&', "&amp;");
    let found = addresses(&page.html);
    assert!(found.contains(&escaped) && found.contains(&format!("0;url={escaped}")));
    // The same is no link of ours.
    let page = with_device(|view| view.retry_url = private);
    assert!(!page.html.contains("com.example.editor"));
}

#[test]
fn a_link_with_a_user_name_is_shown_but_cannot_be_followed() {
    let address = "https://gitlab.example.com@evil.example/oauth/device";
    let page = with_device(|view| {
        view.verification_uri = address;
        view.verification_uri_complete = None;
    });
    assert!(!addresses(&page.html).contains(&address.to_owned()));
    assert!(text_of(&page.html).contains(address));
}

#[test]
fn what_cannot_be_seen_is_written_out() {
    let cases = [
        ("\u{202e}elgoog", "[U+202E]elgoog"),
        ("a\u{2066}b\u{2069}", "a[U+2066]b[U+2069]"),
        ("a\u{200b}b", "a[U+200B]b"),
        ("a\u{200f}b", "a[U+200F]b"),
        ("a\u{feff}b", "a[U+FEFF]b"),
        ("a\u{ad}b", "a[U+00AD]b"),
        ("a\u{3164}b", "a[U+3164]b"),
        ("a\u{e0041}b", "a[U+E0041]b"),
        ("a\u{e000}b", "a[U+E000]b"),
        ("a\u{7}b\u{9b}c", "a[U+0007]b[U+009B]c"),
        ("line\nbreak", "line[U+000A]break"),
        ("a\u{a0}b\u{2003}c\u{2028}d\u{2800}e", "a b c d e"),
        (
            "a\u{301}\u{302}\u{303}\u{304}\u{305}b",
            "a\u{301}\u{302}\u{303}b",
        ),
        // Honest names stay as they are.
        ("Éditeur – ネコ مرحبا", "Éditeur – ネコ مرحبا"),
        ("⚙\u{fe0f} Tool", "⚙ Tool"),
        ("ก\u{e35}\u{e49}", "ก\u{e35}\u{e49}"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown::visible(text), expected, "{text:?}");
    }
}

#[test]
fn no_field_lets_a_direction_or_an_invisible_character_through() {
    // What a program reads back keeps its bytes; those fields hold values of ours.
    let ours = [
        "consent transaction",
        "consent csrf",
        "device flow",
        "complete code",
    ];
    for (name, render) in TEXTS.into_iter().filter(|(name, _)| !ours.contains(name)) {
        for unseen in [
            "\u{202e}", "\u{2067}", "\u{200b}", "\u{feff}", "\u{3164}", "\u{7f}",
        ] {
            let page = render(&format!("a{unseen}b"));
            assert!(!page.html.contains(unseen), "{name}: {unseen:?}");
            assert!(text_of(&page.html).contains("a[U+"), "{name}: {unseen:?}");
        }
    }
}

#[test]
fn a_name_is_isolated_and_cut_and_never_empty() {
    let long = "x".repeat(5_000);
    let html = with_consent(|view| view.client_name = &long).html;
    assert!(html.contains(&format!("<bdi>{}…</bdi>", "x".repeat(120))));
    assert!(!html.contains(&"x".repeat(121)));
    for empty in ["", "   ", "\u{a0}\u{2003}"] {
        let html = with_consent(|view| view.client_name = empty).html;
        assert!(html.contains("(without a name)"), "{empty:?}");
    }
}

#[test]
fn an_address_is_shown_whole_however_long() {
    let long = format!("https://client.example/{}", "y".repeat(2_000));
    let html = with_consent(|view| {
        view.redirect = Some(Redirect {
            uri: &long,
            ..to_site()
        });
    })
    .html;
    assert!(html.contains(&format!("<bdi>{long}</bdi>")));
}
