//! GitLab's OAuth 2.0 endpoints as a client sees them: what every mode that signs people in shares.
//! <https://docs.gitlab.com/api/oauth2/>, RFC 6749, RFC 7636, RFC 8628.

use std::time::Duration;

use gitlab_mcp_core::secret::{Alphabet, GitLabToken, Kind, Secret};

/// A refresh token of GitLab; each use replaces it. RFC 6749 section 1.5.
#[derive(Debug, Clone, Copy)]
pub enum RefreshToken {}

impl Kind for RefreshToken {
    const NAME: &'static str = "RefreshToken";
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// What GitLab hands out for a grant. RFC 6749 section 5.1.
#[derive(Debug)]
pub struct Tokens {
    /// Goes to the API as `Authorization: Bearer`.
    pub access: Secret<GitLabToken>,
    /// Replaces the one it was made with; `None` keeps that one.
    pub refresh: Option<Secret<RefreshToken>>,
    /// Life of the access token from the moment the answer came.
    pub expires_in: Option<Duration>,
    /// What was granted, separated by blanks.
    pub scope: Option<String>,
}

/// Why there are no tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// GitLab's error code. RFC 6749 section 5.2, RFC 8628 section 3.5.
    #[error("GitLab refuses with {0}")]
    Refused(String),
    /// Nobody can say: no connection, a timeout, 408, 429, 5xx, or an answer that is not JSON. The
    /// grant may still be good.
    #[error("GitLab cannot be asked at the moment")]
    Transient,
    /// An answer that breaks the protocol, such as 200 without an access token.
    #[error("GitLab's answer cannot be used")]
    Invalid,
}
