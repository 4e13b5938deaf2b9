//! Sending the browser to GitLab. <https://docs.gitlab.com/api/oauth2/#authorization-code-flow>

use axum::body::Body;
use axum::response::IntoResponse as _;
use gitlab_mcp_core::random;
use gitlab_mcp_store::StoreError;
use http::header::SET_COOKIE;
use http::{HeaderValue, Response, StatusCode};
use url::Url;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::audit::{Event, From};
use crate::authorization_server::browser::Binding;
use crate::authorization_server::browser::back::redirect;
use crate::authorization_server::grant::{Pending, Request};
use crate::authorization_server::page::{Nonce, Problem, continue_to_gitlab};
use crate::authorization_server::rules::{ConsentRule, Flow};
use crate::authorization_server::site::Base;
use crate::authorization_server::tokens::secret;
use crate::gitlab_oauth::Authorization;

/// Most logins on their way through GitLab; the oldest makes room.
const MOST: u64 = 10_000;
/// How many go at once, should replicas have let in more.
const BATCH: usize = 10;

/// Random bytes of a verifier; 43 characters. RFC 7636 section 4.1.
const RANDOM: usize = 32;

/// What the person did to get this far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Followed a link.
    Link,
    /// Sent the consent form. A redirect would count as part of it, and the page's security policy
    /// would stop it at the first sign-on service that GitLab redirects to.
    Form,
}

impl AuthorizationServer {
    /// Sends the browser to GitLab with a request that was approved.
    pub(crate) async fn to_gitlab(
        &self,
        base: &Base,
        request: Request,
        after: After,
        from: &From,
    ) -> Response<Body> {
        self.consented(Event::LoginStarted, &request, |entry| {
            entry.from(from).write();
        });
        let way = match self.rules.flow {
            Flow::Passthrough => self.with_client_parameters(&request),
            Flow::Callback(path) => self.with_own_parameters(base, path, request).await,
        };
        let (url, cookie) = match way {
            Ok(way) => way,
            Err(unable) => return self.problem(&unable.problem()),
        };
        let mut response = match after {
            After::Link => redirect(url.as_str(), StatusCode::SEE_OTHER),
            After::Form => {
                let nonce = Nonce::draw(&*self.random);
                continue_to_gitlab(&nonce, self.browser.host(), url.as_str()).into_response()
            }
        };
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// GitLab answers the client itself: its redirect URI, state and challenge go along, our
    /// application and scopes, and nothing else that the client said.
    fn with_client_parameters(
        &self,
        request: &Request,
    ) -> Result<(Url, Option<HeaderValue>), Unable> {
        let address = format!("{}/oauth/authorize", self.browser.base());
        let mut url = Url::parse(&address).map_err(|_| Unable::Unavailable)?;
        let scopes = self.rules.scopes.join(" ");
        let redirect_uri = request.redirect_uri.as_deref().ok_or(Unable::Unavailable)?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.application_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &scopes)
            .extend_pairs(request.state.as_deref().map(|state| ("state", state)))
            .append_pair("code_challenge", &request.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((url, None))
    }

    /// GitLab answers us: with a state and a challenge of our own, bound to this browser.
    async fn with_own_parameters(
        &self,
        base: &Base,
        path: &str,
        request: Request,
    ) -> Result<(Url, Option<HeaderValue>), Unable> {
        let life = self.rules.pending_life;
        let verifier = random::token(&*self.random, RANDOM);
        let bound = self.rules.consent != ConsentRule::Off;
        let binding = bound.then(|| Binding::draw(&*self.random));
        let pending = Pending {
            request,
            verifier: secret(verifier).ok_or(Unable::Unavailable)?,
            browser: binding.as_ref().map(Binding::digest),
            ends: self.tokens.now().saturating_add(life.as_secs()),
        };
        if self.rules.sealed.is_none() {
            self.make_room(MOST).await?;
        }
        let state = self.hand_out(&pending).await?;
        let seconds = u32::try_from(life.as_secs()).unwrap_or(u32::MAX);
        let cookie = binding.map(|binding| binding.cookie(&state, base, seconds));
        let redirect_uri = Url::parse(&base.at(path)).map_err(|_| Unable::Unavailable)?;
        let url = self.application.authorize_url(&Authorization {
            redirect_uri: &redirect_uri,
            scopes: &self.rules.scopes,
            state: &secret(state).ok_or(Unable::Unavailable)?,
            verifier: &pending.verifier,
        });
        Ok((url, cookie))
    }

    /// Lets the oldest logins on their way go until there are fewer than `most`.
    pub(super) async fn make_room(&self, most: u64) -> Result<(), StoreError> {
        if self.records.count::<Pending>().await? < most {
            return Ok(());
        }
        for oldest in self.records.lowest::<Pending>(i64::MAX, BATCH).await? {
            self.records.forget(&oldest).await?;
            if self.records.count::<Pending>().await? < most {
                break;
            }
        }
        Ok(())
    }
}

/// Why the browser cannot be sent.
enum Unable {
    /// The store does not answer.
    Unavailable,
    /// The state would not fit into an address.
    TooLong,
}

impl Unable {
    fn problem(&self) -> Problem<'static> {
        match self {
            Self::Unavailable => Problem::store_unavailable(),
            Self::TooLong => Problem::request_too_long(),
        }
    }
}

impl std::convert::From<StoreError> for Unable {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::TooLong(_) => Self::TooLong,
        }
    }
}
