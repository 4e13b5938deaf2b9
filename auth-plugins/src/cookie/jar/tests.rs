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

/// Domain (with a dot: its subdomains too), path, flag, request, and whether it is sent there.
const REQUESTS: &str = "
    a.example  /        any     https://a.example/api       yes
    a.example  /        any     https://a.example:8443/api  yes
    a.example  /        any     https://b.a.example/api     no
    a.example  /        any     https://a.example.evil/api  no
    a.example  /        any     https://example/api         no
    .a.example /        any     https://a.example/api       yes
    .a.example /        any     https://b.a.example/api     yes
    .a.example /        any     https://xa.example/api      no
    .0.0.1     /        any     https://127.0.0.1/api       no
    127.0.0.1  /        any     https://127.0.0.1/api       yes
    a.example  /api     any     https://a.example/api       yes
    a.example  /api     any     https://a.example/api/v4    yes
    a.example  /api/    any     https://a.example/api/v4    yes
    a.example  /api     any     https://a.example/apis      no
    a.example  /gitlab  any     https://a.example/api/v4    no
    a.example  /        secure  https://a.example/api       yes
    a.example  /        secure  http://a.example/api        no
    127.0.0.1  /        secure  http://127.0.0.1/api        no
    localhost  /        secure  http://localhost/api        no
";

#[test]
fn domain_path_and_secure_flag_decide() {
    let rows = REQUESTS.lines().filter(|row| !row.trim().is_empty());
    for row in rows {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let [domain, path, flag, target, expected] = columns[..] else {
            panic!("{row}");
        };
        let domain = domain.strip_prefix('.').map_or_else(|| host(domain), below);
        let jar = Jar::new(vec![cookie("n", domain, path, flag == "secure")]);
        assert_eq!(sent(&jar, target) == "n=v", expected == "yes", "{row}");
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

/// Who answers, what is set, and a request that has it or not.
const SETTINGS: &str = "
https://gitlab.a.example/x/y | n=v                               | https://gitlab.a.example/x/z   | yes
https://gitlab.a.example/x/y | n=v                               | https://gitlab.a.example/other | no
https://gitlab.a.example/x/y | n=v; Path=other                   | https://gitlab.a.example/x/z   | yes
https://gitlab.a.example/x/y | n=v; Domain=a.example; Path=/     | https://b.a.example/           | yes
https://gitlab.a.example/x/y | n=v; Domain=.A.Example; Path=/    | https://b.a.example/           | yes
https://gitlab.a.example/x/y | n=v; Domain=b.example; Path=/     | https://b.example/             | no
https://gitlab.a.example/x/y | n=v; Domain=example; Path=/       | https://b.example/             | no
https://gitlab.a.example/x/y | n=v; Domain=x.gitlab.a.example    | https://x.gitlab.a.example/x/y | no
https://gitlab.a.example/x/y | n=v; Path=/; Max-Age=-5           | https://gitlab.a.example/      | no
https://gitlab.a.example/x/y | n=v; Path=/; Max-Age=99999999999  | https://gitlab.a.example/      | yes
https://gitlab.a.example/x/y | __Host-n=v; Path=/; Secure        | https://gitlab.a.example/      | yes
https://gitlab.a.example/x/y | __Host-n=v; Path=/                | https://gitlab.a.example/      | no
https://gitlab.a.example/x/y | __Host-n=v; Path=/x; Secure       | https://gitlab.a.example/x     | no
https://gitlab.a.example/x/y | __host-n=v; Path=/; Secure; Domain=gitlab.a.example | https://gitlab.a.example/ | no
https://gitlab.a.example/x/y | __secure-n=v; Path=/              | https://gitlab.a.example/      | no
https://gitlab.a.example/x/y | __Secure-n=v; Path=/; Secure      | https://gitlab.a.example/      | yes
http://a.example/            | __Secure-n=v; Path=/; Secure      | https://a.example/             | no
http://127.0.0.1/            | n=v; Domain=127.0.0.1; Path=/     | http://127.0.0.1/              | yes
http://localhost/            | n=v; Domain=localhost; Path=/     | http://localhost/              | yes
https://gitlab.a.example/    |                                   | https://gitlab.a.example/      | no
https://gitlab.a.example/    | =v; Path=/                        | https://gitlab.a.example/      | no
https://gitlab.a.example/    | novalue                           | https://gitlab.a.example/      | no
";

#[test]
fn what_an_answer_may_not_set_is_left_out() {
    for row in SETTINGS.lines().filter(|row| !row.is_empty()) {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [from, value, target, expected] = columns[..] else {
            panic!("{row}");
        };
        let jar = learned(from, &[value]);
        assert_eq!(!sent(&jar, target).is_empty(), expected == "yes", "{row}");
    }
    let long = format!("n={}; Path=/", "x".repeat(4096));
    assert!(learned("https://a.example/", &[&long]).is_empty());
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
