//! What headers say about a browser.

use http::Request;

use super::*;

fn request(method: Method, headers: &[(&'static str, &str)]) -> Parts {
    let mut request = Request::builder().method(method);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    request(Method::GET, of).headers
}

fn base() -> Base {
    Base::parse("https://mcp.example/gitlab").unwrap()
}

#[test]
fn a_page_is_for_those_who_ask_for_one() {
    for (accept, expected) in [
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", true),
        ("application/json, TEXT/HTML;level=1", true),
        ("*/*", false),
        ("application/json", false),
        ("text/html-like", false),
        ("", false),
    ] {
        assert_eq!(
            wants_page(&headers(&[("accept", accept)])),
            expected,
            "{accept}"
        );
    }
    assert!(!wants_page(&HeaderMap::new()));
}

#[test]
fn looking_ahead_is_answered_without_looking() {
    let get = |headers: &[(&'static str, &str)]| {
        idle_answer(&request(Method::GET, headers)).map(|answer| answer.status())
    };
    assert_eq!(get(&[]), None);
    assert_eq!(get(&[("sec-fetch-site", "none")]), None);
    for ahead in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "Prefetch"),
    ] {
        assert_eq!(get(&[ahead]), Some(StatusCode::SERVICE_UNAVAILABLE));
    }
    let head = idle_answer(&request(Method::HEAD, &[]));
    assert_eq!(head.unwrap().status(), StatusCode::OK);
}

#[test]
fn a_form_comes_from_here_or_nothing_is_known_about_it() {
    for (sent, expected) in [
        (&[][..], true),
        (&[("origin", "https://mcp.example")], true),
        (
            &[
                ("origin", "https://mcp.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            true,
        ),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "https://mcp.example.evil.example")], false),
        (&[("origin", "http://mcp.example")], false),
        (&[("origin", "https://mcp.example:444")], false),
        (&[("origin", "null")], false),
        (
            &[
                ("origin", "https://mcp.example"),
                ("origin", "https://evil.example"),
            ],
            false,
        ),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "none")], false),
    ] {
        assert_eq!(is_own_form(&headers(sent), &base()), expected, "{sent:?}");
    }
}

#[test]
fn only_a_browser_that_says_so_came_by_itself() {
    for (sent, expected) in [
        (&[("sec-fetch-site", "none")][..], true),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "None")], false),
        (&[], false),
    ] {
        assert_eq!(came_by_itself(&headers(sent)), expected, "{sent:?}");
    }
}

#[test]
fn a_word_that_was_not_made_here_is_replaced() {
    let random = random::SeededRandom::new(1);
    let word = form_word(&HeaderMap::new(), &base(), &random);
    let own = format!("__Host-{FORM}={word}");
    let kept = form_word(&headers(&[("cookie", &own)]), &base(), &random);
    assert_eq!(kept, word);
    let twice = format!("{own}; {own}");
    let unprefixed = format!("{FORM}={word}");
    let short = format!("__Host-{FORM}=short");
    for cookie in [twice, unprefixed, short] {
        let other = form_word(&headers(&[("cookie", &cookie)]), &base(), &random);
        assert_ne!(other, word, "{cookie}");
    }
}

#[test]
fn a_login_is_bound_to_the_browser_with_its_cookie() {
    let random = random::SeededRandom::new(1);
    let (one, other) = (Binding::draw(&random), Binding::draw(&random));
    let sent = |binding: &Binding, state: &str| {
        let cookie = binding.cookie(state, &base(), 600);
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
        headers(&[("cookie", cookie)])
    };
    let is_one = |headers: &HeaderMap| is_bound(headers, "state-1", &base(), &one.digest());
    assert!(is_one(&sent(&one, "state-1")));
    assert!(!is_one(&sent(&one, "state-2")));
    assert!(!is_one(&sent(&other, "state-1")));
    assert!(!is_one(&sent(&other, "state-2")));
    assert!(!is_one(&HeaderMap::new()));
}
