//! The static bearer: guards HTTP when the server itself holds the GitLab credential.
//! It gates access and is never forwarded. RFC 6750 section 2.1.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::{AuthError, AuthProvider, Caller, Challenge, Credential, Generation, Routes};
use crate::secret::{Secret, StaticBearer as Bearer};

/// Wraps a provider whose identity is the server's: every HTTP request must first present the
/// configured token as `Authorization: Bearer`. stdio is not affected.
#[derive(Debug)]
pub struct StaticBearer {
    inner: Arc<dyn AuthProvider>,
    expected: Secret<Bearer>,
}

impl StaticBearer {
    /// Guards `inner` with `expected`.
    pub fn new(inner: Arc<dyn AuthProvider>, expected: Secret<Bearer>) -> Self {
        Self { inner, expected }
    }

    fn check(&self, request: &Parts) -> Result<(), AuthError> {
        let mut values = request.headers.get_all(AUTHORIZATION).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(AuthError::Malformed {
                reason: "duplicate_credential",
                description: "the Authorization header stands twice in the request".to_owned(),
            });
        }
        let presented = first
            .and_then(|value| value.to_str().ok())
            .and_then(bearer_of);
        match presented {
            Some(token) if self.expected.matches(token) => Ok(()),
            _ => Err(Challenge::realm("Streamable HTTP authentication required").into()),
        }
    }
}

/// The token of an `Authorization: Bearer` value; the scheme counts in any case.
fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[async_trait]
impl AuthProvider for StaticBearer {
    async fn authenticate(&self, request: &Parts) -> Result<Caller, AuthError> {
        self.check(request)?;
        self.inner.authenticate(request).await
    }

    fn local(&self) -> Option<Caller> {
        self.inner.local()
    }

    async fn ready(&self) -> bool {
        self.inner.ready().await
    }

    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError> {
        self.inner.credential(caller).await
    }

    async fn renew(
        &self,
        caller: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        self.inner.renew(caller, rejected).await
    }

    async fn signed_in(&self, caller: &Caller) -> bool {
        self.inner.signed_in(caller).await
    }

    fn sign_in_advice(&self) -> &'static str {
        self.inner.sign_in_advice()
    }

    fn routes(self: Arc<Self>) -> Routes {
        Arc::clone(&self.inner).routes()
    }

    async fn shutdown(&self) {
        self.inner.shutdown().await;
    }
}
