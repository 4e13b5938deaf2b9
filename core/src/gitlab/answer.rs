//! GitLab's answer: status, headers, body, and what they say about paging.
//! <https://docs.gitlab.com/api/rest/#pagination>

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ApiError, Situation};

/// A 2xx answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, within the size limit of the client.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; an empty body is `null`.
    ///
    /// # Errors
    /// [`ApiError`] when the body is something else.
    pub fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        self.read()
    }

    /// The body as a type that names only the members it needs.
    ///
    /// # Errors
    /// [`ApiError`] when the body does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            ApiError::new(Situation::Invalid).words(format!("not the expected JSON: {error}"))
        })
    }

    /// The body as text; bytes that are not UTF-8 are shown as replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header as a number; GitLab sends empty text for "none".
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The query parameters of the `Link: rel="next"` target, when it stays on `origin_path`.
    pub fn next_link(&self, origin_path: &str) -> Option<Vec<(String, String)>> {
        let next = self
            .header("link")?
            .split(',')
            .find(|part| part.contains(r#"rel="next""#))?
            .split(['<', '>'])
            .nth(1)?;
        let url = url::Url::parse(next).ok()?;
        let mut plain = url.clone();
        plain.set_query(None);
        (plain.as_str() == origin_path).then(|| {
            url.query_pairs()
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect()
        })
    }
}
