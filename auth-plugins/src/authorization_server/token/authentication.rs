//! Which client asks, and whether it is that client. RFC 6749 sections 2.1 and 2.3.
//!
//! A client that registered itself, or that a metadata document describes, is public: it has an id and
//! no secret. The operator may have given a secret to a client of the configuration file; such a client
//! proves itself in each request, in one of two ways:
//!
//! | method | id | secret |
//! |---|---|---|
//! | `client_secret_basic` | user name of HTTP Basic | its password |
//! | `client_secret_post` | `client_id` in the form | `client_secret` in the form |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use tracing::warn;
use zeroize::Zeroizing;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::client::Client;
use crate::authorization_server::clients::NoClient;
use crate::authorization_server::error::{OAuthError, PAUSE};
use crate::authorization_server::parameters::Parameters;

const UNPROVEN: &str = "this client has to prove itself with its secret, either in HTTP Basic or as \
                        client_secret in the form";

/// For every reason: it tells no more about which clients there are than the time it takes.
const WRONG: &str = "this client is not known here, or it presented a secret that is not its own; a \
                     client that registered itself has none";

impl AuthorizationServer {
    /// The client that a request names, where it is proven to be that client.
    ///
    /// # Errors
    /// `invalid_client` for an unknown client, for a confidential one without its secret, for two ways
    /// of authenticating at once, and for a public client that presents a secret, which this server gave
    /// to nobody: a client that thinks it has one talks to the wrong server. A wrong secret is refused
    /// before anything is looked up.
    pub(in crate::authorization_server) async fn authenticated(
        &self,
        request: &Parts,
        form: &Parameters,
    ) -> Result<Client, OAuthError> {
        let basic = Basic::of(request)?;
        let refused = || OAuthError {
            basic: basic.is_some(),
            ..OAuthError::invalid_client()
        };
        let in_form = form.get("client_secret");
        let other_id = |basic: &Basic| form.get("client_id").is_some_and(|id| id != *basic.id);
        let id = match &basic {
            Some(basic) if in_form.is_some() || other_id(basic) => return Err(refused()),
            Some(basic) => &*basic.id,
            None => form.need("client_id")?,
        };
        if form.get("client_assertion").is_some() {
            return Err(refused());
        }
        let presented: Vec<&str> = match &basic {
            Some(basic) => basic.secrets.iter().map(|secret| secret.as_str()).collect(),
            None => in_form.into_iter().collect(),
        };
        if presented.is_empty() {
            let known = self.rules.configured(id);
            if known.is_some_and(|one| one.secret.is_some()) {
                return Err(OAuthError {
                    description: UNPROVEN.to_owned(),
                    ..refused()
                });
            }
        } else if !self.rules.proves(id, &presented) {
            warn!(
                client = self
                    .rules
                    .configured(id)
                    .map_or("not configured", |one| &one.id),
                "a client presented a secret that is not its own"
            );
            return Err(OAuthError {
                description: WRONG.to_owned(),
                ..refused()
            });
        }
        self.client_with_grant(id)
            .await
            .map_err(|error| match error {
                NoClient::Unavailable => OAuthError::unavailable(PAUSE),
                NoClient::Unknown => refused(),
            })
    }
}

/// What a client says in HTTP Basic. RFC 7617, RFC 6749 section 2.3.1.
struct Basic {
    id: Zeroizing<String>,
    /// The secret as the RFC spells it, form-urlencoded; and as it stands, because widespread clients
    /// do not encode it.
    secrets: [Zeroizing<String>; 2],
}

impl Basic {
    /// `None` where the request does not try HTTP Basic.
    ///
    /// # Errors
    /// `invalid_client` for what cannot be read, and for a second Authorization header.
    fn of(request: &Parts) -> Result<Option<Self>, OAuthError> {
        let values: Vec<&[u8]> = request
            .headers
            .get_all(AUTHORIZATION)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        if !values.iter().any(|value| credentials(value).is_some()) {
            return Ok(None);
        }
        let read = match values.as_slice() {
            [value] => credentials(value).and_then(Self::read),
            _ => None,
        };
        read.map(Some).ok_or_else(|| OAuthError {
            basic: true,
            ..OAuthError::invalid_client()
        })
    }

    fn read(credentials: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(credentials.trim_ascii()).ok()?);
        let text = std::str::from_utf8(&bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some(Self {
            id: decoded(id),
            secrets: [decoded(secret), Zeroizing::new(secret.to_owned())],
        })
    }
}

/// What follows the scheme `Basic`.
fn credentials(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(5)?;
    let is_basic = scheme.eq_ignore_ascii_case(b"basic");
    (is_basic && matches!(rest.first(), None | Some(b' '))).then_some(rest)
}

/// A form-urlencoded text. What is not UTF-8 is no id and no secret of this server, replaced or not.
fn decoded(text: &str) -> Zeroizing<String> {
    let spaced = Zeroizing::new(text.replace('+', " "));
    let text = percent_decode_str(&spaced).decode_utf8_lossy();
    Zeroizing::new(text.into_owned())
}

#[cfg(test)]
mod tests;
