//! Which cookie is sent where, and what answers may set.

use http::HeaderName;

use super::*;

/// 2026-01-01.
const NOW: i64 = 1_767_225_600;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn cookie(name: &str, domain: CookieDomain, path: &str, secure: bool) -> Cookie {
    let reach = Reach {
        domain,
        path: CookiePath::parse(path).unwrap(),
        secure,
        expires: None,
    };
    Cookie::new(name, "v", reach).unwrap()
}

fn host(name: &str) -> CookieDomain {
    CookieDomain::HostOnly(name.to_owned())
}

fn below(name: &str) -> CookieDomain {
    CookieDomain::Suffix(name.to_owned())
}

fn sent(jar: &Jar, target: &str) -> String {
    let header = jar.header_for(&url(target), NOW);
    header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

fn learned(from: &str, values: &[&str]) -> Jar {
    let mut jar = Jar::new(Vec::new());
    learn(&mut jar, from, values);
    jar
}

fn learn(jar: &mut Jar, from: &str, values: &[&str]) {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(
            SET_COOKIE,
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    jar.learn(&url(from), &headers, NOW);
}

#[test]
fn domain_path_and_secure_flag_decide() {
    let cases = [
        (host("a.example"), "/", false, "https://a.example/api", true),
        (
            host("a.example"),
            "/",
            false,
            "https://a.example:8443/api",
            true,
        ),
        (
            host("a.example"),
            "/",
            false,
            "https://b.a.example/api",
            false,
        ),
        (
            host("a.example"),
            "/",
            false,
            "https://a.example.evil/api",
            false,
        ),
        (host("a.example"), "/", false, "https://example/api", false),
        (
            below("a.example"),
            "/",
            false,
            "https://a.example/api",
            true,
        ),
        (
            below("a.example"),
            "/",
            false,
            "https://b.a.example/api",
            true,
        ),
        (
            below("a.example"),
            "/",
            false,
            "https://xa.example/api",
            false,
        ),
        (below("0.0.1"), "/", false, "https://127.0.0.1/api", false),
        (host("127.0.0.1"), "/", false, "https://127.0.0.1/api", true),
        (
            host("a.example"),
            "/api",
            false,
            "https://a.example/api",
            true,
        ),
        (
            host("a.example"),
            "/api",
            false,
            "https://a.example/api/v4",
            true,
        ),
        (
            host("a.example"),
            "/api/",
            false,
            "https://a.example/api/v4",
            true,
        ),
        (
            host("a.example"),
            "/api",
            false,
            "https://a.example/apis",
            false,
        ),
        (
            host("a.example"),
            "/gitlab",
            false,
            "https://a.example/api/v4",
            false,
        ),
        (host("a.example"), "/", true, "https://a.example/api", true),
        (host("a.example"), "/", true, "http://a.example/api", false),
        (host("127.0.0.1"), "/", true, "http://127.0.0.1/api", false),
        (host("localhost"), "/", true, "http://localhost/api", false),
    ];
    for (domain, path, secure, target, expected) in cases {
        let what = format!("{domain:?} {path} {secure} {target}");
        let jar = Jar::new(vec![cookie("n", domain, path, secure)]);
        assert_eq!(sent(&jar, target) == "n=v", expected, "{what}");
    }
}

#[test]
fn a_cookie_ends_at_its_second() {
    let reach = Reach {
        domain: host("a.example"),
        path: CookiePath::parse("/").unwrap(),
        secure: false,
        expires: Some(NOW + 10),
    };
    let jar = Jar::new(vec![Cookie::new("n", "v", reach).unwrap()]);
    let target = url("https://a.example/");
    assert!(jar.header_for(&target, NOW + 9).is_some());
    assert!(jar.header_for(&target, NOW + 10).is_none());
}

#[test]
fn longer_paths_come_first_and_the_header_is_sensitive() {
    let jar = Jar::new(vec![
        cookie("short", host("a.example"), "/", false),
        cookie("long", host("a.example"), "/api/v4", false),
        cookie("also", host("a.example"), "/", false),
    ]);
    let target = "https://a.example/api/v4/user";
    assert_eq!(sent(&jar, target), "long=v; short=v; also=v");
    assert!(jar.header_for(&url(target), NOW).unwrap().is_sensitive());
}

#[test]
fn answers_set_replace_and_remove() {
    let mut jar = Jar::new(vec![cookie("n", host("a.example"), "/", false)]);
    let home = "https://a.example/x/y";
    learn(
        &mut jar,
        home,
        &["n=second; Path=/", "m=1; Path=/; Max-Age=60"],
    );
    assert_eq!(sent(&jar, home), "n=second; m=1");
    learn(&mut jar, home, &["n=; Path=/; Max-Age=0"]);
    learn(
        &mut jar,
        home,
        &["m=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
    );
    assert!(jar.is_empty());
}

#[test]
fn what_an_answer_may_not_set_is_left_out() {
    let home = "https://gitlab.a.example/x/y";
    let long = format!("n={}", "x".repeat(4096));
    let cases = [
        (home, "n=v", "https://gitlab.a.example/x/z", true),
        (home, "n=v", "https://gitlab.a.example/other", false),
        (
            home,
            "n=v; Domain=a.example; Path=/",
            "https://b.a.example/",
            true,
        ),
        (
            home,
            "n=v; Domain=.A.Example; Path=/",
            "https://b.a.example/",
            true,
        ),
        (
            home,
            "n=v; Domain=b.example; Path=/",
            "https://b.example/",
            false,
        ),
        (
            home,
            "n=v; Domain=example; Path=/",
            "https://b.example/",
            false,
        ),
        (
            home,
            "n=v; Domain=evil.gitlab.a.example; Path=/",
            home,
            false,
        ),
        (home, "n=v; Path=/; Max-Age=-5", home, false),
        (
            home,
            "n=v; Path=/; Max-Age=99999999999999999999",
            home,
            true,
        ),
        (home, "__Host-n=v; Path=/; Secure", home, true),
        (home, "__Host-n=v; Path=/", home, false),
        (home, "__Host-n=v; Path=/x; Secure", home, false),
        (
            home,
            "__Host-n=v; Path=/; Secure; Domain=gitlab.a.example",
            home,
            false,
        ),
        (home, "__secure-n=v; Path=/", home, false),
        (home, "__Secure-n=v; Path=/; Secure", home, true),
        (
            "http://a.example/",
            "__Secure-n=v; Path=/; Secure",
            "https://a.example/",
            false,
        ),
        (
            "http://127.0.0.1/",
            "n=v; Domain=127.0.0.1; Path=/",
            "http://127.0.0.1/",
            true,
        ),
        (
            "http://localhost/",
            "n=v; Domain=localhost; Path=/",
            "http://localhost/",
            true,
        ),
        (home, "", home, false),
        (home, "=v; Path=/", home, false),
        (home, &long, home, false),
    ];
    for (from, value, target, expected) in cases {
        let jar = learned(from, &[value]);
        assert_eq!(
            !sent(&jar, target).is_empty(),
            expected,
            "{from} {value:.60}"
        );
    }
}

#[test]
fn a_flood_of_cookies_is_bounded() {
    let values: Vec<String> = (0..1000).map(|number| format!("n{number}=v")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let jar = learned("https://a.example/", &values);
    assert_eq!(jar.len(), LEARNED);
}

#[test]
fn values_are_hidden_and_short_ones_do_not_mask_everything() {
    let reach = || Reach {
        domain: host("a.example"),
        path: CookiePath::parse("/").unwrap(),
        secure: false,
        expires: None,
    };
    let long = Cookie::new("a", "canary-0123456789", reach()).unwrap();
    let short = Cookie::new("b", "1", reach()).unwrap();
    let jar = Jar::new(vec![long, short]);
    let text = "1 of canary-0123456789 and 11".to_owned();
    assert_eq!(jar.hidden_in(text), "1 of [masked] and 11");
    assert!(!format!("{jar:?}").contains("canary"));
}

#[test]
fn no_cookie_can_begin_another_header() {
    let name = HeaderName::from_static("cookie");
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a;b", "a\tb", "a\u{85}b"] {
        let reach = Reach {
            domain: host("a.example"),
            path: CookiePath::parse("/").unwrap(),
            secure: false,
            expires: None,
        };
        assert!(
            Cookie::new(name.as_str(), value, reach).is_none(),
            "{value:?}"
        );
    }
}
