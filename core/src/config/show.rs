//! How a value that is not a secret appears in a message.

/// The most characters of a value that a message shows.
const LIMIT: usize = 80;

/// `value` without userinfo, escaped, shortened, and in quotes.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(&masked(value)))
}

/// At most 80 characters of `value`, with everything unprintable escaped.
pub(super) fn escaped(value: &str) -> String {
    let mut shown: String = value.escape_debug().take(LIMIT).collect();
    if value.escape_debug().nth(LIMIT).is_some() {
        shown.push('…');
    }
    shown
}

/// Hides everything between a scheme and the last `@`.
///
/// Coarse on purpose: a broken URL must not escape the mask because it cannot be taken apart.
pub(super) fn masked(value: &str) -> String {
    let Some((before, after)) = value.rsplit_once('@') else {
        return value.to_owned();
    };
    let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
    if !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        format!("{scheme}://***@{after}")
    } else {
        format!("***@{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shortened_escaped_and_masked() {
        let cases = [
            ("abc", "\"abc\""),
            ("a\"b\n\u{1b}[31m", "\"a\\\"b\\n\\u{1b}[31m\""),
            ("https://user:canary@host/p", "\"https://***@host/p\""),
            (
                "https://a:canary/x@h,https://b:canary y@h",
                "\"https://***@h\"",
            ),
            ("user:canary@host", "\"***@host\""),
            ("https:\\\\user:canary@host", "\"***@host\""),
        ];
        for (value, expected) in cases {
            assert_eq!(quoted(value), expected);
        }
        assert_eq!(escaped(&"x".repeat(81)).chars().count(), 81);
        assert!(escaped(&"x".repeat(81)).ends_with('…'));
        assert_eq!(escaped(&"x".repeat(80)), "x".repeat(80));
    }
}
