//! Why a tool call failed, in words a model can act on. It becomes a tool result with `isError`,
//! never a protocol error.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::conversation::Suspension;
use crate::gitlab::{ApiError, RequestError};

/// The closed set of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each word is its own description")]
pub enum ErrorCode {
    InvalidParams,
    NotEnabled,
    PermissionMode,
    Restricted,
    Unauthorized,
    InsufficientScope,
    Forbidden,
    NotFound,
    Conflict,
    NotMergeable,
    Validation,
    RateLimited,
    Timeout,
    UpstreamUnavailable,
    UpstreamInvalid,
    OutcomeUnknown,
    TooLarge,
    Cancelled,
    Internal,
}

impl ErrorCode {
    /// The word of a reason where words are written small: in the audit stream.
    pub fn word(self) -> String {
        let word = serde_json::to_value(self).unwrap_or_default();
        word.as_str().unwrap_or_default().to_ascii_lowercase()
    }
}

/// One wrong argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer of the argument, for example `/labels/2`.
    pub pointer: String,
    /// What was expected.
    pub expected: String,
}

/// Why a call failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ToolError {
    /// The reason.
    pub code: ErrorCode,
    /// What happened, as a sentence.
    pub message: String,
    /// What to do next.
    pub next_step: String,
    /// GitLab's status, when GitLab answered.
    pub status: Option<u16>,
    /// GitLab's own words.
    pub gitlab: Option<String>,
    /// The wrong arguments.
    pub fields: Vec<FieldProblem>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
    /// The call waits for an answer of the client and is not a failure at all.
    pub suspended: Option<Box<Suspension>>,
}

impl ToolError {
    /// An error with the two sentences everybody needs.
    pub fn new(code: ErrorCode, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            next_step: next_step.into(),
            status: None,
            gitlab: None,
            fields: Vec::new(),
            retry_after: None,
            suspended: None,
        }
    }

    /// Wrong arguments, all of them at once.
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        let list: Vec<String> = fields
            .iter()
            .map(|field| format!("{}: {}", field.pointer, field.expected))
            .collect();
        let message = format!("the arguments are not valid: {}", list.join("; "));
        let mut error = Self::new(
            ErrorCode::InvalidParams,
            message,
            "correct the named arguments and call again; nothing was sent to GitLab",
        );
        error.fields = fields;
        error
    }

    /// One wrong argument.
    pub fn argument(name: &str, expected: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem {
            pointer: format!("/{name}"),
            expected: expected.into(),
        }])
    }

    /// The call goes on after the client has answered.
    pub fn suspended(suspension: Suspension) -> Self {
        let mut error = Self::new(ErrorCode::Cancelled, "waiting for the user", "answer first");
        error.suspended = Some(Box::new(suspension));
        error
    }

    /// The `error` member of the structured result.
    pub fn to_json(&self, tool: &str) -> Value {
        let mut body = json!({
            "code": self.code,
            "message": self.message,
            "next_step": self.next_step,
            "tool": tool,
        });
        if let Some(object) = body.as_object_mut() {
            if let Some(status) = self.status {
                object.insert("status".to_owned(), status.into());
            }
            if let Some(words) = &self.gitlab {
                object.insert("gitlab".to_owned(), words.as_str().into());
            }
            if !self.fields.is_empty() {
                object.insert("fields".to_owned(), json!(self.fields));
            }
            if let Some(wait) = self.retry_after {
                object.insert("retry_after_seconds".to_owned(), wait.as_secs().into());
            }
        }
        json!({ "error": body })
    }

    /// Two lines of text: what happened, and what to do.
    pub fn to_text(&self) -> String {
        match &self.gitlab {
            Some(words) => format!("{} (GitLab: {words})\n{}", self.message, self.next_step),
            None => format!("{}\n{}", self.message, self.next_step),
        }
    }
}

impl From<RequestError> for ToolError {
    fn from(error: RequestError) -> Self {
        Self::argument(&error.argument, error.expected)
    }
}

impl From<ApiError> for ToolError {
    fn from(error: ApiError) -> Self {
        error.into_tool_error()
    }
}
