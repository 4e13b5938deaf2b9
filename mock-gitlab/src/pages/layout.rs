//! What every page has: plain HTML, one style sheet inline, no script.
//! <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::session;
use crate::answer::Answer;
use crate::context::Cx;

const STYLE: &str = "\
*{box-sizing:border-box}\
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1f1e24;background:#fbfafd}\
header,main{max-width:40rem;margin:0 auto;padding:1rem}\
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:baseline}\
header strong{font-size:1.1rem}\
main{background:#fff;border:1px solid #dcdcde;border-radius:.5rem}\
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}\
h2{margin:1.5rem 0 .5rem;font-size:1.1rem}\
a{color:#0b5cad}\
p,li,dd,h1,pre{overflow-wrap:anywhere}\
pre{white-space:pre-wrap;background:#f4f4f6;padding:.75rem;border-radius:.25rem}\
code{font-family:ui-monospace,monospace}\
label{display:block;margin:.75rem 0 .25rem;font-weight:600}\
input[type=text],input[type=password]{width:100%;padding:.5rem;font:inherit;\
border:1px solid #737278;border-radius:.25rem}\
button{margin:1rem .5rem 0 0;padding:.5rem 1rem;font:inherit;color:#1f1e24;background:#fff;\
border:1px solid #737278;border-radius:.25rem;cursor:pointer}\
button.main{color:#fff;background:#1f75cb;border-color:#1068bf}\
form.inline{display:inline-block}\
form.inline button{margin-top:.25rem}\
:focus-visible{outline:3px solid #1f75cb;outline-offset:2px}\
.flash{padding:.5rem .75rem;background:#fdf1dd;border-left:4px solid #ab6100}\
.muted{color:#626168}";

/// A page to be.
pub(super) struct Page<'a> {
    pub(super) status: u16,
    pub(super) title: &'a str,
    /// A scheme besides this site to which a form of the page may lead.
    pub(super) leads_to: Option<&'a str>,
    /// Where the browser goes by itself.
    pub(super) refresh: Option<&'a str>,
    pub(super) body: Markup,
}

impl<'a> Page<'a> {
    /// An ordinary page.
    pub(super) fn new(title: &'a str, body: Markup) -> Self {
        Self {
            status: 200,
            title,
            leads_to: None,
            refresh: None,
            body,
        }
    }

    /// With another status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The answer, with the cookie if the session is new.
    pub(super) fn send(self, cx: &mut Cx<'_>) -> Answer {
        let csrf = session::current(cx).map(|session| session.csrf_token.clone());
        let user = session::user(cx);
        let name = user.map(|user| user.username);
        let text = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if let Some(token) = &csrf {
                        meta name="csrf-param" content="authenticity_token";
                        meta name="csrf-token" content=(token);
                    }
                    @if let Some(location) = self.refresh {
                        meta http-equiv="refresh" content=(format!("0;url={location}"));
                    }
                    title { (self.title) " · GitLab" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        strong { a href=(cx.site.url("/")) { "GitLab" } }
                        @match name {
                            Some(name) => {
                                span class="muted" { "Signed in as " (name) }
                                a href=(cx.site.url("/users/sign_out")) { "Sign out" }
                            }
                            None => { a href=(cx.site.url("/users/sign_in")) { "Sign in" } }
                        }
                    }
                    main { (self.body) }
                }
            }
        };
        let answer = Answer::html(self.status, text.into_string())
            .header("Cache-Control", "no-store")
            .header("Content-Security-Policy", policy(self.leads_to))
            .header("Referrer-Policy", "no-referrer")
            .header("X-Frame-Options", "DENY");
        session::with_cookie(cx, answer)
    }
}

/// Nothing but this site's own style; forms lead back here, or where the user was told.
fn policy(leads_to: Option<&str>) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let fine = |scheme: &&str| {
        scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let also = leads_to
        .filter(fine)
        .map_or_else(String::new, |scheme| format!(" {scheme}:"));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'{also}; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The hidden field every form has.
pub(super) fn csrf_field(cx: &Cx<'_>) -> Markup {
    let token = session::current(cx).map(|session| session.csrf_token.as_str());
    html! { input type="hidden" name="authenticity_token" value=(token.unwrap_or_default()); }
}

/// Hidden fields.
pub(super) fn hidden(fields: &[(&'static str, String)]) -> Markup {
    html! {
        @for (name, value) in fields {
            input type="hidden" name=(name) value=(value);
        }
    }
}
