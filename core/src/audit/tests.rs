//! Text of somebody else in entries, and that what is secret stays out.

use super::*;

fn project(text: &str) -> String {
    let entry = Entry::new(Event::WriteToolCalled).tool("create_issue", Some(text));
    entry.project.unwrap()
}

#[test]
fn a_project_is_shown_as_it_is_named() {
    for text in ["42", "group/sub.group/project-1_x", "gruppe/größe"] {
        assert_eq!(project(text), text);
    }
}

#[test]
fn a_hostile_project_is_escaped_cut_and_masked() {
    let long = "x".repeat(10_000);
    let escapes = "\u{1b}".repeat(10_000);
    for (text, expected) in [
        ("a\nb\r\u{0}\"", "a\\nb\\r\\0\\\"".to_owned()),
        ("\u{1b}[31mred", "\\u{1b}[31mred".to_owned()),
        ("a\u{202e}b", "a\\u{202e}b".to_owned()),
        (&*long, "x".repeat(255)),
        (&*escapes, "\\u{1b}".repeat(255)),
        ("glpat-0123456789abcdef", "[masked]".to_owned()),
        (
            "https://x/glpat-0123456789abcdef/y",
            "https://x/[masked]/y".to_owned(),
        ),
    ] {
        assert_eq!(project(text), expected, "{text:.40}");
    }
}

#[test]
fn the_id_of_a_message_is_escaped_and_cut() {
    let long = format!("\"{}\"", "7".repeat(500));
    for (id, expected) in [
        ("12", "12"),
        ("-3", "-3"),
        ("\"abc\"", "abc"),
        ("\"a\u{7f}\\u0000\"", "a\\u{7f}\\\\u0000"),
        (&*long, &*"7".repeat(64)),
    ] {
        let entry = Entry::new(Event::WriteToolCalled).request(id);
        assert_eq!(entry.request.as_deref(), Some(expected), "{id}");
    }
}

#[test]
fn a_login_is_followed_by_a_short_digest_of_its_id() {
    let one = digest("the id of a login");
    assert_eq!(one.len(), 11);
    assert_eq!(one, digest("the id of a login"));
    assert_ne!(one, digest("the id of another"));
    assert_eq!(digest(""), "");
}
