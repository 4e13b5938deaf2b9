//! The pages around `/oauth/authorize`. <https://docs.gitlab.com/integration/oauth_provider/>

use maud::{Markup, html};

use super::layout::{Page, csrf_field, hidden};
use crate::answer::Answer;
use crate::context::Cx;
use crate::oauth::explain_scope;
use crate::world::User;

/// What the user is asked.
pub(crate) struct Question<'a> {
    pub(crate) name: &'a str,
    pub(crate) owner: Option<&'a str>,
    pub(crate) dynamic: bool,
    pub(crate) scopes: &'a [String],
    /// Host and port the answer goes to.
    pub(crate) place: &'a str,
    /// Scheme of the address the answer goes to.
    pub(crate) scheme: &'a str,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Authorize or deny?
pub(crate) fn ask_page(cx: &mut Cx<'_>, user: &User, question: &Question<'_>) -> Answer {
    let action = cx.site.url("/oauth/authorize");
    let title = format!("Authorize {}", question.name);
    let body = html! {
        h1 { (question.name) " is requesting access to your account on " (cx.site.host()) }
        p { "You are signed in as " strong { (user.name) } " (@" (user.username) ")." }
        @if question.dynamic {
            p class="flash" {
                "This application registered itself. Nobody at this instance has verified it."
            }
        }
        p {
            @match question.owner {
                Some(owner) => { "The application was made by @" (owner) "." }
                None => { "The application belongs to the instance or to nobody." }
            }
            " Your answer goes to " strong { (question.place) } "."
        }
        h2 { "It will be able to" }
        (scope_list(question.scopes))
        form id="authorize" class="inline" action=(action) method="post" {
            (csrf_field(cx))
            (hidden(&question.fields))
            button class="main" type="submit" { "Authorize" }
        }
        form id="deny" class="inline" action=(action) method="post" {
            (csrf_field(cx))
            input type="hidden" name="_method" value="delete";
            (hidden(&question.fields))
            button type="submit" { "Deny" }
        }
    };
    let page = Page {
        leads_to: Some(question.scheme),
        ..Page::new(&title, body)
    };
    page.send(cx)
}

/// One line for each scope.
pub(super) fn scope_list(scopes: &[String]) -> Markup {
    html! {
        ul {
            @for scope in scopes {
                li { (explain_scope(scope)) " (" code { (scope) } ")" }
            }
        }
    }
}

/// For those who were asked before: a page that goes on by itself.
pub(crate) fn skip_page(cx: &mut Cx<'_>, location: &str) -> Answer {
    let body = html! {
        h1 { "Redirecting" }
        p { a id="continue" href=(location) { "Click here to continue" } }
    };
    let page = Page {
        refresh: Some(location),
        ..Page::new("Redirecting", body)
    };
    page.send(cx)
}

/// `response_mode=form_post`. Without scripts it takes one more click.
pub(crate) fn form_post_page(
    cx: &mut Cx<'_>,
    action: &str,
    fields: &[(&'static str, String)],
) -> Answer {
    let body = html! {
        h1 { "Back to the application" }
        form id="form_post" action=(action) method="post" {
            (hidden(fields))
            button class="main" type="submit" { "Continue" }
        }
    };
    let page = Page {
        leads_to: action.split(':').next(),
        ..Page::new("Back to the application", body)
    };
    page.send(cx)
}

/// The code for applications that have no address.
pub(crate) fn code_page(cx: &mut Cx<'_>, code: &str) -> Answer {
    let body = html! {
        h1 { "Authorization code" }
        p { code id="authorization_code" { (code) } }
    };
    Page::new("Authorization code", body).send(cx)
}

/// An error that is shown here because it must not be sent anywhere.
pub(crate) fn error_page(
    cx: &mut Cx<'_>,
    status: u16,
    (word, description): (&str, &str),
    help: Option<&str>,
) -> Answer {
    let body = html! {
        h1 { "An error has occurred" }
        p { (description) }
        p { "Error: " code id="error" { (word) } }
        @if let Some(help) = help { p { a href=(help) { "Read the documentation" } } }
    };
    Page::new("Error", body).status(status).send(cx)
}
