//! The text forms of values, one pure function each.

use std::path::{Path, PathBuf};

use regex::Regex;
use url::Url;

/// The longest pattern, in characters.
const PATTERN_LIMIT: usize = 1000;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("expected true/1/yes/on or false/0/no/off".to_owned()),
    }
}

pub(super) fn integer(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let digits = text.trim();
    // `u64::from_str` takes a leading plus sign, which is not a digit.
    let number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok());
    number
        .flatten()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("expected a whole number from {min} to {max}"))
}

pub(super) fn one_of(text: &str, words: &[&'static str]) -> Result<&'static str, String> {
    let word = text.trim();
    let found = words.iter().find(|own| own.eq_ignore_ascii_case(word));
    found
        .copied()
        .ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

pub(super) fn list(text: &str) -> Vec<String> {
    tidy(text.split(','))
}

pub(super) fn words(text: &str) -> Vec<String> {
    tidy(text.split([',', ' ', '\t', '\n', '\r']))
}

/// Trimmed, without empty items, each item once.
pub(super) fn tidy<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut tidy: Vec<String> = Vec::new();
    for item in items.map(str::trim).filter(|item| !item.is_empty()) {
        if !tidy.iter().any(|seen| seen == item) {
            tidy.push(item.to_owned());
        }
    }
    tidy
}

/// Judges the raw text and not only what `url` makes of it: that crate repairs tabs, backslashes,
/// missing slashes and dot segments in silence.
pub(super) fn url(text: &str) -> Result<Url, String> {
    checked_url(text.trim()).ok_or_else(|| "not a usable http(s) URL".to_owned())
}

fn checked_url(text: &str) -> Option<Url> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '?' | '#');
    let (scheme, rest) = text.split_once("://")?;
    let mut parts = rest.split('/');
    let authority = parts.next()?;
    let dots = |part: &str| {
        matches!(
            part.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    };
    let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !http || text.contains(odd) || authority.is_empty() || authority.contains('@') {
        return None;
    }
    if parts.any(dots) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    url.host_str()
        .is_some_and(|host| !host.is_empty())
        .then_some(url)
}

/// `host` or `host:port`, in lower case and without the default port of its scheme; a bare host
/// means https. Wildcards are refused: they would let in names nobody thought of.
pub(super) fn host(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_url = text.contains("://");
    let url = if is_url {
        checked_url(text)
    } else {
        checked_url(&format!("https://{text}"))
    };
    let usable = !text.contains('*') && (is_url || !text.contains('/'));
    let url = url
        .filter(|_| usable)
        .ok_or_else(|| "not a host or URL".to_owned())?;
    let name = url.host_str().unwrap_or_default();
    Ok(url
        .port()
        .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
}

/// An origin in the form in which a browser sends it.
pub(super) fn origin(text: &str) -> Result<String, String> {
    checked_origin(text.trim()).ok_or_else(|| "not an origin".to_owned())
}

fn checked_origin(text: &str) -> Option<String> {
    let (scheme, authority) = text.split_once("://")?;
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_');
    if authority.is_empty() || !authority.chars().all(plain) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if url.origin().is_tuple() {
        return Some(url.origin().ascii_serialization());
    }
    // Private schemes, such as those of editors, have no origin in the eyes of `url`.
    Some(format!(
        "{}://{}",
        scheme.to_ascii_lowercase(),
        authority.to_ascii_lowercase()
    ))
}

pub(super) fn path(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    if text.trim().is_empty() || text.contains('\0') {
        return Err("not a usable path".to_owned());
    }
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        (Some(_), None) => Err("~/ cannot be expanded, HOME is not set".to_owned()),
        (None, _) => Ok(PathBuf::from(text)),
    }
}

pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    if text.chars().count() > PATTERN_LIMIT {
        return Err(format!("too long, at most {PATTERN_LIMIT} characters"));
    }
    Regex::new(text).map_err(|_| "not a valid pattern".to_owned())
}

pub(super) fn text(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("contains control characters".to_owned());
    }
    if text.chars().count() > max {
        return Err(format!("too long, at most {max} characters"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans() {
        for text in ["true", "TRUE", "1", "yes", "On", "  on  "] {
            assert_eq!(boolean(text), Ok(true), "{text}");
        }
        for text in ["false", "0", "No", "OFF", "\toff"] {
            assert_eq!(boolean(text), Ok(false), "{text}");
        }
        for text in ["enabled", "2", "t", "", " ", "truetrue"] {
            let expected = "expected true/1/yes/on or false/0/no/off".to_owned();
            assert_eq!(boolean(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn integers() {
        for (text, value) in [("1", 1), ("65535", 65535), ("0080", 80), (" 7 ", 7)] {
            assert_eq!(integer(text, 1, 65535), Ok(value), "{text}");
        }
        for text in [
            "0",
            "65536",
            "-1",
            "+1",
            "1.0",
            "1 0",
            "0x10",
            "1e3",
            "",
            "٣",
            "99999999999999999999999",
        ] {
            let expected = "expected a whole number from 1 to 65535".to_owned();
            assert_eq!(integer(text, 1, 65535), Err(expected), "{text}");
        }
    }

    #[test]
    fn words_of_a_choice() {
        assert_eq!(one_of(" ReadOnly ", &["readonly", "full"]), Ok("readonly"));
        let expected = "expected one of readonly, full".to_owned();
        assert_eq!(one_of("none", &["readonly", "full"]), Err(expected));
    }

    #[test]
    fn lists_are_trimmed_and_without_duplicates() {
        assert_eq!(list(" a, b c ,,a,"), ["a", "b c"]);
        assert_eq!(words("a, b c\n,a"), ["a", "b", "c"]);
        assert!(list(" , ,").is_empty());
    }

    #[test]
    fn urls() {
        for text in [
            "https://gitlab.com",
            "HTTP://h:8080/a/b/",
            " https://[::1]/api/v4 ",
        ] {
            assert!(url(text).is_ok(), "{text}");
        }
        for text in [
            "gitlab.com",
            "ftp://h",
            "https://",
            "https:///h",
            "https:h",
            "https:/h",
            "//h",
            "https://u@h",
            "https://u:p@h/",
            "https://h?x",
            "https://h/#f",
            "https://h/a/../b",
            "https://h/./b",
            "https://h/%2E%2e/b",
            "https://h\\@evil",
            "https://h/\ta",
            "https://h/\0",
            "https://h h",
            "https://h:99999",
            "javascript://h",
            "",
        ] {
            assert_eq!(
                url(text),
                Err("not a usable http(s) URL".to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn hosts() {
        let cases = [
            ("Example.org", "example.org"),
            ("example.org:8443", "example.org:8443"),
            ("example.org:443", "example.org"),
            ("https://example.org/path", "example.org"),
            ("http://example.org:8080", "example.org:8080"),
            ("[::1]:3002", "[::1]:3002"),
        ];
        for (text, expected) in cases {
            assert_eq!(host(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "*",
            "*.example.org",
            "a/b",
            "a b",
            "u@h",
            "ftp://h",
            "::1",
            "h:x",
            "",
            "a?b",
        ] {
            assert_eq!(host(text), Err("not a host or URL".to_owned()), "{text}");
        }
    }

    #[test]
    fn origins() {
        let cases = [
            ("HTTPS://Example.org", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://localhost:6274", "http://localhost:6274"),
            ("vscode-webview://Abc123", "vscode-webview://abc123"),
        ];
        for (text, expected) in cases {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "null",
            "*",
            "https://*",
            "example.org",
            "https://h/",
            "https://u@h",
            "https://",
        ] {
            assert_eq!(origin(text), Err("not an origin".to_owned()), "{text}");
        }
    }

    #[test]
    fn paths() {
        let home = Path::new("/home/me");
        assert_eq!(
            path("~/t.json", Some(home)),
            Ok(PathBuf::from("/home/me/t.json"))
        );
        assert_eq!(path("a/~/b", Some(home)), Ok(PathBuf::from("a/~/b")));
        for text in ["", "  ", "a\0b"] {
            assert!(path(text, Some(home)).is_err(), "{text:?}");
        }
        assert!(path("~/t.json", None).is_err());
    }

    #[test]
    fn patterns_are_bounded_and_linear() {
        assert!(pattern("^(list|get)_").is_ok());
        for text in ["(", "(a)\\1", "(?=a)"] {
            assert_eq!(pattern(text).unwrap_err(), "not a valid pattern", "{text}");
        }
        assert!(pattern(&"a".repeat(1001)).unwrap_err().contains("too long"));
    }

    #[test]
    fn texts() {
        assert_eq!(text("  a name ", 6), Ok("a name".to_owned()));
        assert_eq!(
            text("a name!", 6),
            Err("too long, at most 6 characters".to_owned())
        );
        assert_eq!(
            text("a\nb", 6),
            Err("contains control characters".to_owned())
        );
    }
}
