//! What a client is told that gets no tokens. One text for every reason: which it was is nobody's
//! business. RFC 6749 section 5.2.

use crate::authorization_server::error::OAuthError;

pub(in crate::authorization_server) fn refresh_refused() -> OAuthError {
    OAuthError::invalid_grant(
        "the refresh token is unknown, expired, used before or of another client, or its login has \
         ended: sign in again",
    )
}

pub(in crate::authorization_server) fn not_a_member() -> OAuthError {
    OAuthError::invalid_grant(
        "this person is in none of the GitLab groups that may use this server: ask its operator",
    )
}
