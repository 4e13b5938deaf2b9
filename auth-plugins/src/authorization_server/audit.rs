//! The audit stream: one event per decision about a person, a client or a login. Never a token, a
//! code or a secret, whole or in part.
//!
//! Events are `tracing` events with the target `audit`; the server writes that target to a stream of
//! its own.

use std::fmt;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::audit::TARGET;
use http::header::USER_AGENT;
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use tracing::info;

/// Longest part of a user agent that is kept.
const LONGEST_AGENT: usize = 200;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Event {
    ClientRegistered,
    ConsentShown,
    ConsentApproved,
    ConsentDenied,
    LoginStarted,
    LoginCompleted,
    LoginFailed,
    DeviceStarted,
    DeviceCompleted,
    TokenIssued,
    TokenRefreshed,
    RefreshReuse,
    CodeReplayed,
    TokenRevoked,
    LoginEnded,
    GroupDenied,
    UpstreamRefresh,
    UpstreamRevoked,
}

impl Event {
    /// The name in the stream.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientRegistered => "client_registered",
            Self::ConsentShown => "consent_shown",
            Self::ConsentApproved => "consent_approved",
            Self::ConsentDenied => "consent_denied",
            Self::LoginStarted => "login_started",
            Self::LoginCompleted => "login_completed",
            Self::LoginFailed => "login_failed",
            Self::DeviceStarted => "device_started",
            Self::DeviceCompleted => "device_completed",
            Self::TokenIssued => "token_issued",
            Self::TokenRefreshed => "token_refreshed",
            Self::RefreshReuse => "refresh_reuse",
            Self::CodeReplayed => "code_replayed",
            Self::TokenRevoked => "token_revoked",
            Self::LoginEnded => "login_ended",
            Self::GroupDenied => "group_denied",
            Self::UpstreamRefresh => "upstream_refresh",
            Self::UpstreamRevoked => "upstream_revoked",
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct From {
    address: Option<String>,
    agent: Option<String>,
}

impl From {
    /// The effective address and the user agent of a request.
    pub fn of(request: &Parts) -> Self {
        let address = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let agent = request.headers.get(USER_AGENT);
        let agent = agent.and_then(|value| value.to_str().ok());
        let short = |text: &str| {
            let plain: String = text.chars().take(LONGEST_AGENT).collect();
            plain.escape_debug().to_string()
        };
        Self {
            address: address.map(|info| info.0.ip().to_string()),
            agent: agent.map(short),
        }
    }
}

/// One event. Fill what is known, then [`Entry::write`].
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    event: Event,
    outcome: &'static str,
    reason: &'a str,
    client: &'a str,
    client_name: &'a str,
    subject: &'a str,
    username: &'a str,
    redirect: &'a str,
    scope: &'a str,
    sid: &'a str,
    from: From,
}

impl<'a> Entry<'a> {
    /// An event that went well.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            outcome: "ok",
            reason: "",
            client: "",
            client_name: "",
            subject: "",
            username: "",
            redirect: "",
            scope: "",
            sid: "",
            from: From::default(),
        }
    }

    /// The event did not go well: why, as one word for machines.
    #[must_use]
    pub fn refused(mut self, reason: &'a str) -> Self {
        self.outcome = "refused";
        self.reason = reason;
        self
    }

    /// Why it happened, as one word for machines.
    #[must_use]
    pub fn because(mut self, reason: &'a str) -> Self {
        self.reason = reason;
        self
    }

    /// Through which client.
    #[must_use]
    pub fn client(mut self, id: &'a str, name: &'a str) -> Self {
        (self.client, self.client_name) = (id, name);
        self
    }

    /// About whom.
    #[must_use]
    pub fn person(mut self, subject: &'a str, username: &'a str) -> Self {
        (self.subject, self.username) = (subject, username);
        self
    }

    /// The host, or private scheme, the code goes to.
    #[must_use]
    pub fn redirect(mut self, target: &'a str) -> Self {
        self.redirect = target;
        self
    }

    /// What was granted.
    #[must_use]
    pub fn scope(mut self, scope: &'a str) -> Self {
        self.scope = scope;
        self
    }

    /// Which login; only eight bytes of its digest are written.
    #[must_use]
    pub fn login(mut self, sid: &'a str) -> Self {
        self.sid = sid;
        self
    }

    /// From where.
    #[must_use]
    pub fn from(mut self, from: &From) -> Self {
        self.from = from.clone();
        self
    }

    /// Writes the event.
    pub fn write(self) {
        info!(
            target: TARGET,
            event = self.event.name(),
            outcome = self.outcome,
            reason = self.reason,
            client = self.client,
            client_name = %Shown(self.client_name),
            subject = self.subject,
            username = %Shown(self.username),
            redirect = self.redirect,
            scope = self.scope,
            login = %digest(self.sid),
            address = self.from.address.as_deref().unwrap_or_default(),
            agent = self.from.agent.as_deref().unwrap_or_default(),
        );
    }
}

/// Text of somebody else, without what a terminal or a log could act on.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

/// Eight bytes of the digest of a login id: enough to follow it, too little to be it.
pub fn digest(sid: &str) -> String {
    if sid.is_empty() {
        return String::new();
    }
    let digest = Sha256::digest(sid.as_bytes());
    let short: Vec<u8> = digest.iter().take(8).copied().collect();
    URL_SAFE_NO_PAD.encode(short)
}
