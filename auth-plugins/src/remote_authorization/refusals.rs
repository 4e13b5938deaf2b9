//! The words of every refusal. Status codes and headers: RFC 6750 section 3.

use std::time::Duration;

use gitlab_mcp_core::auth::{AuthError, Challenge};

use super::presented::Unusable;
use super::targets::Unnamed;

/// No credential at all.
pub(super) fn missing() -> Challenge {
    nothing("send your own GitLab token in one of these headers with every request")
}

fn nothing(description: &str) -> Challenge {
    Challenge::realm("Missing Private-Token, JOB-TOKEN, or Authorization header")
        .describe(description)
}

/// No usable credential: a word for the log, and the answer.
pub(super) fn unusable(unusable: Unusable) -> (&'static str, AuthError) {
    let malformed = |reason, description| {
        let error = AuthError::Malformed {
            reason,
            description,
        };
        (reason, error)
    };
    match unusable {
        Unusable::Missing => ("missing", missing().into()),
        Unusable::Shape => {
            let text = "the header holds no GitLab token: it must be 20 to 4096 letters, digits, \
                        dots, hyphens and underscores, and follow the word Bearer in Authorization";
            ("shape", nothing(text).into())
        }
        Unusable::Twice(header) => malformed(
            "duplicate_credential",
            format!("the {header} header stands twice in the request; send it once"),
        ),
        Unusable::Malformed(header) => malformed(
            "malformed_credential",
            format!("the {header} header holds control characters or several credentials"),
        ),
    }
}

/// The header that names an instance does not name one that may be used.
pub(super) fn target(reason: Unnamed) -> AuthError {
    match reason {
        Unnamed::Twice => {
            let reason = "duplicate_credential";
            tracing::info!(reason, header = "X-GitLab-API-URL", "refused");
            AuthError::Malformed {
                reason,
                description:
                    "the X-GitLab-API-URL header stands twice in the request; send it once"
                        .to_owned(),
            }
        }
        Unnamed::NotAllowed => {
            tracing::info!(reason = "host_not_allowed", "refused");
            AuthError::Denied {
                description: "the GitLab instance in X-GitLab-API-URL is not allowed on this \
                              server; its operator lists the allowed ones in GITLAB_ALLOWED_HOSTS"
                    .to_owned(),
            }
        }
    }
}

/// GitLab knows no such token.
pub(super) fn rejected(error: &'static str, host: &str) -> AuthError {
    invalid(
        error,
        format!("GitLab at {host} does not accept this token: it is wrong, expired or revoked"),
    )
    .into()
}

/// GitLab could not be asked. Somebody who was let in not long ago is told so; an unknown token is
/// no credential, but nobody is told that it is a bad one.
pub(super) fn unclear(error: &'static str, host: &str, wait: Duration, known: bool) -> AuthError {
    if known {
        return AuthError::Unavailable { retry_after: wait };
    }
    let mut challenge = invalid(
        error,
        format!(
            "GitLab at {host} cannot be asked at the moment whether this token is valid; try again in \
         {} s",
            wait.as_secs().max(1)
        ),
    );
    challenge.retry_after = Some(wait);
    challenge.into()
}

/// The host is allowed, but not connected to.
pub(super) fn unreachable(host: &str) -> AuthError {
    AuthError::Denied {
        description: format!(
            "connecting to {host} is not allowed: it has no public address, and the operator of \
             this server does not list it in GITLAB_INTERNAL_HOSTS"
        ),
    }
}

fn invalid(error: &'static str, description: String) -> Challenge {
    Challenge::realm(error).describe(description)
}
