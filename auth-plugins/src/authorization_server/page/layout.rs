//! What every page has: the document around its content, with style and script inline.

use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Page;
use super::policy::{Forms, Nonce, Script, policy};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("device.js");

/// A page to be.
pub(super) struct Sheet<'a> {
    pub(super) nonce: &'a Nonce,
    pub(super) status: StatusCode,
    /// The heading; words of ours alone.
    pub(super) title: &'a str,
    pub(super) content: Markup,
    pub(super) forms: Forms<'a>,
    pub(super) script: Script,
    /// Where the browser goes by itself.
    pub(super) refresh: Option<&'a str>,
    pub(super) retry_after: Option<u32>,
}

impl<'a> Sheet<'a> {
    /// A page without forms and script.
    pub(super) fn new(nonce: &'a Nonce, title: &'a str, content: Markup) -> Self {
        Self {
            nonce,
            status: StatusCode::OK,
            title,
            content,
            forms: Forms::None,
            script: Script::None,
            refresh: None,
            retry_after: None,
        }
    }

    /// The page.
    pub(super) fn page(self) -> Page {
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(location) = self.refresh {
                        meta http-equiv="refresh" content=(format!("0;url={location}"));
                    }
                    title { (self.title) " · GitLab MCP Server" }
                    style nonce=(self.nonce.as_str()) { (PreEscaped(STYLE)) }
                }
                body {
                    header { p { "GitLab MCP Server" } }
                    main {
                        h1 #title tabindex="-1" { (self.title) }
                        (self.content)
                    }
                    @if self.script != Script::None {
                        script nonce=(self.nonce.as_str()) { (PreEscaped(SCRIPT)) }
                    }
                }
            }
        };
        Page {
            status: self.status,
            policy: policy(self.nonce, self.forms, self.script),
            // With `no-referrer` a browser posts a form with `Origin: null`, which is what a foreign
            // page in a sandbox sends as well. <https://fetch.spec.whatwg.org/#origin-header>
            referrer: match self.forms {
                Forms::Beyond(_) => "same-origin",
                Forms::None | Forms::Own => "no-referrer",
            },
            retry_after: self.retry_after,
            html: document.into_string(),
        }
    }
}
