//! Pages for requests that cannot go on and whose client cannot be told.
//! RFC 6749 section 4.1.2.1: without a trustworthy redirect URI the user is informed instead.

use std::borrow::Cow;

use http::StatusCode;
use maud::html;

use super::device::try_again;
use super::policy::Nonce;
use super::{Page, layout::Sheet, shown, unprintable};

/// Seconds after which it is worth to try again when something did not answer.
const PAUSE: u32 = 10;

/// What happened, why, and what to do.
pub struct Problem<'a> {
    /// Status of the answer.
    pub status: StatusCode,
    /// The OAuth error code, for whoever has to find the cause.
    pub error: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What happened.
    pub what: Cow<'a, str>,
    /// Why, as far as it is known.
    pub why: Cow<'a, str>,
    /// What the reader can do.
    pub next: Cow<'a, str>,
    /// Starts over with the same request.
    pub retry_url: Option<&'a str>,
    /// Seconds, for `Retry-After`.
    pub retry_after: Option<u32>,
}

unprintable!(Problem);

const START_AGAIN: &str = "Close this window and start the sign-in again in the program.";

impl<'a> Problem<'a> {
    fn new(status: StatusCode, error: &'static str, title: &'static str) -> Self {
        Self {
            status,
            error,
            title,
            what: Cow::Borrowed(""),
            why: Cow::Borrowed(""),
            next: Cow::Borrowed(START_AGAIN),
            retry_url: None,
            retry_after: None,
        }
    }

    fn because(self, what: impl Into<Cow<'a, str>>, why: impl Into<Cow<'a, str>>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            ..self
        }
    }

    fn then(self, next: impl Into<Cow<'a, str>>) -> Self {
        Self {
            next: next.into(),
            ..self
        }
    }

    /// With a Try again button.
    #[must_use]
    pub fn with_retry(self, url: &'a str) -> Self {
        Self {
            retry_url: Some(url),
            ..self
        }
    }

    /// A client id that is not registered.
    pub fn unknown_client() -> Self {
        let title = "This program is not known here";
        Self::new(StatusCode::BAD_REQUEST, "invalid_client", title)
            .because(
                "The program that opened this page is not registered with this server.",
                "Its registration has expired, or it was made with another server.",
            )
            .then(
                "Start the sign-in again in the program. If you see this page again, remove this \
                 server from the program's settings and add it once more.",
            )
    }

    /// A redirect URI that is not the client's; `reason` completes "The address … ".
    pub fn redirect_uri(reason: &str) -> Self {
        let title = "The program gave an address that is not its own";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", title)
            .because(
                "The answer of the sign-in would go to an address that cannot be accepted, so \
                 nothing was sent there.",
                format!("The address (redirect_uri) {reason}."),
            )
            .then(
                "If you did not start a sign-in, close this window. Otherwise tell the makers of \
                 the program.",
            )
    }

    /// A request that breaks the protocol; `reason` is a sentence.
    pub fn request(reason: &'a str) -> Self {
        let title = "The program sent a request that makes no sense";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", title)
            .because("The sign-in cannot be started.", reason)
            .then("Start again in the program. If that does not help, tell its makers.")
    }

    /// A callback whose `state` belongs to no sign-in.
    pub fn unknown_state() -> Self {
        let title = "This sign-in is not open";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", title).because(
            "Unknown or expired state: no open sign-in belongs to this address.",
            "It took longer than ten minutes, the server was restarted, or the address was \
             opened from the history.",
        )
    }

    /// A callback that has been used.
    pub fn already_finished() -> Self {
        let title = "This sign-in is already finished";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", title)
            .because(
                "Unknown or expired state: the sign-in of this address has been finished.",
                "The page was loaded a second time.",
            )
            .then("Go back to the program. If it is not signed in, start again there.")
    }

    /// A callback in another browser than the one that started.
    pub fn other_browser() -> Self {
        let title = "This sign-in was started elsewhere";
        Self::new(StatusCode::FORBIDDEN, "access_denied", title)
            .because(
                "The sign-in was not started in this browser and has been ended. Nobody was \
                 signed in.",
                "A link was opened in a second browser or a private window, this browser keeps \
                 no cookies, or somebody sent you a link to get into your account.",
            )
            .then(
                "If you started it yourself, start again in the program and stay in one browser \
                 with cookies allowed. If somebody sent you the link, tell your security team.",
            )
    }

    /// A consent form that is used up, expired, foreign or sent by another site.
    pub fn stale_form() -> Self {
        let title = "This form cannot be used";
        Self::new(StatusCode::FORBIDDEN, "access_denied", title).because(
            "Your answer was not accepted, and nothing was changed.",
            "The form was sent before, it is older than ten minutes, this browser keeps no \
             cookies, or another site sent it.",
        )
    }

    /// A callback with the `iss` of another server. RFC 9207.
    pub fn other_issuer() -> Self {
        let title = "The answer comes from another GitLab";
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", title).because(
            "The sign-in has been ended, and nobody was signed in.",
            "The answer names another issuer than the GitLab that was asked.",
        )
    }

    /// GitLab does not answer this server.
    pub fn gitlab_unreachable(host: &str) -> Self {
        let title = "GitLab does not answer";
        Self {
            retry_after: Some(PAUSE),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                title,
            )
            .because(
                format!("This server could not reach {host}."),
                "GitLab is being restarted or is busy, or the network in between is down. A \
                 GitLab on a private network may need the VPN.",
            )
            .then("Wait a little and try again. If it stays, tell the people who run this server.")
        }
    }

    /// The request would not fit into the state that travels through GitLab.
    pub fn request_too_long() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The program asked for too much at once",
        )
        .because(
            "Its request is too long for this server, so the sign-in was not started.",
            "This server stores nothing: the whole request has to travel through GitLab and back.",
        )
        .then("Tell the people who run this server: with a storage it takes longer requests.")
    }

    /// The store does not answer.
    pub fn store_unavailable() -> Self {
        let title = "The sign-in does not work at the moment";
        Self {
            retry_after: Some(PAUSE),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                title,
            )
            .because(
                "This server cannot remember the sign-in, so it was not started.",
                "The storage of the server does not answer.",
            )
            .then("Wait a little and try again. If it stays, tell the people who run this server.")
        }
    }
}

/// Tells the user what went wrong.
pub fn problem(nonce: &Nonce, view: &Problem<'_>) -> Page {
    let content = html! {
        p .lead { (shown::whole(&view.what)) }
        @if !view.why.is_empty() {
            h2 { "Why" }
            p { (shown::whole(&view.why)) }
        }
        h2 { "What you can do" }
        p { (shown::whole(&view.next)) }
        (try_again(view.retry_url))
        p .note { "Error code: " code { (view.error) } }
    };
    Sheet {
        status: view.status,
        retry_after: view.retry_after,
        ..Sheet::new(nonce, view.title, content)
    }
    .page()
}
