//! What the operator decided, as the rest of the authorization server reads it. A mode fills it from
//! its settings.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_core::secret::{ClientSecret, Secret};
use subtle::{Choice, ConstantTimeEq as _};

use super::redirect_uri::RedirectRules;

/// Who asks the person before a client gets a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentRule {
    /// A page of ours, for each client, redirect URI and scope.
    Required,
    /// GitLab's own prompt; only where the code can reach nothing but URIs registered at GitLab.
    AtGitLab,
    /// Nobody: a test aid for a server that only this machine reaches.
    Off,
}

/// Whether people may sign in with a code they type at GitLab. RFC 8628.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceRule {
    /// On a page of ours and for command-line clients.
    On,
    /// Only on a page of ours.
    Page,
    /// Not at all.
    Off,
}

/// Where GitLab sends the browser back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// To us, at this path below the base: one redirect URI is registered at GitLab.
    Callback(&'static str),
    /// To the client: its redirect URI is registered at GitLab.
    Passthrough,
}

/// What clients hold. RFC 6749 section 1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFormat {
    /// Our tokens, which refer to a login in the store.
    Reference,
    /// Our tokens, with the login sealed inside: nothing is stored.
    SelfContained,
    /// GitLab's own tokens.
    GitLab {
        /// How long GitLab's answer about one counts.
        cache: Duration,
        /// Whether a GitLab whose edge takes the header away is asked with the token in the query.
        ask_by_query: bool,
    },
}

/// Lives of what carries its own content, where no store remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Of a client id, counted from the registration.
    pub client_life: Duration,
}

/// Everything a mode decides about its authorization server.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The registered name of the auth mode, for the audit.
    pub mode: &'static str,
    /// Where GitLab sends the browser.
    pub flow: Flow,
    /// What clients hold.
    pub format: TokenFormat,
    /// Client ids, states and codes carry their own content; none of them is stored.
    pub sealed: Option<Sealed>,
    /// Scopes asked of GitLab, whatever a client asks for.
    pub scopes: Vec<String>,
    /// The one scope that is published and granted.
    pub scope: String,
    /// Full paths of groups; a user must be in one of them or below. Empty lets everybody in.
    pub groups: Vec<String>,
    /// How long a membership that was seen counts.
    pub group_recheck: Duration,
    /// Who asks the person.
    pub consent: ConsentRule,
    /// How long a browser may remember an approval; zero never.
    pub remember_days: u16,
    /// Life of an access token.
    pub access_life: Duration,
    /// Life of a login that nobody uses.
    pub idle_life: Duration,
    /// Life of a login however much it is used.
    pub longest_life: Duration,
    /// How long an unused successor of a refresh token may be asked for again.
    pub grace: Duration,
    /// Life of an authorization code.
    pub code_life: Duration,
    /// Life of a login on its way through GitLab.
    pub pending_life: Duration,
    /// Signing in by device.
    pub device: DeviceRule,
    /// Least time between two polls of a device login.
    pub device_interval: Duration,
    /// Longest device login.
    pub device_life: Duration,
    /// Whether clients may register themselves. RFC 7591.
    pub registration: bool,
    /// Whether a client id may be the URL of a metadata document.
    pub documents: bool,
    /// Hosts of such documents; `None` means any public one.
    pub document_hosts: Option<BTreeSet<String>>,
    /// Which redirect URIs are accepted.
    pub redirects: RedirectRules,
    /// Most registered clients.
    pub most_clients: u64,
    /// Registrations an hour from one address.
    pub registrations_per_hour: u32,
    /// Requests a minute from one address to each of the other endpoints.
    pub requests_per_minute: u32,
    /// Clients known from the configuration.
    pub configured: Vec<Configured>,
    /// MCP is served at the base itself as well.
    pub serves_root: bool,
}

/// A client the operator wrote into the configuration.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its redirect URIs, judged already.
    pub redirect_uris: Vec<super::redirect_uri::RedirectUri>,
    /// The operator's own: the consent page is skipped.
    pub skips_consent: bool,
    /// What a confidential client proves itself with; `None` for a public one.
    pub secret: Option<Arc<Secret<ClientSecret>>>,
}

impl Rules {
    /// The configured client of this id.
    pub fn configured(&self, id: &str) -> Option<&Configured> {
        self.configured.iter().find(|one| one.id == id)
    }

    /// Whether one of `presented` is the secret of the client of this id. All secrets are compared, and
    /// all ids, so that neither the time of a right id nor that of a wrong one tells which it is.
    pub fn proves(&self, id: &str, presented: &[&str]) -> bool {
        let proven = self.configured.iter().fold(Choice::from(0), |proven, one| {
            let is_it = one.id.as_bytes().ct_eq(id.as_bytes());
            let matches = one.secret.as_deref().is_some_and(|own| {
                let each = presented.iter().map(|secret| own.matches(secret));
                each.fold(false, |found, matches| found | matches)
            });
            proven | (is_it & Choice::from(u8::from(matches)))
        });
        proven.into()
    }
}

impl Default for Rules {
    /// The defaults of the settings, with the callback at `/callback`.
    fn default() -> Self {
        let apps = [
            "cursor",
            "vscode",
            "vscode-insiders",
            "windsurf",
            "claude",
            "zed",
        ];
        Self {
            mode: "mcp-oauth",
            flow: Flow::Callback("/callback"),
            format: TokenFormat::Reference,
            sealed: None,
            scopes: vec!["api".to_owned()],
            scope: "api".to_owned(),
            groups: Vec::new(),
            group_recheck: Duration::from_mins(15),
            consent: ConsentRule::Required,
            remember_days: 0,
            access_life: Duration::from_hours(1),
            idle_life: Duration::from_hours(168),
            longest_life: Duration::from_hours(720),
            grace: Duration::from_mins(1),
            code_life: Duration::from_mins(1),
            pending_life: Duration::from_mins(10),
            device: DeviceRule::Off,
            device_interval: Duration::from_secs(5),
            device_life: Duration::from_mins(5),
            registration: true,
            documents: true,
            document_hosts: None,
            redirects: RedirectRules {
                hosts: None,
                schemes: Some(apps.into_iter().map(str::to_owned).collect()),
            },
            most_clients: 1_000,
            registrations_per_hour: 20,
            requests_per_minute: 120,
            configured: Vec::new(),
            serves_root: false,
        }
    }
}
