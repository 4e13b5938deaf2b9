//! Why a request is not served, and the answer that says so: a JSON-RPC error object on the MCP
//! routes, an OAuth-style error object elsewhere. RFC 6750 section 3; JSON-RPC 2.0 section 5.1.

use std::time::Duration;

use axum::body::Body;
use gitlab_mcp_core::auth::{AuthError, Challenge};
use http::header::{CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

/// JSON-RPC codes we answer with.
pub(crate) mod code {
    pub(crate) const PARSE: i32 = -32700;
    pub(crate) const REQUEST: i32 = -32600;
    pub(crate) const METHOD: i32 = -32601;
    pub(crate) const PARAMS: i32 = -32602;
    pub(crate) const INTERNAL: i32 = -32603;
    pub(crate) const SESSION: i32 = -32001;
    pub(crate) const HEADERS: i32 = -32020;
}

/// A request that is not served.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Facts>);

#[derive(Debug)]
struct Facts {
    status: StatusCode,
    code: i32,
    message: String,
    data: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    challenge: Option<Box<Challenge>>,
    id: Option<String>,
}

impl Refusal {
    /// A refusal with a word for machines and a sentence for people.
    pub(crate) fn new(status: StatusCode, reason: &str, message: impl Into<String>) -> Self {
        let mut data = Map::new();
        data.insert("reason".to_owned(), reason.into());
        Self(Box::new(Facts {
            status,
            code: code::REQUEST,
            message: message.into(),
            data,
            headers: Vec::new(),
            challenge: None,
            id: None,
        }))
    }

    /// A 400 with `reason`.
    pub(crate) fn bad(reason: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason, message)
    }

    /// A refusal that says what to sign in with; it has the same form on every route.
    pub(crate) fn challenging(status: StatusCode, reason: &str, challenge: Challenge) -> Self {
        let header = challenge.www_authenticate.clone();
        let mut refusal =
            Self::new(status, reason, "not signed in").header(WWW_AUTHENTICATE, header);
        if let Some(wait) = challenge.retry_after {
            refusal = refusal.retry_after(wait);
        }
        refusal.0.challenge = Some(Box::new(challenge));
        refusal
    }

    /// With another JSON-RPC code.
    #[must_use]
    pub(crate) fn code(mut self, code: i32) -> Self {
        self.0.code = code;
        self
    }

    /// As the answer to the request whose id is the JSON text `id`.
    #[must_use]
    pub(crate) fn answers(mut self, id: Option<&str>) -> Self {
        self.0.id = id.map(str::to_owned);
        self
    }

    /// With another member in `data`.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.0.data.insert(key.to_owned(), value);
        self
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// With the time after which it makes sense to come back.
    #[must_use]
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().max(1);
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// And ends the connection, because the rest of the request is not read.
    #[must_use]
    pub(crate) fn close(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// The status of it.
    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The answer on an MCP route.
    pub(crate) fn on_mcp(self) -> Response<Body> {
        if self.0.challenge.is_some() {
            return self.elsewhere();
        }
        let body = self.error_object();
        respond(self.0.status, &body, self.0.headers)
    }

    /// The answer on stdio.
    pub(crate) fn to_line(&self) -> String {
        self.error_object().to_string()
    }

    fn error_object(&self) -> Value {
        let mut body = Map::new();
        body.insert("jsonrpc".to_owned(), "2.0".into());
        if let Some(id) = self
            .0
            .id
            .as_deref()
            .and_then(|id| serde_json::from_str(id).ok())
        {
            body.insert("id".to_owned(), id);
        }
        let error = json!({ "code": self.0.code, "message": self.0.message, "data": self.0.data });
        body.insert("error".to_owned(), error);
        Value::Object(body)
    }

    /// The answer on every other route.
    pub(crate) fn elsewhere(self) -> Response<Body> {
        let facts = *self.0;
        let (error, description) = if let Some(challenge) = facts.challenge {
            (challenge.error.into(), challenge.error_description)
        } else {
            let reason = facts.data.get("reason").cloned();
            (reason.unwrap_or_default(), Some(facts.message))
        };
        let mut body = json!({ "error": error });
        if let (Some(text), Some(members)) = (description, body.as_object_mut()) {
            members.insert("error_description".to_owned(), text.into());
        }
        respond(facts.status, &body, facts.headers)
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthorized(challenge) => {
                Self::challenging(StatusCode::UNAUTHORIZED, "unauthorized", *challenge)
            }
            AuthError::Malformed {
                reason,
                description,
            } => Self::bad(reason, description),
            AuthError::Denied { description } => {
                Self::new(StatusCode::FORBIDDEN, "access_denied", description)
            }
            AuthError::SignIn(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "nobody is signed in to GitLab on this server",
            ),
            AuthError::Unusable { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the GitLab credential of this server cannot be used; its log says why",
            ),
            AuthError::Unavailable { retry_after } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "sign-in cannot be checked at the moment; try again later",
            )
            .retry_after(retry_after),
        }
    }
}

/// A JSON answer.
pub(crate) fn respond(
    status: StatusCode,
    body: &Value,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let all = response.headers_mut();
    all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    all.extend(headers);
    response
}
