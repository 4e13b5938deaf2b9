//! The shapes in which GitLab says no.
//! <https://docs.gitlab.com/api/rest/troubleshooting/#status-codes>

use serde_json::{Value, json};

use crate::answer::Answer;

/// A refusal, already in the shape in which it goes out.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Answer);

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        error.0
    }
}

impl From<Answer> for ApiError {
    /// Lets a handler leave early with any answer (a redirect, a 304).
    fn from(answer: Answer) -> Self {
        Self(answer)
    }
}

impl ApiError {
    /// `{"error": …}`, the shape of parameter checks.
    pub(crate) fn error(status: u16, text: &str) -> Self {
        Self(Answer::json_with(status, &json!({ "error": text })))
    }

    /// `{"message": …}`, the shape of everything else.
    pub(crate) fn message(status: u16, message: impl Into<Value>) -> Self {
        Self(Answer::json_with(
            status,
            &json!({ "message": message.into() }),
        ))
    }

    /// 400 `title is missing`.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::error(400, &format!("{parameter} is missing"))
    }

    /// 400 `page is invalid`: the text cannot be read as the type.
    pub(crate) fn invalid(parameter: &str) -> Self {
        Self::error(400, &format!("{parameter} is invalid"))
    }

    /// 400 `order_by does not have a valid value`: readable, but not in the list.
    pub(crate) fn not_a_choice(parameter: &str) -> Self {
        Self::error(400, &format!("{parameter} does not have a valid value"))
    }

    /// 400 with a text of its own.
    pub(crate) fn bad_request(text: &str) -> Self {
        Self::message(400, text)
    }

    /// 400 `{"message":{"field":["text"]}}`: a model refused.
    pub(crate) fn validation(field: &str, text: &str) -> Self {
        Self::message(400, json!({ field: [text] }))
    }

    /// 401: no credential, or one nobody knows.
    pub(crate) fn unauthorized() -> Self {
        Self::message(401, "401 Unauthorized")
    }

    /// 401 of GraphQL, whatever REST would say about the credential.
    pub(crate) fn graphql_unauthorized() -> Self {
        let body = json!({ "errors": [{ "message": "Invalid token" }] });
        Self(Answer::json_with(401, &body))
    }

    /// 401 for a token that was good once.
    pub(crate) fn invalid_token(description: &str) -> Self {
        let body = json!({ "error": "invalid_token", "error_description": description });
        let challenge = format!(
            "Bearer realm=\"The API\", error=\"invalid_token\", error_description=\"{description}\""
        );
        Self(Answer::json_with(401, &body).header("WWW-Authenticate", challenge))
    }

    /// 403: the token may not, whoever holds it.
    pub(crate) fn insufficient_scope(needed: &[&str]) -> Self {
        Self(Answer::json_with(
            403,
            &json!({
                "error": "insufficient_scope",
                "error_description":
                    "The request requires higher privileges than provided by the access token.",
                "scope": needed.join(" "),
            }),
        ))
    }

    /// 403: the caller may not.
    pub(crate) fn forbidden() -> Self {
        Self::message(403, "403 Forbidden")
    }

    /// 403 with the reason GitLab gives.
    pub(crate) fn forbidden_because(reason: &str) -> Self {
        Self::message(403, format!("403 Forbidden - {reason}"))
    }

    /// 404 `404 Project Not Found`: not there, or not for this caller's eyes.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::message(404, format!("404 {what} Not Found"))
    }

    /// 404 `404 Not found`: the plain form.
    pub(crate) fn gone() -> Self {
        Self::message(404, "404 Not found")
    }

    /// 404 of a path no route has.
    pub(crate) fn no_route() -> Self {
        Self::error(404, "404 Not Found")
    }

    /// 405.
    pub(crate) fn not_allowed() -> Self {
        Self::message(405, "405 Method Not Allowed")
    }

    /// 409.
    pub(crate) fn conflict(text: impl Into<Value>) -> Self {
        Self::message(409, text)
    }

    /// 422.
    pub(crate) fn unprocessable() -> Self {
        Self::message(422, "422 Unprocessable Entity")
    }
}
