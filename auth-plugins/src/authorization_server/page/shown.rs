//! Text and addresses of others, as they may stand on a page.
//!
//! Escaping is the template's work; this is about what stays deceptive after it.
//! <https://www.unicode.org/reports/tr36/> (Unicode security considerations)

use std::sync::LazyLock;

use maud::{Markup, html};
use regex::{Captures, Regex};
use url::Url;

use crate::authorization_server::redirect_uri::FORBIDDEN_SCHEMES;

/// Longest name in characters; a name is a label, an address is shown whole.
const LONGEST_NAME: usize = 120;

/// In this order: blanks of any width; the request for a coloured glyph, which is common in honest
/// names; what cannot be seen or turns the direction; marks on top of three others.
static SUSPICIOUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<blank>     [\p{Z}\u{2800}&&[^\x20]] )
        | (?<glyph>   \u{FE0F} )
        | (?<unseen>  [\p{C}\p{Default_Ignorable_Code_Point}] )
        | (?<kept>    \p{M}{3} ) \p{M}+",
    )
    .ok()
});

/// `text` with blanks made plain, invisible and direction-changing characters written out as
/// `[U+202E]`, and at most three combining marks on a character.
pub(super) fn visible(text: &str) -> String {
    let Some(suspicious) = &*SUSPICIOUS else {
        return text.escape_unicode().to_string();
    };
    let shown = suspicious.replace_all(text, |found: &Captures<'_>| {
        if found.name("blank").is_some() {
            return " ".to_owned();
        }
        if let Some(kept) = found.name("kept") {
            return kept.as_str().to_owned();
        }
        let unseen = found.name("unseen").map_or("", |one| one.as_str());
        let written = unseen.chars().map(|c| format!("[U+{:04X}]", u32::from(c)));
        written.collect()
    });
    shown.into_owned()
}

/// A name of somebody else, isolated so that its direction moves nothing around it.
pub(super) fn name(text: &str) -> Markup {
    let shown = visible(text);
    let shown = shown.trim();
    let cut: String = shown.chars().take(LONGEST_NAME).collect();
    let more = if cut.len() < shown.len() { "…" } else { "" };
    html! {
        @if shown.is_empty() { "(without a name)" } @else { bdi { (cut) (more) } }
    }
}

/// Text of somebody else in full.
pub(super) fn whole(text: &str) -> Markup {
    html! { bdi { (visible(text)) } }
}

/// The address if following it is harmless: a path of this server, or http(s) without a user name.
pub(super) fn web(address: &str) -> Option<&str> {
    if !is_plain(address) {
        return None;
    }
    if address.starts_with('/') {
        return (!address.starts_with("//")).then_some(address);
    }
    let url = Url::parse(address).ok()?;
    let anonymous = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && anonymous).then_some(address)
}

/// The address of a client if following it is harmless: http(s), or a private-use scheme.
pub(super) fn client(address: &str) -> Option<&str> {
    if !is_plain(address) {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let scheme = url.scheme();
    let web = matches!(scheme, "http" | "https");
    (web || !FORBIDDEN_SCHEMES.contains(&scheme)).then_some(address)
}

/// Browsers drop tabs and line ends from addresses and read `\` as `/`.
fn is_plain(address: &str) -> bool {
    address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}
