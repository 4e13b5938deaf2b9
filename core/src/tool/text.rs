//! Text from GitLab as a model may see it: marked as data, without invisible characters.
//! What others write into issues, logs and files is never an instruction.

use std::ops::Range;

use crate::random::Random;

/// Replaces characters that a person would not see by visible escapes: tag characters, direction
/// controls, zero-width characters, other control characters but tab and line ends.
pub fn visible(text: &str) -> String {
    if !text.chars().any(is_invisible) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_invisible(c) {
            clean.extend(c.escape_unicode());
        } else {
            clean.push(c);
        }
    }
    clean
}

/// True when [`visible`] would change the text.
pub(super) fn has_invisible(text: &str) -> bool {
    // ASCII without control characters is the common case and needs no decoding.
    if text
        .bytes()
        .all(|byte| (0x20..0x7f).contains(&byte) || matches!(byte, b'\n' | b'\t' | b'\r'))
    {
        return false;
    }
    text.chars().any(is_invisible)
}

fn is_invisible(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        c if c.is_control() => true,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Puts a text between two boundary lines whose nonce does not occur in it.
pub fn frame(text: &str, random: &dyn Random) -> String {
    let mut nonce = crate::random::token(random, 9);
    while text.contains(&nonce) {
        nonce = crate::random::token(random, 9);
    }
    format!("--- begin untrusted {nonce}\n{text}\n--- end untrusted {nonce}")
}

/// A window of lines of a longer text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The lines shown, counted from 0.
    pub lines: Range<usize>,
    /// How many lines there are in all.
    pub total: usize,
    /// The text of the window.
    pub text: String,
}

impl Window {
    /// The lines from `start` on (negative: counted from the end), at most `count` of them and
    /// `budget` bytes. A line longer than the budget is cut at a character boundary.
    pub fn of(text: &str, start: i64, count: usize, budget: usize) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let total = lines.len();
        let first = match usize::try_from(start) {
            Ok(start) => start.min(total),
            Err(_) => {
                total.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX))
            }
        };
        let mut shown = String::new();
        let mut end = first;
        for line in lines.iter().skip(first).take(count) {
            if shown.len() + line.len() + 1 > budget && end > first {
                break;
            }
            shown.push_str(cut_at(line, budget.saturating_sub(shown.len() + 1)));
            shown.push('\n');
            end += 1;
        }
        Self {
            lines: first..end,
            total,
            text: shown,
        }
    }

    /// True when lines follow the window.
    pub fn has_more(&self) -> bool {
        self.lines.end < self.total
    }
}

/// The longest start of `text` of at most `bytes` that ends at a character boundary.
pub(super) fn cut_at(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_shown_and_ordinary_ones_stay() {
        for (text, expected) in [
            ("plain\ttext\n", "plain\ttext\n"),
            ("emoji 🦀 and 漢字 stay", "emoji 🦀 and 漢字 stay"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{e0041}b", "a\\u{e0041}b"),
            ("bell\u{7}", "bell\\u{7}"),
        ] {
            assert_eq!(visible(text), expected);
            assert_eq!(has_invisible(text), text != expected);
        }
    }

    #[test]
    fn a_window_counts_from_either_end() {
        let text = "a\nb\nc\nd";
        assert_eq!(Window::of(text, 1, 2, 100).text, "b\nc\n");
        assert_eq!(Window::of(text, -2, 10, 100).text, "c\nd\n");
        assert_eq!(Window::of(text, 9, 10, 100).text, "");
        assert_eq!(Window::of(text, -99, 1, 100).lines, 0..1);
        assert!(Window::of(text, 0, 3, 100).has_more());
    }

    #[test]
    fn a_window_never_passes_its_budget() {
        let text = "äöü".repeat(100);
        let window = Window::of(&text, 0, 10, 10);
        assert!(window.text.len() <= 10, "{}", window.text.len());
    }
}
