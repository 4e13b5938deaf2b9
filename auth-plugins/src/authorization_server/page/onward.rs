//! Pages that lead on by themselves, where a redirect would not arrive.
//!
//! Browsers apply `form-action` to the redirects that follow a form (CSP section 6.4.2), and an
//! app opened without a press of the user may be blocked. A page that refreshes to its target
//! starts afresh, and has a link for the case that it cannot.
//!
//! - To GitLab after the consent form: GitLab may redirect on to a sign-on service, whose origin
//!   nobody here knows and the consent page therefore cannot name.
//! - To a client with a private-use scheme (RFC 8252 section 7.1): the browser arrives after a
//!   form at GitLab, whose own policy lets forms lead to `http:` and `https:` alone. Clients with
//!   http(s) redirect URIs get an ordinary redirect.

use maud::html;

use super::policy::Nonce;
use super::{Page, layout::Sheet, shown, unprintable};

/// Sends the browser from the consent form to GitLab. `location` is GitLab's authorization address
/// with its parameters.
pub fn continue_to_gitlab(nonce: &Nonce, gitlab_host: &str, location: &str) -> Page {
    let location = shown::web(location);
    let content = html! {
        p .lead { "Sign in at " strong { (shown::whole(gitlab_host)) } "." }
        @if let Some(location) = location {
            p { "If nothing happens, press the button." }
            p .buttons { a .button .main href=(location) { "Go to GitLab" } }
        } @else {
            p { "Its address cannot be opened from here. Tell the people who run this server." }
        }
    };
    Sheet {
        refresh: location,
        ..Sheet::new(nonce, "On to GitLab", content)
    }
    .page()
}

/// How the sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The address holds a code.
    SignedIn,
    /// The address holds an error.
    Refused,
}

/// Where the browser goes, and why.
pub struct ClientReturn<'a> {
    /// The name the client gives itself.
    pub client_name: &'a str,
    /// The redirect URI's scheme, or its host in ASCII.
    pub target: &'a str,
    /// The redirect URI with the parameters of the answer.
    pub location: &'a str,
    /// What the client is told.
    pub outcome: Outcome,
    /// What else there is to know about the login.
    pub notice: Option<&'a str>,
}

unprintable!(ClientReturn);

/// Hands the browser back to the client.
pub fn client_return(nonce: &Nonce, view: &ClientReturn<'_>) -> Page {
    let location = shown::client(view.location);
    let (title, text) = match view.outcome {
        Outcome::SignedIn => ("Almost done", "GitLab has confirmed. "),
        Outcome::Refused => ("You are not signed in", "Nothing was changed at GitLab. "),
    };
    let content = html! {
        p .lead { (text) "Go back to " strong { (shown::name(view.client_name)) } "." }
        @if let Some(location) = location {
            p {
                "Your browser may ask whether it may open links of "
                strong { (shown::whole(view.target)) } ". If nothing happens, press the button."
            }
            p .buttons { a .button .main href=(location) { "Open the program" } }
        } @else {
            p { "Its address cannot be opened from here: switch to the program yourself." }
        }
        @if let Some(notice) = view.notice {
            p { (notice) }
        }
        p .note { "You can close this window afterwards." }
    };
    Sheet {
        refresh: location,
        ..Sheet::new(nonce, title, content)
    }
    .page()
}
