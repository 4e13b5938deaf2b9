//! The pages of the device flow: the code to confirm at GitLab, and how it ended.
//! RFC 8628 section 3.3; <https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow>

use http::StatusCode;
use maud::{Markup, html};

use super::consent::count;
use super::policy::{Forms, Nonce, Script};
use super::{Page, layout::Sheet, shown, unprintable};

/// A flow that waits for the user's approval at GitLab.
pub struct Device<'a> {
    /// The name the client gives itself.
    pub client_name: &'a str,
    /// The host of GitLab as its users know it.
    pub gitlab_host: &'a str,
    /// As GitLab sent it.
    pub user_code: &'a str,
    /// Where the code is typed; its host has been checked.
    pub verification_uri: &'a str,
    /// The same with the code filled in.
    pub verification_uri_complete: Option<&'a str>,
    /// Seconds until the code expires.
    pub remaining_seconds: u64,
    /// Seconds between two polls.
    pub interval_seconds: u64,
    /// Answers JSON about the flow, at this origin.
    pub poll_url: &'a str,
    /// Names the flow: the query parameter `flow_state` of [`Self::poll_url`] and
    /// [`Self::check_now_action`].
    pub flow_state: &'a str,
    /// Shows the state of the flow as a page, by GET; without a query of its own.
    pub check_now_action: &'a str,
    /// Starts over with the same request.
    pub retry_url: &'a str,
    /// Whether to say that GitLab may need the VPN.
    pub needs_vpn_hint: bool,
}

/// The one-time authorization code that the user carries to the program.
pub struct DeviceCode<'a> {
    /// The name the client gives itself.
    pub client_name: &'a str,
    /// The code.
    pub code: &'a str,
    /// What else there is to know about the login.
    pub notice: Option<&'a str>,
}

/// Why a flow ended without a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceEnd {
    /// The user said no, or GitLab did: 403.
    Denied,
    /// Nobody approved in time, or the code has been redeemed: 400.
    Expired,
    /// The flow belongs to another browser: 403.
    OtherBrowser,
    /// GitLab could not go on with it: 502.
    Failed,
}

/// How a flow ended without a code.
pub struct DeviceFailed<'a> {
    /// The reason.
    pub end: DeviceEnd,
    /// More about it, in words for the user.
    pub description: Option<&'a str>,
    /// Starts over with the same request; `None` where the request is not known.
    pub retry_url: Option<&'a str>,
}

unprintable!(Device, DeviceCode, DeviceFailed);

const WAITING: &str = "Confirm at GitLab";
const COMPLETE: &str = "Copy this code";
const ENDED: &str = "The sign-in did not work";

impl DeviceEnd {
    const fn status(self) -> StatusCode {
        match self {
            Self::Denied | Self::OtherBrowser => StatusCode::FORBIDDEN,
            Self::Expired => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::BAD_GATEWAY,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Denied => {
                "The request was denied at GitLab, so the program has no access. If that was a \
                 mistake, try again."
            }
            Self::Expired => {
                "The code is no longer valid: its time is over, or it has been used. Nothing was \
                 changed. Try again to get another one."
            }
            Self::OtherBrowser => {
                "This sign-in was started in another browser, or the cookie of this one is gone. \
                 Go on in the browser in which it was started, or try again here."
            }
            Self::Failed => {
                "GitLab did not let the sign-in go on. Try again; if it fails again, tell the \
                 people who run this server."
            }
        }
    }
}

/// The page that shows the user code and waits.
///
/// Its script polls and shows the other two states in place; without a script the user presses
/// "Check now", and the server shows them as pages.
pub fn device_waiting(nonce: &Nonce, view: &Device<'_>) -> Page {
    let content = html! {
        div #device
            data-poll=[shown::web(view.poll_url)]
            data-flow=(view.flow_state)
            data-interval=(view.interval_seconds)
            data-remaining=(view.remaining_seconds)
        {
            div #waiting { (steps(view)) (waiting(view)) }
            div #complete hidden data-title=(COMPLETE) { (code(view.client_name, "", None)) }
            div #ended hidden data-title=(ENDED)
                data-denied=(DeviceEnd::Denied.words())
                data-expired=(DeviceEnd::Expired.words())
                data-browser=(DeviceEnd::OtherBrowser.words())
                data-failed=(DeviceEnd::Failed.words())
            {
                p #reason {}
                p { bdi #detail {} }
                (try_again(Some(view.retry_url)))
            }
        }
        p #announcement .unseen role="status" {}
    };
    Sheet {
        forms: Forms::Own,
        script: Script::Polls,
        ..Sheet::new(nonce, WAITING, content)
    }
    .page()
}

fn steps(view: &Device<'_>) -> Markup {
    let link = view
        .verification_uri_complete
        .and_then(shown::web)
        .or_else(|| shown::web(view.verification_uri));
    html! {
        p .lead {
            strong { (shown::name(view.client_name)) } " gets access to "
            strong { (shown::whole(view.gitlab_host)) } " when you confirm this code there."
        }
        div .code-box {
            p .caption #user-code-caption { "Your code" }
            p { code #user-code .big { (grouped(view.user_code)) } }
            (copying("user-code", "Copy your code"))
        }
        ol {
            li {
                @if let Some(link) = link {
                    a .button .main href=(link) target="_blank" rel="noopener noreferrer" {
                        "Open " (shown::whole(view.gitlab_host))
                        span .unseen { " (opens a new tab)" }
                    }
                    p .note { code { (shown::whole(link)) } }
                } @else {
                    "Open " code { (shown::whole(view.verification_uri)) }
                }
                @if view.needs_vpn_hint {
                    p .note { "It does not open? You may have to connect to the VPN first." }
                }
            }
            li { "Sign in if GitLab asks for it, and compare or enter the code." }
            li { "Confirm. Then come back to this page: it shows a code for the program." }
        }
    }
}

fn waiting(view: &Device<'_>) -> Markup {
    html! {
        div .state {
            p #status role="status" { "Waiting for you to confirm at GitLab." }
            p {
                "Time left: "
                span #left { (duration(view.remaining_seconds)) }
            }
            form method="get" action=[shown::web(view.check_now_action)] {
                input type="hidden" name="flow_state" value=(view.flow_state);
                button { "Check now" }
            }
            p #by-hand .note { "Press Check now when GitLab says that you are done." }
        }
    }
}

/// The page that shows the authorization code, for browsers without scripts.
pub fn device_complete(nonce: &Nonce, view: &DeviceCode<'_>) -> Page {
    let content = html! {
        (code(view.client_name, view.code, view.notice))
        p #announcement .unseen role="status" {}
    };
    Sheet {
        script: Script::Runs,
        ..Sheet::new(nonce, COMPLETE, content)
    }
    .page()
}

fn code(client_name: &str, code: &str, notice: Option<&str>) -> Markup {
    html! {
        p .lead {
            "GitLab has confirmed. Paste this code into "
            strong { (shown::name(client_name)) } "."
        }
        div .code-box {
            p .caption { "Code for the program" }
            p { code #code .all { (code) } }
            (copying("code", "Copy the code"))
        }
        p .warning {
            strong { "Take care. " }
            "The code gives access to your account. It works once and for a short time. Paste it \
             only into the program in which you started; give it to nobody."
        }
        p #notice .note { (notice.unwrap_or_default()) }
    }
}

/// The page that says why there is no code.
pub fn device_failed(nonce: &Nonce, view: &DeviceFailed<'_>) -> Page {
    let content = html! {
        p { (view.end.words()) }
        @if let Some(description) = view.description {
            p { (shown::whole(description)) }
        }
        (try_again(view.retry_url))
    };
    Sheet {
        status: view.end.status(),
        ..Sheet::new(nonce, ENDED, content)
    }
    .page()
}

pub(super) fn try_again(url: Option<&str>) -> Markup {
    html! {
        @if let Some(url) = url.and_then(shown::web) {
            p .buttons { a .button .main href=(url) { "Try again" } }
        }
    }
}

/// The controls that a script brings to life: the button, and a field to copy from by hand.
fn copying(target: &str, label: &str) -> Markup {
    html! {
        button data-copy=(target) hidden { (label) }
        input .by-hand type="text" readonly hidden aria-label=(label)
            data-field=(target) autocomplete="off" spellcheck="false";
        p .note data-said=(target) role="status" {}
    }
}

/// Eight letters read better as two groups; the space between them is style, not text.
fn grouped(code: &str) -> Markup {
    let regular = code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let halves = regular.then(|| code.split_at_checked(4)).flatten();
    html! {
        @if let Some((first, second)) = halves {
            span .group { (first) } span .group { (second) }
        } @else {
            (shown::whole(code))
        }
    }
}

/// `1 minute 5 seconds`.
fn duration(seconds: u64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes, rest) {
        (0, rest) => count(rest, "second"),
        (minutes, 0) => count(minutes, "minute"),
        (minutes, rest) => format!("{} {}", count(minutes, "minute"), count(rest, "second")),
    }
}
