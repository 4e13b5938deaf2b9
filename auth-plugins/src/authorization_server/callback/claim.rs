//! Whose login comes back: known, this browser's, and from the GitLab it was sent to. RFC 6749 section
//! 10.12, RFC 9207 section 2.4.

use gitlab_mcp_store::StoreError;
use http::request::Parts;

use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::browser::is_bound;
use crate::authorization_server::grant::Pending;
use crate::authorization_server::page::Problem;
use crate::authorization_server::parameters::Parameters;
use crate::authorization_server::records::TakenRecord;
use crate::authorization_server::site::Base;

/// Why nothing was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotClaimed {
    /// No login with this state is on its way.
    Unknown,
    /// Somebody claimed it before.
    Finished,
    /// It was approved in another browser. It is over.
    OtherBrowser,
    /// Another issuer than our GitLab answered. It is over.
    OtherIssuer,
    /// Nobody can say at the moment.
    Unavailable,
}

impl NotClaimed {
    /// For the audit; none where there is no login.
    pub(super) const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Finished => None,
            Self::OtherBrowser => Some("other_browser"),
            Self::OtherIssuer => Some("other_issuer"),
            Self::Unavailable => Some("unavailable"),
        }
    }

    /// For the person.
    pub(super) fn problem(self) -> Problem<'static> {
        match self {
            Self::Unknown => Problem::unknown_state(),
            Self::Finished => Problem::already_finished(),
            Self::OtherBrowser => Problem::other_browser(),
            Self::OtherIssuer => Problem::other_issuer(),
            Self::Unavailable => Problem::store_unavailable(),
        }
    }
}

impl From<StoreError> for NotClaimed {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl AuthorizationServer {
    /// The login with this state, for this request alone. Neither a wrong browser nor a wrong issuer
    /// gets as far as an exchange.
    pub(super) async fn claim(
        &self,
        base: &Base,
        parts: &Parts,
        parameters: &Parameters,
        state: &str,
    ) -> Result<Pending, NotClaimed> {
        if let Some(pending) = self.handed_out::<Pending>(state).await? {
            if pending.request.issuer != base.issuer() || pending.ends <= self.tokens.now() {
                return Err(NotClaimed::Unknown);
            }
            let bound = pending.browser.as_deref();
            let is_here = bound.is_none_or(|digest| is_bound(&parts.headers, state, base, digest));
            let refused = match (is_here, self.is_gitlab(parameters.get("iss"))) {
                (true, true) => None,
                (false, _) => Some(NotClaimed::OtherBrowser),
                (true, false) => Some(NotClaimed::OtherIssuer),
            };
            if let Some(refused) = refused {
                self.void(state, &pending).await?;
                return Err(refused);
            }
        }
        let life = self.rules.pending_life;
        match self.take_handed_out::<Pending>(state, life).await? {
            TakenRecord::First(pending) => Ok(pending),
            TakenRecord::Before { .. } => Err(NotClaimed::Finished),
            TakenRecord::Absent => Err(NotClaimed::Unknown),
        }
    }

    /// Whether GitLab, if it says who it is, is the one that was asked.
    fn is_gitlab(&self, told: Option<&str>) -> bool {
        told.is_none_or(|told| told == self.instance.base() || told == self.browser.base())
    }
}
