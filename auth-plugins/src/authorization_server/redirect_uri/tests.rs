//! What may be registered, what is the same URI, and a corpus of tricks of which none works.

use std::collections::BTreeSet;

use super::*;

fn usual() -> RedirectRules {
    let schemes = ["cursor", "vscode", "claude"].map(str::to_owned);
    RedirectRules {
        hosts: None,
        schemes: Some(schemes.into()),
    }
}

#[test]
fn honest_clients_register() {
    for text in [
        "https://claude.ai/api/mcp/auth_callback",
        "https://app.example/cb?tenant=1&x=%2F",
        "https://app.example:8443/cb",
        "https://APP.example/cb",
        "https://app.example",
        "https://203.0.113.9/cb",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:33418/",
        "http://127.8.8.8:1/cb",
        "http://[::1]:4321/cb",
        "http://localhost:6274/oauth/callback",
        "http://localhost/cb?x=1",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://vscode.github-authentication/did-authenticate",
        "com.example.app:/cb",
        "com.example.app://cb",
        "https://app.example/a..b/c",
        "https://app.example/.well-known/cb",
    ] {
        let uri = usual().accept(text);
        assert_eq!(uri.as_ref().map(RedirectUri::as_str), Ok(text));
        assert!(uri.unwrap().is(text));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
fn what_is_never_a_redirect_uri_is_refused_with_its_reason() {
    use RedirectProblem as Why;
    let long = format!("https://app.example/{}", "a".repeat(LONGEST));
    for (text, why) in [
        ("", Why::Characters),
        (long.as_str(), Why::Characters),
        ("https://app.example/c b", Why::Characters),
        (" https://app.example/cb", Why::Characters),
        ("https://app.example/cb\n", Why::Characters),
        ("\u{0}javascript:alert(1)", Why::Characters),
        ("java\tscript:alert(1)", Why::Characters),
        ("https://app.example\\@evil.example/", Why::Characters),
        ("https://*.app.example/cb", Why::Characters),
        ("https://ünï.example/cb", Why::Characters),
        ("/cb", Why::Relative),
        ("//app.example/cb", Why::Relative),
        ("app.example/cb", Why::Relative),
        ("%6aavascript:alert(1)", Why::Relative),
        ("javascript:alert(1)", Why::ForbiddenScheme),
        ("JaVaScRiPt:alert(1)", Why::ForbiddenScheme),
        ("data:text/html,x", Why::ForbiddenScheme),
        ("vbscript:x", Why::ForbiddenScheme),
        ("file:///etc/passwd", Why::ForbiddenScheme),
        ("blob:https://app.example/1", Why::ForbiddenScheme),
        ("about:blank", Why::ForbiddenScheme),
        ("view-source:https://app.example", Why::ForbiddenScheme),
        ("ms-msdt:/id", Why::ForbiddenScheme),
        ("intent://scan/", Why::ForbiddenScheme),
        ("evil:/cb", Why::UnknownScheme),
        ("cursor:cb", Why::Relative),
        ("com.example.app:cb", Why::Relative),
        ("http://evil.example/cb", Why::Cleartext),
        ("http://localhost.evil.example/cb", Why::Cleartext),
        ("http://127.0.0.1.evil.example/cb", Why::Cleartext),
        ("http://[::ffff:1.2.3.4]/cb", Why::Host),
        ("http://[::ffff:127.0.0.1]/cb", Why::Host),
        ("http://128.0.0.1/cb", Why::Cleartext),
        ("http://2130706433/cb", Why::Host),
        ("http://0x7f.1/cb", Why::Host),
        ("http://127.1/cb", Why::Host),
        ("http://0177.0.0.1/cb", Why::Host),
        ("http://localhost./cb", Why::Host),
        ("http://127.0.0.1@evil.example/cb", Why::Userinfo),
        ("https://user:pass@app.example/cb", Why::Userinfo),
        ("https://app.example%2f@evil.example/cb", Why::Userinfo),
        ("https://app%2eexample/cb", Why::Userinfo),
        ("https://app.example/cb#x", Why::Fragment),
        ("https://app.example/cb#", Why::Fragment),
        ("https://app.example/../cb", Why::DotSegments),
        ("https://app.example/a/./cb", Why::DotSegments),
        ("https://app.example/%2e%2E/cb", Why::DotSegments),
        ("https://app.example/%252e%252e/cb", Why::DotSegments),
        ("https://app.example/a/..;/cb", Why::DotSegments),
        ("https://app.example/..%2fcb", Why::DotSegments),
        ("https://app.example:0/cb", Why::Host),
        ("https://app.example:/cb", Why::Host),
        ("https://app.example:0443/cb", Why::Host),
        ("https://app.example:99999/cb", Why::Relative),
        ("https:///cb", Why::Host),
        ("https:app.example/cb", Why::Host),
        ("https:/app.example/cb", Why::Host),
        ("https://[::1/cb", Why::Relative),
    ] {
        assert_eq!(usual().accept(text), Err(why), "{text:?}");
    }
}

#[test]
fn the_operator_narrows_hosts_and_schemes() {
    let hosts = ["claude.ai", ".example.org"].map(str::to_owned);
    let strict = RedirectRules {
        hosts: Some(BTreeSet::from(hosts)),
        schemes: None,
    };
    for text in [
        "https://claude.ai/cb",
        "https://a.example.org/cb",
        "https://a.b.example.org/cb",
        "http://127.0.0.1/cb",
    ] {
        assert!(strict.accept(text).is_ok(), "{text}");
    }
    for text in [
        "https://evilclaude.ai/cb",
        "https://a.claude.ai/cb",
        "https://example.org/cb",
        "https://evilexample.org/cb",
        "https://.example.org/cb",
    ] {
        assert_eq!(
            strict.accept(text),
            Err(RedirectProblem::ForeignHost),
            "{text}"
        );
    }
    for text in ["cursor://x/cb", "com.example.app:/cb"] {
        assert_eq!(
            strict.accept(text),
            Err(RedirectProblem::UnknownScheme),
            "{text}"
        );
    }
}

#[test]
fn only_the_port_of_a_loopback_uri_is_free() {
    let loopback = usual().accept("http://127.0.0.1:8080/cb?x=1").unwrap();
    for text in [
        "http://127.0.0.1/cb?x=1",
        "http://127.0.0.1:1/cb?x=1",
        "http://127.0.0.1:65535/cb?x=1",
    ] {
        assert!(loopback.is(text), "{text}");
    }
    for text in [
        "http://127.0.0.1:8080/cb",
        "http://127.0.0.1:8080/cb?x=2",
        "http://127.0.0.1:8080/cb/?x=1",
        "http://127.0.0.1:8080/CB?x=1",
        "http://127.0.0.2:8080/cb?x=1",
        "http://localhost:8080/cb?x=1",
        "http://[::1]:8080/cb?x=1",
        "https://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.1:/cb?x=1",
        "http://127.0.0.1:80a/cb?x=1",
        "http://127.0.0.1:80@evil.example/cb?x=1",
        "http://x@127.0.0.1:80/cb?x=1",
    ] {
        assert!(!loopback.is(text), "{text}");
    }
    let web = usual().accept("https://app.example/cb").unwrap();
    for text in [
        "https://app.example:443/cb",
        "https://app.example:444/cb",
        "https://APP.example/cb",
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/cb%2f",
        "https://app.example/cB",
        "https://app.example.evil/cb",
        "http://app.example/cb",
        "https://app.example/app/..;/cb",
        "https://app.example//cb",
    ] {
        assert!(!web.is(text), "{text}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table of tricks")]
/// The ways in which people have made a careful server redirect to `evil.example`.
pub(crate) fn tricks(host: &str, path: &str) -> Vec<String> {
    let evil = "evil.example";
    let joints = [
        "@",
        "%40",
        ":@",
        ":80@",
        ":443@",
        "\\@",
        "%5c@",
        "%5C%5C",
        "\\",
        "\\\\",
        "/\\",
        ".",
        "。",
        "%2e",
        "%E3%80%82",
        "%00.",
        "%00@",
        "%0a",
        "%0d%0a",
        "%09",
        "\t",
        "\n",
        "\r\n",
        " ",
        "%20",
        "?@",
        "#@",
        "%23@",
        "%3F@",
        "&@",
        ";@",
        "%ff@",
        "..",
        "…",
        "℀",
        "／",
        "％",
        "ⓔ",
        "-",
        "_",
        "@@",
        "@%2f",
        "%2f@",
        "%2F%2F",
        "%252f@",
        "|",
        "%7c",
        "`",
        "{",
        "^",
    ];
    let starts = [
        "https://", "http://", "https:/", "https:", "//", "///", "/\\/", "\\\\", "HTTPS://",
    ];
    let mut all: Vec<String> = joints
        .iter()
        .map(|joint| format!("https://{host}{joint}{evil}{path}"))
        .collect();
    all.extend(
        joints
            .iter()
            .map(|joint| format!("https://{evil}{joint}{host}{path}")),
    );
    all.extend(
        joints
            .iter()
            .map(|joint| format!("http://127.0.0.1{joint}{evil}{path}")),
    );
    all.extend(
        joints
            .iter()
            .map(|joint| format!("http://localhost{joint}{evil}{path}")),
    );
    all.extend(
        joints
            .iter()
            .map(|joint| format!("https://{host}{path}{joint}{evil}")),
    );
    all.extend(starts.iter().map(|start| format!("{start}{evil}{path}")));
    all.extend(
        starts
            .iter()
            .map(|start| format!("{start}{host}@{evil}{path}")),
    );
    for scheme in FORBIDDEN_SCHEMES {
        all.push(format!("{scheme}:{host}{path}"));
        all.push(format!("{}:{host}{path}", scheme.to_uppercase()));
        all.push(format!("\u{1}{scheme}:{host}{path}"));
        all.push(format!("{scheme}%3a{host}{path}"));
        all.push(format!("{scheme}\t:{host}{path}"));
    }
    let steps = [
        "..",
        ".",
        "%2e%2e",
        "%2e.",
        ".%2e",
        "..%2f",
        "..%5c",
        "%252e%252e",
        "..;",
        "..;x=1",
    ];
    for step in steps {
        all.push(format!("https://{host}/{step}{path}"));
        all.push(format!("https://{host}{path}/{step}/{evil}"));
        all.push(format!("https://{host}{path}/{step}//{evil}"));
    }
    all
}

#[test]
fn no_trick_of_the_corpus_is_the_registered_uri() {
    let (host, path) = ("app.example", "/oauth/cb");
    let rules = usual();
    let registered: Vec<RedirectUri> = [
        format!("https://{host}{path}"),
        format!("http://127.0.0.1{path}"),
        format!("http://localhost{path}"),
    ]
    .iter()
    .map(|text| rules.accept(text).unwrap())
    .collect();
    let corpus: BTreeSet<String> = tricks(host, path)
        .into_iter()
        .filter(|trick| !registered.iter().any(|own| own.as_str() == trick))
        .collect();
    assert!(corpus.len() >= 350, "{}", corpus.len());
    let matched: Vec<&String> = corpus
        .iter()
        .filter(|trick| registered.iter().any(|own| own.is(trick)))
        .collect();
    assert_eq!(matched, Vec::<&String>::new());
    // What may be registered at all is what it looks like: the parser's host is the written one.
    for trick in &corpus {
        if let Ok(uri) = rules.accept(trick) {
            let rest = trick.split_once("://").unwrap().1;
            let written = rest.split(['/', '?', ':']).next().unwrap();
            assert_eq!(uri.shown_target(), written.to_ascii_lowercase(), "{trick}");
        }
    }
}
