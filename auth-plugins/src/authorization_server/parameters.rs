//! The parameters of an OAuth request: each at most once, from the place they belong to.
//! RFC 6749 section 3.1 and 3.2.

use std::collections::BTreeMap;
use std::error::Error;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use zeroize::Zeroizing;

use super::error::OAuthError;

/// Longest body of an OAuth request in bytes.
pub const BODY: usize = 64 * 1024;
/// Longest query in bytes.
const QUERY: usize = 8 * 1024;

/// The parameters of one request. Empty ones count as missing. No printable form: they hold codes
/// and tokens.
pub struct Parameters(BTreeMap<String, Zeroizing<String>>);

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Parameters {
    /// Those of the query.
    ///
    /// # Errors
    /// `invalid_request` when one stands twice or the query is longer than 8 KiB.
    pub fn of_query(request: &Parts) -> Result<Self, OAuthError> {
        let query = request.uri.query().unwrap_or_default();
        if query.len() > QUERY {
            return Err(OAuthError::invalid_request(
                "the query is longer than 8 KiB",
            ));
        }
        Self::read(query.as_bytes())
    }

    /// Those of a form body; the query is not looked at.
    ///
    /// # Errors
    /// `invalid_request` when one stands twice or the body cannot be read; 413 and 415.
    pub async fn of_form(request: &Parts, body: Body) -> Result<Self, OAuthError> {
        let bytes = Zeroizing::new(read_body(body).await?);
        // A request without a body has no content type to be wrong about.
        if !bytes.is_empty() && !is(request, "application/x-www-form-urlencoded") {
            return Err(OAuthError::unsupported_media_type(
                "application/x-www-form-urlencoded",
            ));
        }
        Self::read(&bytes)
    }

    fn read(text: &[u8]) -> Result<Self, OAuthError> {
        let mut all = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            let value = Zeroizing::new(value.into_owned());
            if all.insert(name.into_owned(), value).is_some() {
                return Err(OAuthError::invalid_request(
                    "a parameter stands twice in the request",
                ));
            }
        }
        Ok(Self(all))
    }

    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` naming it.
    pub fn need(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is missing")))
    }

    /// Whether a parameter stands there, even empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Whether the content type of `request` is `expected`, whatever its parameters.
pub fn is(request: &Parts, expected: &str) -> bool {
    let value = request.headers.get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected))
}

/// The whole body.
///
/// # Errors
/// 413 for one that is longer than [`BODY`], `invalid_request` for one that breaks off.
pub async fn read_body(body: Body) -> Result<Vec<u8>, OAuthError> {
    match Limited::new(body, BODY).collect().await {
        Ok(read) => Ok(read.to_bytes().to_vec()),
        Err(error) if is_too_long(&*error) => Err(OAuthError::too_large()),
        Err(_) => Err(OAuthError::invalid_request("the body breaks off")),
    }
}

/// Whether a limit stopped the reading: ours, or one in front of us, whose word comes wrapped.
fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    let mut all = std::iter::successors(Some(error), |&error| error.source());
    all.any(<dyn Error>::is::<LengthLimitError>)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn form(content_type: &str, body: &str) -> Result<Parameters, OAuthError> {
        let request = Request::builder().header("content-type", content_type);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Parameters::of_form(&parts, Body::from(body.to_owned())).await
    }

    #[tokio::test]
    async fn a_form_is_read_and_nothing_else() {
        let type_of_forms = "application/x-www-form-urlencoded; charset=utf-8";
        let read = form(type_of_forms, "a=1&b=%20&c=").await.unwrap();
        assert_eq!(read.need("a").unwrap(), "1");
        assert_eq!(read.get("b"), Some(" "));
        assert_eq!(read.get("c"), None);
        assert!(read.has("c"));
        assert_eq!(read.need("d").unwrap_err().code, "invalid_request");
        for (content_type, body, status) in [
            ("application/json", "{}", 415),
            ("text/plain", "a=1", 415),
            (type_of_forms, "a=1&a=1", 400),
            (type_of_forms, &"a".repeat(BODY + 1), 413),
        ] {
            let refused = form(content_type, body).await.unwrap_err();
            assert_eq!(refused.status, status, "{content_type}");
        }
    }
}
