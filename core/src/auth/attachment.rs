//! Headers that stand beside a token, or instead of one, and depend on the request: cookies,
//! CSRF tokens.

use std::fmt::Debug;

use async_trait::async_trait;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::AuthError;

/// What a [`Credential`](super::Credential) adds to each request besides its token.
///
/// It is asked only about requests to the instance the credential belongs to. What it adds may open
/// a proxy before GitLab as well, so with an attachment every page or redirect in place of data
/// counts as a 401, whoever it comes from.
#[async_trait]
pub trait Attachment: Debug + Send + Sync {
    /// Adds the headers for one request, sensitive values marked as such.
    ///
    /// # Errors
    /// [`AuthError`] when the request must not be sent at all, for example a write without a
    /// CSRF token.
    async fn attach(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), AuthError>;

    /// Sees the headers of every answer, for example to keep its cookies.
    fn learn(&self, url: &Url, answer: &HeaderMap);

    /// Hears that a request was refused with `status`. True when what was attached may be stale, so
    /// that the provider should renew it and the request be sent once more; a 401 counts without
    /// that.
    fn refused(&self, method: &Method, status: StatusCode) -> bool;

    /// `text` without any secret of the attachment that may stand in it.
    fn hidden_in(&self, text: String) -> String;
}
