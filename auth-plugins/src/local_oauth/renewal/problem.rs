//! Why there is no token to use, and what a call is told about it.

use std::time::Duration;

use gitlab_mcp_core::auth::AuthError;

use super::super::token_file::{TokenFileError, TokenFileProblem};

/// When to come back while GitLab cannot renew.
const COME_BACK: Duration = Duration::from_secs(5);

/// Why there is no token to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Problem {
    /// A person has to sign in.
    SignedOut,
    /// GitLab cannot be asked.
    Transient,
    /// GitLab refuses for a reason that a sign-in does not cure.
    Refused(String),
    /// The token file cannot be used.
    File(TokenFileError),
}

impl From<TokenFileError> for Problem {
    fn from(error: TokenFileError) -> Self {
        Self::File(error)
    }
}

impl Problem {
    /// The answer to a call; `None` when a person has to sign in.
    pub(in super::super) fn into_auth_error(self) -> Option<AuthError> {
        match self {
            Self::SignedOut => None,
            Self::Transient => Some(AuthError::Unavailable {
                retry_after: COME_BACK,
            }),
            Self::Refused(code) => Some(AuthError::Unusable {
                problem: format!("GitLab refuses to renew the access token ({code})"),
                remedy: "check GITLAB_OAUTH_CLIENT_ID and GITLAB_OAUTH_CLIENT_SECRET".to_owned(),
            }),
            Self::File(error) if error.problem() == TokenFileProblem::Busy => {
                Some(AuthError::Unusable {
                    problem: "another process is renewing the access token".to_owned(),
                    remedy: error.remedy(),
                })
            }
            Self::File(error) => Some(AuthError::Unusable {
                problem: error.to_string(),
                remedy: error.remedy(),
            }),
        }
    }
}
