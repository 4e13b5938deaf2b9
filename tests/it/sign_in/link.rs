//! The link a person is given.

use gitlab_mcp_tests::{Talk, eventually};

/// The link that is printed for the person.
pub(super) async fn printed_link(talk: &Talk) -> String {
    eventually("printing a link", || async { link_in(&talk.stderr()) }).await
}

/// The sign-in link in a text.
pub(super) fn link_in(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches('"'));
    let mut links = words.filter(|word| word.contains("/oauth/authorize?"));
    links.next().map(str::to_owned)
}
