//! What a client calls itself, as it may be shown. It is a stranger's text: it must neither change
//! how the page around it reads nor hide part of itself. Unicode Standard Annexes 9 and 44.

use unicode_properties::{GeneralCategory as Category, UnicodeGeneralCategory as _};

/// Longest name in characters.
const LONGEST: usize = 100;
/// Most marks on one character; the scripts of the world get along with it.
const MARKS: usize = 2;
/// Says who speaks for the client at GitLab.
const SUFFIX: &str = " via GitLab MCP Server";
/// The name of a client that gives none.
const NAMELESS: &str = "MCP client";

/// Letters and symbols of no width, which general categories do not tell.
const BLANK: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];

/// `given` without what is invisible, changes the direction or piles up, at most 100 characters.
/// `None` when nothing is left.
pub(crate) fn clean(given: &str) -> Option<String> {
    let mut name = String::new();
    let (mut length, mut marks) = (0, MARKS);
    for character in given.chars() {
        if length >= LONGEST {
            break;
        }
        let kept = match kind(character) {
            Kind::Nothing => None,
            Kind::Blank if name.is_empty() || name.ends_with(' ') => None,
            Kind::Blank => Some(' '),
            Kind::Mark if marks >= MARKS => None,
            Kind::Mark | Kind::Character => Some(character),
        };
        let Some(kept) = kept else { continue };
        marks = match kind(kept) {
            Kind::Mark => marks.saturating_add(1),
            // A mark needs something to stand on.
            Kind::Blank | Kind::Nothing => MARKS,
            Kind::Character => 0,
        };
        name.push(kept);
        length += 1;
    }
    let name = name.trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The name a registered client gets: the one it gave, and through whom it comes.
pub(crate) fn registered(given: Option<&str>) -> String {
    let name = given.and_then(clean).unwrap_or_else(|| NAMELESS.to_owned());
    // A client that registers again may bring the name it was given here.
    let own = name.strip_suffix(SUFFIX).unwrap_or(&name);
    format!("{own}{SUFFIX}")
}

enum Kind {
    Nothing,
    Blank,
    Mark,
    Character,
}

fn kind(character: char) -> Kind {
    if character.is_whitespace() {
        return Kind::Blank;
    }
    if BLANK.contains(&character) {
        return Kind::Nothing;
    }
    match character.general_category() {
        Category::Control
        | Category::Format
        | Category::Surrogate
        | Category::PrivateUse
        | Category::Unassigned
        | Category::LineSeparator
        | Category::ParagraphSeparator => Kind::Nothing,
        Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark => Kind::Mark,
        _ => Kind::Character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_name_stays_as_it_is() {
        for name in [
            "Claude Code",
            "VS Code – Insiders (2.1)",
            "Ünïcødé",
            "编辑器",
            "संपादक",
            "محرر",
            "e\u{301}diteur",
            "Rocket 🚀",
            "<b>bold</b> & co",
        ] {
            assert_eq!(clean(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_hides_or_turns_text_is_removed() {
        for (given, shown) in [
            ("a\u{202e}b\u{202c}c", "abc"),
            ("a\u{2066}b\u{2069}", "ab"),
            ("a\u{200f}\u{200e}\u{61c}b", "ab"),
            ("a\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}b", "ab"),
            ("a\0\u{7}\u{1b}[31mb", "a[31mb"),
            ("a\u{85}b", "a b"),
            ("a\r\n\tb", "a b"),
            ("  a \u{3000}\u{a0} b  ", "a b"),
            ("a\u{2028}b\u{2029}c", "a b c"),
            ("a\u{e0041}\u{e007f}b", "ab"),
            ("a\u{e000}\u{f8ff}b", "ab"),
            ("a\u{3164}\u{115f}\u{1160}\u{ffa0}\u{2800}b", "ab"),
            ("a\u{fffe}\u{378}b", "ab"),
            ("\u{301}\u{301}a", "a"),
            (" \u{301}a", "a"),
            ("a \u{301}b", "a b"),
        ] {
            assert_eq!(clean(given).as_deref(), Some(shown), "{given:?}");
        }
        let piled = format!("Z{}algo", "\u{30d}\u{348}\u{33f}\u{20dd}".repeat(20));
        assert_eq!(clean(&piled).unwrap(), "Z\u{30d}\u{348}algo");
        for nothing in ["", "   ", "\u{202e}", "\n\n", "\u{301}", "\u{3164}"] {
            assert_eq!(clean(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_name_has_at_most_a_hundred_characters() {
        let long = "ä".repeat(5_000);
        assert_eq!(clean(&long).unwrap().chars().count(), 100);
        let spaced = format!("{} x", "a".repeat(99));
        assert_eq!(clean(&spaced).unwrap(), "a".repeat(99));
    }

    #[test]
    fn a_registered_client_says_through_whom_it_comes() {
        for (given, name) in [
            (Some("Claude"), "Claude via GitLab MCP Server"),
            (
                Some("Claude via GitLab MCP Server"),
                "Claude via GitLab MCP Server",
            ),
            (Some("\u{202e}"), "MCP client via GitLab MCP Server"),
            (None, "MCP client via GitLab MCP Server"),
        ] {
            assert_eq!(registered(given), name);
        }
    }
}
