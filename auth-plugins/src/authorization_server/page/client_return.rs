//! The way back to a client with a private-use scheme. RFC 8252 section 7.1.
//!
//! A redirect is not enough there: the browser arrives after a form at GitLab, whose content
//! security policy lets forms lead to `http:` and `https:` alone and is applied to the redirects
//! that follow; and an app opened without a press of the user may be blocked. So the browser gets
//! a page that goes on by itself and has a link for the case that it cannot. Clients with http(s)
//! redirect URIs get an ordinary redirect.

use maud::html;

use super::policy::Nonce;
use super::{Page, layout::Sheet, shown, unprintable};

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
        p .note { "You can close this window afterwards." }
    };
    Sheet {
        refresh: location,
        ..Sheet::new(nonce, title, content)
    }
    .page()
}
