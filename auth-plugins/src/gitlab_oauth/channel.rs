//! The `oauth2` crate's HTTP client, over the one way to the network; and which answers decide
//! anything at all.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use gitlab_mcp_core::gitlab::{Egress, FetchError, Limits};
use http::{Method, Request, Response, StatusCode, header};
use oauth2::basic::BasicErrorResponse;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, RequestTokenError};
use serde_json::{Map, Value};
use url::Url;

use super::GrantError;

/// A refresh whose answer is lost costs the person a sign-in, so GitLab gets time to answer.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    body: 64 * 1024,
};

/// Seconds a device code lives when the answer does not say so: GitLab's default.
const DEVICE_LIFE: u64 = 300;

/// An answer that says nothing about the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("GitLab cannot be asked at the moment")]
    Transient,
    #[error("this GitLab has no such endpoint")]
    NotThere,
    #[error("the request cannot be made")]
    Unusable,
}

impl From<Unanswered> for GrantError {
    fn from(error: Unanswered) -> Self {
        match error {
            // A proxy says 404 as well while the GitLab behind it restarts.
            Unanswered::Transient | Unanswered::NotThere => Self::Transient,
            Unanswered::Unusable => Self::Invalid,
        }
    }
}

impl From<FetchError> for Unanswered {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Address => Self::Unusable,
            FetchError::NotAllowed
            | FetchError::NotSent
            | FetchError::Broken
            | FetchError::Timeout
            | FetchError::TooLarge => Self::Transient,
        }
    }
}

/// Requests to the OAuth endpoints of one GitLab.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    egress: Egress,
}

impl Channel {
    pub(super) fn new(egress: Egress) -> Self {
        Self { egress }
    }

    /// Sends a request; `Ok` is an answer whose status decides something.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        let answer = self.egress.fetch(request, LIMITS).await?;
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Err(Unanswered::NotThere);
        }
        let again = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
        if status.is_server_error() || again.contains(&status) {
            return Err(Unanswered::Transient);
        }
        Ok(answer)
    }

    /// Sends a request; `Ok` is a JSON object with a status that decides something.
    pub(super) async fn ask(
        &self,
        request: Request<Bytes>,
    ) -> Result<(StatusCode, Map<String, Value>), Unanswered> {
        let answer = self.send(request).await?;
        Ok((answer.status(), object(answer.body())?))
    }

    /// Posts a form and reads GitLab's JSON.
    pub(super) async fn post(&self, endpoint: &Url, form: String) -> Result<Value, GrantError> {
        self.decided(posted(endpoint, form)?).await
    }

    /// Posts a form whose success needs no words: RFC 7009 section 2.2 leaves the body open. What is
    /// neither empty nor JSON is no answer of GitLab but, say, the page of a proxy in front of it.
    pub(super) async fn order(&self, endpoint: &Url, form: String) -> Result<(), GrantError> {
        let answer = self.send(posted(endpoint, form)?).await?;
        if answer.status() == StatusCode::OK && answer.body().trim_ascii().is_empty() {
            return Ok(());
        }
        success(answer.status(), object(answer.body())?).map(drop)
    }

    /// Sends a request; `Ok` is the body of a success.
    pub(super) async fn decided(&self, request: Request<Bytes>) -> Result<Value, GrantError> {
        let (status, object) = self.ask(request).await?;
        success(status, object)
    }
}

fn posted(endpoint: &Url, form: String) -> Result<Request<Bytes>, GrantError> {
    Request::builder()
        .method(Method::POST)
        .uri(endpoint.as_str())
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form))
        .map_err(|_| GrantError::Invalid)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Unanswered> {
    let mut object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Unanswered::Transient)?;
    for name in ["expires_in", "interval"] {
        tolerate(&mut object, name);
    }
    Ok(object)
}

fn success(status: StatusCode, object: Map<String, Value>) -> Result<Value, GrantError> {
    match object.get("error").and_then(Value::as_str) {
        _ if status == StatusCode::OK => Ok(Value::Object(object)),
        Some(code) => Err(GrantError::Refused(word(code))),
        None => Err(GrantError::Invalid),
    }
}

impl<'c> AsyncHttpClient<'c> for Channel {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (status, mut object) = self.ask(request.map(Bytes::from)).await?;
            if object.contains_key("device_code") {
                object.entry("expires_in").or_insert(DEVICE_LIFE.into());
            }
            let mut response = Response::new(Value::Object(object).to_string().into_bytes());
            *response.status_mut() = status;
            Ok(response)
        })
    }
}

/// What became of a request of the crate.
pub(super) fn failed(error: RequestTokenError<Unanswered, BasicErrorResponse>) -> GrantError {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            GrantError::Refused(word(answer.error().as_ref()))
        }
        RequestTokenError::Request(error) => error.into(),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => GrantError::Invalid,
    }
}

/// An error code as it may be shown: the characters of RFC 6749 appendix A.7, and not many.
fn word(code: &str) -> String {
    let shown = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    code.chars().filter(shown).take(64).collect()
}

/// A life or an interval that is not a whole number must not cost the tokens it stands beside. One
/// below zero is over.
fn tolerate(object: &mut Map<String, Value>, name: &str) {
    let Some(value) = object.get(name).filter(|value| !value.is_u64()) else {
        return;
    };
    let number = match value {
        Value::String(text) => text.trim().parse::<i64>().ok(),
        other => other.as_i64(),
    };
    let number = number.map(|number| u64::try_from(number).unwrap_or(0));
    match number {
        Some(number) => {
            object.insert(name.to_owned(), number.into());
        }
        None => {
            object.remove(name);
        }
    }
}
