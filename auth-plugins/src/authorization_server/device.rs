//! Signing in by device: the person types a code at GitLab, and this server asks GitLab until that
//! is done. RFC 8628, <https://docs.gitlab.com/api/oauth2/#device-authorization-grant-flow>
//!
//! A flow begins in one of three ways and goes on in one way:
//!
//! | who began it | file | how the end is fetched |
//! |---|---|---|
//! | a browser without a redirect URI | `page` | by that browser, at `/oauth/poll` |
//! | a program without a redirect URI | `json` | by whoever holds the flow state, at `/oauth/poll` |
//! | a client of RFC 8628 | `authorization` | with the device code, at `/token` (`redeem`) |
//!
//! Nobody's poll is passed on to GitLab: a poll makes this server ask when that is due (`ask`), and
//! is answered from the record.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use gitlab_mcp_core::secret::{GitLabToken, Secret};
use gitlab_mcp_store::{Namespace, StoreError};
use serde::{Deserialize, Serialize};

use super::AuthorizationServer;
use super::grant::{Code, Request};
use super::page::{DeviceEnd, short_login};
use super::records::{Record, kept};
use crate::gitlab_oauth::{DeviceCode, RefreshToken, Tokens};

mod ask;
mod authorization;
mod json;
mod links;
mod page;
mod redeem;
mod start;

use links::Links;

/// Most polls at GitLab at a time in this process; the others wait for another poll of theirs.
pub(super) const AT_ONCE: usize = 64;
/// Longest time between two polls, in seconds.
const LONGEST_INTERVAL: u64 = 60;
/// Seconds added when somebody is too fast or in trouble. RFC 8628 section 3.5.
const SLOWER: u64 = 5;

/// A device login, found by its flow state or by our device code.
#[derive(Serialize, Deserialize)]
pub struct DeviceFlow {
    /// Names the lease of the flow, which a bearer value must not.
    pub id: String,
    /// What the client asked for.
    pub request: Request,
    /// Who may fetch the end.
    pub kind: Kind,
    /// GitLab's device code.
    #[serde(with = "kept")]
    pub code: Secret<DeviceCode>,
    /// What the person types.
    pub user_code: String,
    /// Where the person types it.
    pub links: Links,
    /// Seconds between two polls at GitLab.
    pub interval: u64,
    /// Unix milliseconds of the next poll at GitLab.
    pub due: u64,
    /// Unix seconds.
    pub ends: u64,
    /// How fast the client of RFC 8628 may ask.
    pub pace: Pace,
    /// How far it is.
    pub status: Status,
}

impl Record for DeviceFlow {
    const NAMESPACE: Namespace = Namespace::Device;
}

impl fmt::Debug for DeviceFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceFlow")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Who may fetch the end of a flow.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The browser with this digest of a cookie.
    Page {
        /// The digest.
        browser: String,
    },
    /// Whoever holds the flow state.
    Json,
    /// The client, at the token endpoint.
    Grant,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page { .. } => "Page",
            Self::Json => "Json",
            Self::Grant => "Grant",
        })
    }
}

/// How fast a client may ask. RFC 8628 section 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Seconds between two polls of the client.
    pub interval: u64,
    /// Unix milliseconds of its last poll that was not too early.
    pub polled: Option<u64>,
}

/// How far a flow is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The person has not confirmed.
    Waiting,
    /// GitLab handed out its tokens; the device code is used up.
    Exchanged(Exchanged),
    /// There is a login.
    Approved {
        /// The login.
        sid: String,
        /// The code that opens it, where one is handed out.
        code: Option<String>,
        /// Unix seconds until which it can be fetched.
        ends: u64,
        /// Unix seconds at which the login ends early, where it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short_end: Option<u64>,
    },
    /// There will be none.
    Failed(Failure),
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("Waiting"),
            Self::Exchanged(_) => f.write_str("Exchanged"),
            Self::Approved { .. } => f.write_str("Approved"),
            Self::Failed(failure) => f.debug_tuple("Failed").field(failure).finish(),
        }
    }
}

/// GitLab's tokens before anybody knows whose they are.
#[derive(Debug, Serialize, Deserialize)]
pub struct Exchanged {
    #[serde(with = "kept")]
    access: Secret<GitLabToken>,
    #[serde(with = "kept::optional")]
    refresh: Option<Secret<RefreshToken>>,
    /// Unix seconds.
    access_ends: Option<u64>,
    scope: Option<String>,
}

impl Exchanged {
    fn at(now: u64, tokens: Tokens) -> Self {
        let ends = |life: Duration| now.saturating_add(life.as_secs());
        Self {
            access: tokens.access,
            refresh: tokens.refresh,
            access_ends: tokens.expires_in.map(ends),
            scope: tokens.scope,
        }
    }

    fn tokens(self, now: u64) -> Tokens {
        let left = |ends: u64| Duration::from_secs(ends.saturating_sub(now));
        Tokens {
            access: self.access,
            refresh: self.refresh,
            expires_in: self.access_ends.map(left),
            scope: self.scope,
        }
    }
}

/// Why a flow ended without a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Somebody said no at GitLab.
    Denied,
    /// The person is in none of the allowed groups.
    NotMember,
    /// GitLab says that the time is over.
    Expired,
    /// GitLab does not know its device code any more.
    Spent,
    /// GitLab confirmed, but did not say for whom before it stopped to answer.
    Unfinished,
    /// GitLab refuses for a reason that only its operator can change, or breaks the protocol.
    Refused,
}

impl Failure {
    /// The error code. RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denied | Self::NotMember => "access_denied",
            Self::Expired => "expired_token",
            Self::Spent => "invalid_grant",
            Self::Unfinished => "temporarily_unavailable",
            Self::Refused => "server_error",
        }
    }

    /// What happened and what to do.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Denied => "the request was denied at GitLab; start again if that was a mistake",
            Self::NotMember => {
                "this person is in none of the groups that may use this server; ask its operator \
                 for access"
            }
            Self::Expired => "the code was not confirmed in time; start again",
            Self::Spent => "GitLab does not know this sign-in any more; start again",
            Self::Unfinished => {
                "GitLab confirmed, but stopped to answer before the sign-in was complete; start \
                 again"
            }
            Self::Refused => {
                "GitLab did not let the sign-in go on; tell the operator of this server if it \
                 happens again"
            }
        }
    }

    /// How a page shows it.
    const fn end(self) -> DeviceEnd {
        match self {
            Self::Denied | Self::NotMember => DeviceEnd::Denied,
            Self::Expired => DeviceEnd::Expired,
            Self::Spent | Self::Unfinished | Self::Refused => DeviceEnd::Failed,
        }
    }
}

/// What whoever asks about a flow is told.
pub(crate) enum Outcome<'a> {
    /// Not yet.
    Pending,
    /// There is a code, and what the person should know about the login.
    Complete(&'a str, Option<String>),
    /// There will be none.
    Failed(Failure),
    /// Out of time, or the code was redeemed.
    Over,
}

impl DeviceFlow {
    /// Whether GitLab should be asked, or what it said be carried on.
    fn is_due(&self, now: u64, millis: u64) -> bool {
        match self.status {
            Status::Waiting => now < self.ends && self.due <= millis,
            Status::Exchanged(_) => true,
            Status::Approved { .. } | Status::Failed(_) => false,
        }
    }

    /// Seconds until the codes end.
    pub(crate) fn left(&self, now: u64) -> u64 {
        self.ends.saturating_sub(now)
    }

    /// How long the store keeps it: the end can be fetched for as long as a code lives.
    fn life(&self, now: u64, code_life: Duration) -> Duration {
        let ends = match self.status {
            Status::Approved { ends, .. } => ends,
            _ => self.ends.saturating_add(code_life.as_secs()),
        };
        Duration::from_secs(ends.saturating_sub(now).max(1))
    }
}

impl AuthorizationServer {
    /// What the flow has come to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn device_outcome<'a>(
        &self,
        flow: &'a DeviceFlow,
    ) -> Result<Outcome<'a>, StoreError> {
        Ok(match &flow.status {
            Status::Waiting if flow.ends <= self.tokens.now() => Outcome::Over,
            Status::Waiting | Status::Exchanged(_) => Outcome::Pending,
            Status::Failed(failure) => Outcome::Failed(*failure),
            Status::Approved { code: None, .. } => Outcome::Over,
            Status::Approved {
                code: Some(code),
                short_end,
                ..
            } => match self.records.get::<Code>(code).await? {
                Some(_) => {
                    let left = |ends: u64| ends.saturating_sub(self.tokens.now());
                    let notice = short_end.map(|ends| short_login(left(ends), ends));
                    Outcome::Complete(code, notice)
                }
                None => Outcome::Over,
            },
        })
    }

    /// Unix milliseconds: polls are a few seconds apart, whole seconds would be too coarse.
    fn millis(&self) -> u64 {
        let since = self.clock.now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
    }
}

#[cfg(test)]
mod tests;
