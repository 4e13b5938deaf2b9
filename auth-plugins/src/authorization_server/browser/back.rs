//! Sending the browser back to the client, with a code or an error. RFC 6749 sections 4.1.2 and
//! 4.1.2.1, RFC 9207.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode};
use url::Url;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::grant::Request;
use crate::authorization_server::page::{ClientReturn, Nonce, Outcome, client_return};
use crate::authorization_server::redirect_uri::shown_target;
use crate::authorization_server::rules::Flow;
use crate::authorization_server::site::Base;

/// Longest error description that travels in a URL.
const LONGEST: usize = 200;

/// The client, as far as it matters for the way back. Its redirect URI has been accepted.
#[derive(Debug, Clone)]
pub(crate) struct Back {
    /// What the client calls itself.
    pub(crate) client_name: String,
    /// In the bytes of the request.
    pub(crate) redirect_uri: String,
    /// As the client sent it.
    pub(crate) state: Option<String>,
}

impl Back {
    /// The way back of a request; none for the device page.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        Some(Self {
            client_name: request.client_name.clone(),
            redirect_uri: request.redirect_uri.clone()?,
            state: request.state.clone(),
        })
    }

    /// The redirect URI with these parameters behind its own.
    fn location(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(parameters).finish();
        let uri = &self.redirect_uri;
        let joint = match uri.split_once('?') {
            None => "?",
            Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{uri}{joint}{query}")
    }
}

/// What the client is told.
pub(crate) enum Told<'a> {
    /// An authorization code, and what the person should know about the login.
    Code(&'a str, Option<&'a str>),
    /// Why there is none.
    Error(&'a OAuthError),
}

impl AuthorizationServer {
    /// Sends the browser to the client: by a redirect, or by a page where browsers do not follow one.
    pub(crate) fn send_back(
        &self,
        base: &Base,
        back: &Back,
        told: &Told<'_>,
        status: StatusCode,
    ) -> Response<Body> {
        let description;
        let mut parameters = Vec::new();
        match told {
            Told::Code(code, _) => parameters.push(("code", *code)),
            Told::Error(error) => {
                description = plain(&error.description);
                parameters.push(("error", error.code));
                parameters.push(("error_description", &description));
            }
        }
        parameters.extend(back.state.as_deref().map(|state| ("state", state)));
        // GitLab's own codes come without one, so that clients are told to expect none.
        if matches!(self.rules.flow, Flow::Callback(_)) {
            parameters.push(("iss", base.issuer()));
        }
        let location = back.location(&parameters);
        match Url::parse(&back.redirect_uri) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => redirect(&location, status),
            _ => {
                let (outcome, notice) = match told {
                    Told::Code(_, notice) => (Outcome::SignedIn, *notice),
                    Told::Error(_) => (Outcome::Refused, None),
                };
                let view = ClientReturn {
                    client_name: &back.client_name,
                    target: &shown_target(&back.redirect_uri),
                    location: &location,
                    outcome,
                    notice,
                };
                client_return(&Nonce::draw(&*self.random), &view).into_response()
            }
        }
    }
}

/// A redirect that nobody keeps, and that tells nobody where the browser was.
pub(crate) fn redirect(location: &str, status: StatusCode) -> Response<Body> {
    let Ok(location) = HeaderValue::from_str(location) else {
        // Redirect URIs are plain ASCII since they were accepted.
        return OAuthError::invalid_request("the redirect URI cannot stand in an answer")
            .into_response();
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// The characters that RFC 6749 section 4.1.2.1 allows in a description, and not many.
fn plain(text: &str) -> String {
    let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    text.chars().filter(allowed).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
