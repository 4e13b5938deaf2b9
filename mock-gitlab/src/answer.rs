//! What a handler hands back: status, headers, body.

use bytes::Bytes;
use serde_json::Value;

/// One answer, before the server adds the headers that stand on every answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type,
            body: body.into(),
        }
    }

    /// JSON with the given status.
    pub(crate) fn json_with(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// 200 with JSON.
    pub(crate) fn json(value: &Value) -> Self {
        Self::json_with(200, value)
    }

    /// 201 with JSON: what GitLab answers to every successful POST.
    pub(crate) fn created(value: &Value) -> Self {
        Self::json_with(201, value)
    }

    /// 202 `{"message":"202 Accepted"}`: done later, as deletions are.
    pub(crate) fn accepted() -> Self {
        Self::json_with(202, &serde_json::json!({"message": "202 Accepted"}))
    }

    /// 204 without a body.
    pub(crate) fn no_content() -> Self {
        Self::new(204, "", Bytes::new())
    }

    /// `text/plain`.
    pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain", body)
    }

    /// `text/html`.
    pub(crate) fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// Any bytes with a content type.
    pub(crate) fn bytes(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(200, content_type, body)
    }

    /// 302 (or 301, 303 …) to `location`.
    pub(crate) fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::html(status, "").header("Location", location)
    }

    /// The same with another body.
    pub(crate) fn with_body(self, body: impl Into<Bytes>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
