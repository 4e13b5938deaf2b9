//! What the server knows about a client, however it learned it. RFC 6749 section 2.

use gitlab_mcp_store::Namespace;
use serde::{Deserialize, Serialize};

use super::records::Record;
use super::redirect_uri::{RedirectRules, RedirectUri};

pub(crate) mod metadata;
pub(crate) mod name;

/// Puts every client that was never used before every one that was: 34,000 years.
const NEVER_USED: i64 = 1 << 40;

/// Where the knowledge comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The client registered itself. RFC 7591.
    Registered,
    /// A metadata document on this host; the client id is its URL.
    Document {
        /// The host, which is all a person can trust about the name.
        host: String,
    },
    /// The operator.
    Configured {
        /// The consent page is skipped.
        skips_consent: bool,
    },
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// What it calls itself; only the operator's word is worth anything.
    pub name: String,
    /// Where codes may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Who says so.
    pub origin: Origin,
}

impl Client {
    /// Whether codes may be sent to `requested`.
    pub fn may_use(&self, requested: &str) -> bool {
        self.redirect_uris.iter().any(|uri| uri.is(requested))
    }
}

/// A registered client as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// Its id.
    pub id: String,
    /// What it calls itself, with our suffix.
    pub name: String,
    /// In the bytes they were registered in.
    pub redirect_uris: Vec<String>,
    /// Unix seconds.
    pub issued_at: u64,
    /// Unix seconds of the latest login that began; `None` before the first.
    pub used_at: Option<u64>,
}

impl Record for Registration {
    const NAMESPACE: Namespace = Namespace::Client;
}

impl Registration {
    /// Its place in the order in which clients make room: never used ones, oldest first, then the
    /// one whose last use is longest ago. In seconds, so that used ones compare with dates.
    pub fn rank(&self) -> i64 {
        let seconds = |time| i64::try_from(time).unwrap_or(i64::MAX);
        match self.used_at {
            None => seconds(self.issued_at).saturating_sub(NEVER_USED),
            Some(used) => seconds(used),
        }
    }

    /// The client. Redirect URIs that the rules of today refuse are left out.
    pub fn client(&self, rules: &RedirectRules) -> Client {
        let accepted = |uri: &String| rules.accept(uri).ok();
        Client {
            id: self.id.clone(),
            name: self.name.clone(),
            redirect_uris: self.redirect_uris.iter().filter_map(accepted).collect(),
            origin: Origin::Registered,
        }
    }
}
