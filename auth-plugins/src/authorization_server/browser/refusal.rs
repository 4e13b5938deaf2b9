//! Telling whoever asked that a request ends here: a page for people, JSON for programs, and never
//! a redirect. RFC 6749 section 4.1.2.1.

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Response, StatusCode};

use super::wants_page;
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::error::OAuthError;
use crate::authorization_server::page::{Nonce, Problem, problem};

/// Why a request ends here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Something is wrong with it.
    Error(OAuthError),
    /// The client gave no redirect URI, or one that is not its own; completes "The address … ".
    RedirectUri(&'static str),
}

impl From<OAuthError> for Stop {
    fn from(error: OAuthError) -> Self {
        Self::Error(error)
    }
}

impl AuthorizationServer {
    /// The answer to a request that ends here.
    pub(crate) fn stop(&self, request: &Parts, stop: Stop) -> Response<Body> {
        if wants_page(&request.headers) {
            return self.problem(&page_of(&stop));
        }
        match stop {
            Stop::Error(error) => error,
            Stop::RedirectUri(reason) => {
                OAuthError::invalid_request(format!("the parameter redirect_uri {reason}"))
            }
        }
        .into_response()
    }

    /// A page that says what is wrong.
    pub(crate) fn problem(&self, view: &Problem<'_>) -> Response<Body> {
        problem(&Nonce::draw(&*self.random), view).into_response()
    }
}

fn page_of(stop: &Stop) -> Problem<'_> {
    match stop {
        Stop::RedirectUri(reason) => Problem::redirect_uri(reason),
        Stop::Error(error) if error.code == "invalid_client" => Problem::unknown_client(),
        Stop::Error(error) if error.status == StatusCode::SERVICE_UNAVAILABLE => {
            Problem::store_unavailable()
        }
        Stop::Error(error) if error.status == StatusCode::TOO_MANY_REQUESTS => Problem {
            status: error.status,
            error: error.code,
            title: "Too many requests",
            next: "Wait a little and start again in the program.".into(),
            retry_after: error
                .retry_after
                .map(|wait| u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX)),
            ..Problem::request("This address has sent more requests than the server takes.")
        },
        Stop::Error(error) => Problem {
            status: error.status,
            error: error.code,
            ..Problem::request(&error.description)
        },
    }
}
