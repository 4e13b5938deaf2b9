//! Tokens with the login inside, for servers that store nothing. RFC 6749 section 1.4.

use gitlab_mcp_core::secret::{GitLabToken, Secret};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ACCESS, Claims, REFRESH, Tokens};
use crate::authorization_server::grant::Login;
use crate::authorization_server::keys::Purpose;
use crate::authorization_server::records::kept;
use crate::authorization_server::site::Base;

/// Longest token in bytes: a header of more is cut off on the way.
const LONGEST: usize = 4 * 1024;

/// What an access token carries.
#[derive(Debug, Serialize, Deserialize)]
pub struct Carried {
    /// What it says.
    pub claims: Claims,
    /// GitLab's access token.
    #[serde(with = "kept")]
    pub access: Secret<GitLabToken>,
}

impl Tokens {
    /// Seals an access token; `None` for one that is too long to travel in a header.
    pub fn seal_access(&self, carried: &Carried) -> Option<String> {
        self.seal_into(ACCESS, Purpose::SelfContainedAccess, &[], carried)
    }

    /// What a self-contained access token for `base` carries, if it is one of ours and still good by
    /// its date.
    pub fn open_carried(&self, base: &Base, token: &str) -> Option<Carried> {
        let sealed = token.strip_prefix(ACCESS)?;
        let carried: Carried = self.open_from(Purpose::SelfContainedAccess, &[], sealed)?;
        self.is_good(base, &carried.claims).then_some(carried)
    }

    /// Seals a login into a refresh token; `None` for one that is too long.
    pub fn seal_login(&self, base: &Base, login: &Login) -> Option<String> {
        let context = [base.issuer().as_bytes()];
        self.seal_into(REFRESH, Purpose::SelfContainedRefresh, &context, login)
    }

    /// The login in a refresh token that was made under `base`.
    pub fn open_login(&self, base: &Base, token: &str) -> Option<Login> {
        let sealed = token.strip_prefix(REFRESH)?;
        let context = [base.issuer().as_bytes()];
        self.open_from(Purpose::SelfContainedRefresh, &context, sealed)
    }

    fn seal_into<T: Serialize>(
        &self,
        prefix: &str,
        purpose: Purpose,
        context: &[&[u8]],
        value: &T,
    ) -> Option<String> {
        let plain = Zeroizing::new(serde_json::to_vec(value).ok()?);
        let sealed = self.keys.seal_text(purpose, context, &plain, &*self.random);
        let token = format!("{prefix}{sealed}");
        (token.len() <= LONGEST).then_some(token)
    }

    fn open_from<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        sealed: &str,
    ) -> Option<T> {
        let opened = self.keys.open_text(purpose, context, sealed).ok()?;
        serde_json::from_slice(&opened.plain).ok()
    }
}
