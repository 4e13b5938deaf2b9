//! The audit stream: who signed in, through which client, from where, what became of it, and what was
//! changed with it.
//!
//! Entries are `tracing` events of a target of their own; the server writes that target, and no
//! other, to the stream the operator chose. An entry never holds a token, a code or a secret, whole
//! or in part. Text of somebody else is escaped and cut.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tracing::info;

mod from;
mod sampler;

pub use from::From;
pub use sampler::Sampler;

use crate::auth::Principal;
use crate::tool::mask_tokens;

/// The `tracing` target of the entries.
pub const TARGET: &str = "audit";

/// Longest project that is kept, in characters before they are escaped: as long as GitLab's paths.
const LONGEST_PROJECT: usize = 255;
/// Longest id of a JSON-RPC message that is kept, likewise.
const LONGEST_REQUEST: usize = 64;

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
    KeyPreviousUsed,
    SessionBound,
    SessionForeign,
    BearerRejected,
    WriteToolCalled,
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
            Self::KeyPreviousUsed => "key_previous_used",
            Self::SessionBound => "session_bound",
            Self::SessionForeign => "session_foreign",
            Self::BearerRejected => "bearer_rejected",
            Self::WriteToolCalled => "write_tool_called",
        }
    }
}

/// One entry. Fill what is known, then [`Entry::write`].
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
    mode: Option<&'static str>,
    instance: Option<&'a str>,
    request: Option<String>,
    tool: Option<&'static str>,
    project: Option<String>,
    suppressed: Option<u64>,
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
            mode: None,
            instance: None,
            request: None,
            tool: None,
            project: None,
            suppressed: None,
        }
    }

    /// Somebody was not let: why, as one word for machines.
    #[must_use]
    pub fn refused(mut self, reason: &'a str) -> Self {
        self.outcome = "refused";
        self.reason = reason;
        self
    }

    /// It was tried and did not go well: why, as one word for machines.
    #[must_use]
    pub fn failed(mut self, reason: &'a str) -> Self {
        self.outcome = "failed";
        self.reason = reason;
        self
    }

    /// It goes on when the client has answered a question.
    #[must_use]
    pub fn waits(mut self) -> Self {
        self.outcome = "waits";
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

    /// About whom, through which client and at which GitLab.
    #[must_use]
    pub fn principal(mut self, principal: &'a Principal) -> Self {
        self.subject = principal.subject();
        self.client = principal.client().unwrap_or_default();
        self.instance = Some(principal.instance().host());
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

    /// The registered name of the auth mode.
    #[must_use]
    pub fn mode(mut self, mode: &'static str) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The host of the GitLab it is about.
    #[must_use]
    pub fn instance(mut self, host: &'a str) -> Self {
        self.instance = Some(host);
        self
    }

    /// The id the client gave its message, as JSON text.
    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        let text = id.trim_matches('"');
        self.request = Some(Shown::up_to(LONGEST_REQUEST, text).to_string());
        self
    }

    /// Which tool was called, and the project the call names.
    #[must_use]
    pub fn tool(mut self, name: &'static str, project: Option<&str>) -> Self {
        self.tool = Some(name);
        self.project = project.map(|text| {
            let masked = mask_tokens(text);
            let text = masked.as_deref().unwrap_or(text);
            Shown::up_to(LONGEST_PROJECT, text).to_string()
        });
        self
    }

    /// How many equal events have no entry.
    #[must_use]
    pub fn suppressed(mut self, events: u64) -> Self {
        self.suppressed = Some(events);
        self
    }

    /// Writes the entry.
    pub fn write(self) {
        info!(
            target: TARGET,
            event = self.event.name(),
            outcome = self.outcome,
            reason = self.reason,
            mode = self.mode,
            instance = self.instance,
            client = self.client,
            client_name = %Shown::whole(self.client_name),
            subject = self.subject,
            username = %Shown::whole(self.username),
            redirect = self.redirect,
            scope = self.scope,
            login = %digest(self.sid),
            address = self.from.address.as_deref().unwrap_or_default(),
            agent = self.from.agent.as_deref().unwrap_or_default(),
            request = self.request,
            tool = self.tool,
            project = self.project,
            suppressed = self.suppressed,
        );
    }
}

/// Text of somebody else, without what a terminal or a log could act on.
struct Shown<'a> {
    text: &'a str,
    most: usize,
}

impl<'a> Shown<'a> {
    /// All of a text that was bounded where it came in.
    fn whole(text: &'a str) -> Self {
        Self::up_to(usize::MAX, text)
    }

    /// The first `most` characters.
    fn up_to(most: usize, text: &'a str) -> Self {
        Self { text, most }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.text.char_indices().nth(self.most);
        let end = end.map_or(self.text.len(), |(end, _)| end);
        let text = self.text.get(..end).unwrap_or_default();
        write!(f, "{}", text.escape_debug())
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

#[cfg(test)]
mod tests;
