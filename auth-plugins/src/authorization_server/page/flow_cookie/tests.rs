//! The text of the headers, and hostile requests.

use super::*;

fn asked(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    headers
}

#[test]
fn a_cookie_is_bound_to_the_host_over_https_and_usable_over_http() {
    assert_eq!(
        set("mcp-login", "value-1", 600, true),
        "__Host-mcp-login=value-1; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
    );
    assert_eq!(
        set("mcp-login", "value-1", 600, false),
        "mcp-login=value-1; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"
    );
    assert_eq!(
        clear("mcp-login", true),
        "__Host-mcp-login=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"
    );
    assert_eq!(
        clear("mcp-login", false),
        "mcp-login=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
    );
}

#[test]
fn what_is_set_is_read_back() {
    for value in [
        "abc-_123",
        "a;b=c, \"d\"",
        "ü\u{7}%3B",
        "=",
        "x".repeat(3_000).as_str(),
    ] {
        for secure in [true, false] {
            let sent = set("c", value, 60, secure);
            let pair = sent.to_str().unwrap().split(';').next().unwrap();
            let line = format!("other=1; {pair}; more=2");
            let found = read(&asked(&[line.as_bytes()]), "c", secure);
            assert_eq!(found.as_deref(), Some(value));
        }
    }
}

#[test]
fn only_one_cookie_of_exactly_this_name_counts() {
    let cases: [(&[&[u8]], Option<&str>); 14] = [
        (&[b"__Host-c=1"], Some("1")),
        (&[b"a=0; __Host-c=1; b=2"], Some("1")),
        (&[b"a=0", b"__Host-c=1"], Some("1")),
        (&[b"junk; =; __Host-c=1"], Some("1")),
        (&[b"other=\xff\xfe; __Host-c=1"], Some("1")),
        (&[], None),
        (&[b""], None),
        (&[b"__Host-c="], None),
        // Without the prefix it may come from another host.
        (&[b"c=1"], None),
        (&[b"__host-c=1"], None),
        (&[b"__Secure-c=1"], None),
        // Twice: one was planted.
        (&[b"__Host-c=1; __Host-c=2"], None),
        (&[b"__Host-c=1; __Host-c=1"], None),
        (&[b"__Host-c=1", b"__Host-c=2"], None),
    ];
    for (lines, expected) in cases {
        let found = read(&asked(lines), "c", true);
        assert_eq!(found.as_deref(), expected, "{lines:?}");
    }
}

#[test]
fn over_http_the_plain_name_counts() {
    assert_eq!(read(&asked(&[b"c=1"]), "c", false).as_deref(), Some("1"));
    assert_eq!(read(&asked(&[b"__Host-c=1"]), "c", false), None);
    assert_eq!(read(&asked(&[b"c=1; c=1"]), "c", false), None);
}
