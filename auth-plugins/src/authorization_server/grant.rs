//! The records of one authorization, in the order they come to be: the request a person is asked
//! about, the login on its way through GitLab, the code, the login itself.

use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::Namespace;
use serde::{Deserialize, Serialize};

use super::handles::Handle;
use super::keys::Purpose;
use super::records::{Record, kept};
use crate::gitlab_oauth::{RefreshToken, Verifier};

/// What a client asked for, judged. RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The base URL the request came in under.
    pub issuer: String,
    /// The client.
    pub client: String,
    /// What it calls itself.
    pub client_name: String,
    /// Where the code goes; `None` for the device page.
    pub redirect_uri: Option<String>,
    /// The client's own state, returned as it came.
    pub state: Option<String>,
    /// S256 challenge, 43 characters. RFC 7636 section 4.2.
    pub challenge: String,
    /// What the client wants to reach, if it said so.
    pub resource: Option<String>,
}

/// A login on its way through GitLab, found by its state.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    /// What was approved.
    pub request: Request,
    /// Our own proof towards GitLab.
    #[serde(with = "kept")]
    pub verifier: Secret<Verifier>,
    /// Digest of the cookie of the browser that approved; `None` where nothing binds it.
    pub browser: Option<String>,
    /// Unix seconds.
    pub ends: u64,
}

impl Record for Pending {
    const NAMESPACE: Namespace = Namespace::Pending;
}

impl Handle for Pending {
    const PREFIX: &'static str = "";
    const PURPOSE: Purpose = Purpose::State;

    fn ends(&self) -> u64 {
        self.ends
    }
}

/// An authorization code of ours, found by the code.
#[derive(Debug, Serialize, Deserialize)]
pub struct Code {
    /// The login it opens.
    pub opens: Opens,
    /// What was approved: whoever redeems it must prove to be the same.
    pub request: Request,
    /// Unix seconds.
    pub ends: u64,
}

/// The login of a code.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// One that is stored, by its `sid`.
    Stored(String),
    /// This one, which is stored nowhere else.
    Here(Box<Login>),
}

impl Code {
    /// The login's id.
    pub fn sid(&self) -> &str {
        match &self.opens {
            Opens::Stored(sid) => sid,
            Opens::Here(login) => &login.sid,
        }
    }
}

impl Record for Code {
    const NAMESPACE: Namespace = Namespace::Code;
}

impl Handle for Code {
    const PREFIX: &'static str = "gmac_";
    const PURPOSE: Purpose = Purpose::Code;

    fn ends(&self) -> u64 {
        self.ends
    }
}

/// How the person signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Through a browser that came back.
    Browser,
    /// By typing a code at GitLab.
    Device,
    /// In a way this release does not know.
    #[serde(other)]
    Other,
}

/// A login: the grant of one person to one client, found by its `sid`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Login {
    /// Its id.
    pub sid: String,
    /// The base URL it was made under; its tokens are good nowhere else.
    pub issuer: String,
    /// The client.
    pub client: String,
    /// GitLab's base URL.
    pub instance: String,
    /// GitLab's user id.
    pub subject: String,
    /// GitLab's user name, for the audit.
    pub username: Option<String>,
    /// What our tokens may be used for.
    pub scope: String,
    /// How it began.
    pub method: Method,
    /// Counts our refresh tokens.
    pub rgen: u64,
    /// Unix seconds of the last rotation of ours.
    pub rotated: u64,
    /// Whether a token of the present generation was used.
    pub present_used: bool,
    /// Counts the pairs of GitLab.
    pub ugen: u64,
    /// GitLab's access token.
    #[serde(with = "kept")]
    pub access: Secret<GitLabToken>,
    /// GitLab's refresh token; none means the login ends with the access token.
    #[serde(with = "kept::optional")]
    pub refresh: Option<Secret<RefreshToken>>,
    /// Unix seconds at which the pair came.
    pub access_since: u64,
    /// Unix seconds at which GitLab's access token ends; `None` when GitLab does not say.
    pub access_ends: Option<u64>,
    /// Part of the proof of our refresh tokens.
    pub salt: String,
    /// Unix seconds.
    pub created: u64,
    /// Unix seconds of the last use of a refresh token.
    pub used: u64,
    /// Unix seconds of the end that no use can move.
    pub ends: u64,
    /// A renewal at GitLab whose end nobody has written down.
    pub in_flight: Option<InFlight>,
    /// Unix seconds at which the group list was last satisfied.
    pub member: u64,
    /// Unix seconds at which GitLab was last asked about the groups, whatever it said.
    pub member_asked: u64,
}

/// The mark a renewal at GitLab leaves before it sends anything. The renewal that works removes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// Unix seconds of the beginning.
    pub since: u64,
    /// Unix seconds at which whoever began it gave up: nobody holds an answer of GitLab then.
    pub failed: Option<u64>,
}

impl Login {
    /// Why it is shorter than others, as one word for the audit; else empty.
    pub(super) const fn shortness(&self) -> &'static str {
        if self.refresh.is_none() {
            "no_refresh_token"
        } else {
            ""
        }
    }
}

impl Record for Login {
    const NAMESPACE: Namespace = Namespace::Login;
}

/// A token of GitLab that is still to be revoked there.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unrevoked {
    /// Revoking an access token also ends its refresh token, and the other way round.
    #[serde(with = "kept")]
    pub token: Secret<GitLabToken>,
    /// The login it was for; empty where none began.
    #[serde(default)]
    pub sid: String,
    /// Failed attempts so far.
    pub tries: u32,
}

impl Record for Unrevoked {
    const NAMESPACE: Namespace = Namespace::Outbox;
}
