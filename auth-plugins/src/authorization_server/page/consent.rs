//! The consent page: who asks, where the answer goes, what it allows, at which GitLab.
//! MCP Authorization, "Confused deputy problem"; RFC 6749 section 10.2; RFC 8252 section 8.

use maud::{Markup, html};

use super::policy::{FormTarget, Forms, Nonce};
use super::{Page, layout::Sheet, shown, unprintable};

/// Names of the fields that the form sends, and the values of its buttons.
pub mod field {
    /// The sealed request.
    pub const TRANSACTION: &str = "tx";
    /// The second half of the double submit.
    pub const CSRF: &str = "csrf";
    /// Which button was pressed: [`APPROVE`] or [`CANCEL`].
    pub const DECISION: &str = "decision";
    /// Approve.
    pub const APPROVE: &str = "approve";
    /// Cancel.
    pub const CANCEL: &str = "cancel";
    /// Present, with the value `1`, when the box was ticked.
    pub const REMEMBER: &str = "remember";
}

/// What sort of place an answer goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectKind {
    /// An https site.
    Site,
    /// A program on this computer.
    Loopback,
    /// Whatever app opens the scheme.
    PrivateScheme,
}

/// Where the answer goes.
#[derive(Debug, Clone, Copy)]
pub struct Redirect<'a> {
    /// The whole redirect URI.
    pub uri: &'a str,
    /// Its host in ASCII, or its private-use scheme.
    pub target: &'a str,
    /// Which warning it needs.
    pub kind: RedirectKind,
}

/// Who stands for the name of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voucher<'a> {
    /// Nobody but the client.
    Nobody,
    /// The host that publishes its metadata document.
    Host(&'a str),
    /// Whoever runs this server.
    Operator,
}

/// Everything the page says and sends.
pub struct Consent<'a> {
    /// The name the client gives itself.
    pub client_name: &'a str,
    /// Who says that it is called that.
    pub vouched_by: Voucher<'a>,
    /// `None` in the device flow: a code will be shown in this window.
    pub redirect: Option<Redirect<'a>>,
    /// The host of GitLab as its users know it.
    pub gitlab_host: &'a str,
    /// The scopes that GitLab is asked for.
    pub scopes: &'a [String],
    /// Where the form goes, by POST.
    pub form_action: &'a str,
    /// The sealed request.
    pub transaction: &'a str,
    /// Equal to the cookie's.
    pub csrf: &'a str,
    /// Days that the tick box offers; `None` leaves the box out.
    pub remember_days: Option<u16>,
    /// Where a redirect after the form may lead, if the form is answered with one: GitLab, what
    /// GitLab redirects to before it shows a page, and the redirect URI. None is needed for an
    /// answer by [`super::continue_to_gitlab`] or [`super::client_return`].
    pub form_targets: &'a [FormTarget],
}

unprintable!(Consent);

/// Asks the user whether this client may have access.
pub fn consent(nonce: &Nonce, view: &Consent<'_>) -> Page {
    let content = html! {
        p .lead {
            strong { (shown::name(view.client_name)) }
            " asks for access to "
            strong { (shown::whole(view.gitlab_host)) }
            " in your name."
        }
        dl {
            dt { "Who asks" }
            dd { (identity(view)) }
            dt { "What it may do" }
            dd { (access(view.scopes)) }
            dt { "At which GitLab" }
            dd { (shown::whole(view.gitlab_host)) }
            dt { "Where the answer goes" }
            dd { (destination(view.redirect)) }
        }
        (warning(view.redirect))
        form method="post" action=[shown::web(view.form_action)] {
            input type="hidden" name=(field::TRANSACTION) value=(view.transaction);
            input type="hidden" name=(field::CSRF) value=(view.csrf);
            @if let Some(days) = view.remember_days {
                p .tick {
                    input #remember type="checkbox" name=(field::REMEMBER) value="1";
                    label for="remember" {
                        "Do not ask again in this browser for " (count(u64::from(days), "day"))
                    }
                }
            }
            div .buttons {
                button .main name=(field::DECISION) value=(field::APPROVE) { "Approve" }
                button name=(field::DECISION) value=(field::CANCEL) { "Cancel" }
            }
        }
        p .note {
            "After Approve you sign in at " (shown::whole(view.gitlab_host))
            ". Your password stays there; this server and the program never see it."
        }
    };
    let title = "Allow access to GitLab?";
    Sheet {
        forms: Forms::Beyond(view.form_targets),
        ..Sheet::new(nonce, title, content)
    }
    .page()
}

fn identity(view: &Consent<'_>) -> Markup {
    html! {
        @match view.vouched_by {
            Voucher::Host(host) => p {
                "A program of " strong { (shown::whole(host)) }
                ", which calls itself " (shown::name(view.client_name)) "."
            },
            Voucher::Operator => p {
                (shown::name(view.client_name)) ", which the people who run this server have set up."
            },
            Voucher::Nobody => {
                p { (shown::name(view.client_name)) " " span .badge { "unverified" } }
                p .note {
                    "Any program can call itself that. Approve only if you have just started \
                     this sign-in."
                }
            }
        }
    }
}

fn access(scopes: &[String]) -> Markup {
    html! {
        ul {
            @for scope in scopes {
                li {
                    @if let Some(words) = words(scope) {
                        (words) " " span .note { "(scope " code { (shown::visible(scope)) } ")" }
                    } @else {
                        "Scope " code { (shown::visible(scope)) }
                    }
                }
            }
        }
    }
}

/// What a scope allows. <https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications>
fn words(scope: &str) -> Option<&'static str> {
    match scope {
        "api" => Some("Read and change everything you can in GitLab"),
        "read_api" => Some("Read everything you can see in GitLab"),
        "read_user" => Some("See your profile"),
        _ => None,
    }
}

fn destination(redirect: Option<Redirect<'_>>) -> Markup {
    html! {
        @match redirect {
            None => p { "A code will be shown in this window, for you to give to the program." },
            Some(redirect) => {
                p {
                    @match redirect.kind {
                        RedirectKind::Site => {},
                        RedirectKind::Loopback => "A program on this computer, at ",
                        RedirectKind::PrivateScheme => "The app that opens links of ",
                    }
                    strong { (shown::whole(redirect.target)) }
                }
                p .note { code { (shown::whole(redirect.uri)) } }
            }
        }
    }
}

fn warning(redirect: Option<Redirect<'_>>) -> Markup {
    let text = match redirect.map(|one| one.kind) {
        None => {
            "Give the code only to the program in which you started this sign-in. Whoever \
             asks you for it in a message, a call or on a website is trying to get into your \
             account."
        }
        Some(RedirectKind::Site) => return html! {},
        Some(RedirectKind::Loopback) => {
            "Any program that runs on this computer can receive the answer. Approve only if \
             you have just started the sign-in on this computer."
        }
        Some(RedirectKind::PrivateScheme) => {
            "Any app on this device can claim links of this sort. Approve only if you trust \
             the apps that are installed and have just started the sign-in in one of them."
        }
    };
    html! { p .warning { strong { "Take care. " } (text) } }
}

/// `1 day`, `2 days`.
pub(super) fn count(number: u64, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}
