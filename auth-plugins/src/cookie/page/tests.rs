//! The token in a page, and where a redirect leads.

use http::HeaderValue;

use super::*;

#[test]
fn the_token_is_found_however_the_element_is_written() {
    let cases = [
        (
            r#"<meta name="csrf-token" content="abc-_12==" />"#,
            Some("abc-_12=="),
        ),
        ("<META content='abc' name='csrf-token'>", Some("abc")),
        (
            "<meta\n  name = \"csrf-token\"\n  content = \"abc\"\n>",
            Some("abc"),
        ),
        (
            r#"<meta name="csrf-param" content="authenticity_token"><meta name="csrf-token" content="abc">"#,
            Some("abc"),
        ),
        (r#"<meta name=csrf-token content="abc">"#, Some("abc")),
        (r#"<meta name="csrf-token" content="">"#, None),
        (r#"<meta name="csrf-token">"#, None),
        (r#"<meta name="x-csrf-token" content="abc">"#, None),
        (r#"<metaname="csrf-token" content="abc">"#, None),
        (r#"<input name="csrf-token" content="abc">"#, None),
        (r#"<meta name="csrf-token" content="a b">"#, None),
        ("csrf-token", None),
        ("", None),
    ];
    for (page, expected) in cases {
        assert_eq!(meta_of(page).as_deref(), expected, "{page}");
    }
}

#[test]
fn a_redirect_leads_to_web_addresses_alone() {
    let from = Url::parse("https://a.example/x/y?z").unwrap();
    let cases = [
        (302, "/b", Some("https://a.example/b")),
        (303, "c", Some("https://a.example/x/c")),
        (307, "//b.example/d#part", Some("https://b.example/d")),
        (308, "http://b.example/", Some("http://b.example/")),
        (302, "file:///etc/passwd", None),
        (302, "javascript:alert(1)", None),
        (302, "data:text/html,x", None),
        (302, "https://user:word@b.example/", None),
        (302, "https://", None),
        (200, "/b", None),
        (401, "/b", None),
    ];
    for (status, location, expected) in cases {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        let value = HeaderValue::from_str(location).unwrap();
        answer.headers_mut().insert(LOCATION, value);
        let found = next(&from, &answer);
        assert_eq!(
            found.as_ref().map(Url::as_str),
            expected,
            "{status} {location}"
        );
    }
}
