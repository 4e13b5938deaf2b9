//! Why a request was not let in, and what the refusal says. Status codes and headers follow
//! RFC 6750 section 3 and RFC 9728 section 5.1; the HTTP guard writes the answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::secret::{Alphabet, Kind, Secret};

/// What a 401 carries besides its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The `WWW-Authenticate` header.
    pub www_authenticate: HeaderValue,
    /// The `error` member of the body.
    pub error: String,
    /// The `error_description` member of the body; `None` leaves it out.
    pub error_description: Option<String>,
    /// Seconds to wait, when trying again could help.
    pub retry_after: Option<Duration>,
}

/// `Bearer realm="gitlab-mcp"`, the challenge of every mode without an authorization server.
pub fn bearer_realm() -> HeaderValue {
    HeaderValue::from_static(r#"Bearer realm="gitlab-mcp""#)
}

impl Challenge {
    /// A plain challenge with [`bearer_realm`].
    pub fn realm(error: impl Into<String>) -> Self {
        Self {
            www_authenticate: bearer_realm(),
            error: error.into(),
            error_description: None,
            retry_after: None,
        }
    }

    /// The same challenge with a sentence for the person who meets it.
    #[must_use]
    pub fn describe(mut self, text: impl Into<String>) -> Self {
        self.error_description = Some(text.into());
        self
    }
}

/// The address of a page on which a person signs in. Holds the `state` of the sign-in, so it goes to
/// that person and into no log.
#[derive(Debug, Clone, Copy)]
pub enum SignInLink {}

impl Kind for SignInLink {
    const NAME: &'static str = "SignInLink";
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// A sign-in that has been started and waits for a person. Cloning shares it.
#[derive(Clone)]
pub struct SignInPage(Arc<Secret<SignInLink>>);

impl SignInPage {
    /// The page at `link`.
    pub fn new(link: Secret<SignInLink>) -> Self {
        Self(Arc::new(link))
    }

    /// The link, for the person who signs in.
    pub fn link(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for SignInPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInPage")
    }
}

impl PartialEq for SignInPage {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SignInPage {}

/// Why a request was not let in.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum AuthError {
    /// No credential, or one that is not accepted: 401.
    #[error("not signed in: {}", .0.error)]
    Unauthorized(Box<Challenge>),
    /// The credential cannot even be read: 400.
    #[error("{description}")]
    Malformed {
        /// Word for machines, such as `duplicate_credential`.
        reason: &'static str,
        /// Sentence for people.
        description: String,
    },
    /// Known, but not allowed in: 403.
    #[error("{description}")]
    Denied {
        /// Sentence for people.
        description: String,
    },
    /// The one person of this server has to sign in at a page first; see
    /// [`AuthProvider::signed_in`](super::AuthProvider::signed_in).
    #[error("nobody is signed in")]
    SignIn(SignInPage),
    /// The server's own credential cannot be used until somebody puts something right: 503.
    #[error("{problem}: {remedy}")]
    Unusable {
        /// What is wrong, as a sentence without its end.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// Nobody can say at the moment: 503 with `Retry-After`.
    #[error("sign-in cannot be checked at the moment; try again in {} s", retry_after.as_secs())]
    Unavailable {
        /// When to come back.
        retry_after: Duration,
    },
}

impl From<Challenge> for AuthError {
    fn from(challenge: Challenge) -> Self {
        Self::Unauthorized(Box::new(challenge))
    }
}
