//! What stands in the URL the browser is sent to.

use super::*;

fn back(redirect_uri: &str) -> Back {
    Back {
        client_name: "Editor".to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: None,
    }
}

#[test]
fn an_existing_query_is_kept_byte_for_byte() {
    for (uri, expected) in [
        ("https://app.example/cb", "https://app.example/cb?code=x"),
        ("https://APP.example", "https://APP.example?code=x"),
        ("https://app.example/cb?", "https://app.example/cb?code=x"),
        (
            "https://app.example/cb?a=%2f+b&a",
            "https://app.example/cb?a=%2f+b&a&code=x",
        ),
        (
            "https://app.example/cb?a=1&",
            "https://app.example/cb?a=1&code=x",
        ),
        ("com.example.app:/cb", "com.example.app:/cb?code=x"),
    ] {
        assert_eq!(back(uri).location(&[("code", "x")]), expected);
    }
}

#[test]
fn a_state_comes_back_as_it_went() {
    let state = "a b&c=d#é%00+/\"\u{7f}\r\n";
    let location = back("https://app.example/cb").location(&[("state", state)]);
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    let url = Url::parse(&location).unwrap();
    assert_eq!(url.query_pairs().next().unwrap().1, state);
}

#[test]
fn a_description_has_only_the_characters_of_one() {
    assert_eq!(plain("a \"b\" \\ é\r\nc"), "a b  c");
    assert_eq!(plain(&"x".repeat(300)).len(), LONGEST);
}
