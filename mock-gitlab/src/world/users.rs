//! Users. <https://docs.gitlab.com/api/users/>

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Avatar;
use crate::clock::Timestamp;

/// A person or a bot.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, as the API names them"
)]
pub struct User {
    /// Number of the user.
    pub id: u64,
    /// Number of the personal namespace.
    pub namespace_id: u64,
    /// The name after the `@`.
    pub username: String,
    /// The name people use.
    pub name: String,
    /// Primary address.
    pub email: String,
    /// Password for the sign-in page.
    pub password: String,
    /// `active`, `blocked`, `deactivated`, `banned`, `blocked_pending_approval`.
    pub state: String,
    /// Administrator of the instance.
    pub admin: bool,
    /// A bot of a project or group access token.
    pub bot: bool,
    /// An account for a machine, made as such.
    pub service_account: bool,
    /// The group that made a service account.
    pub provisioned_by: Option<u64>,
    /// An external user.
    pub external: bool,
    /// A few words about themselves.
    pub bio: String,
    /// Where they sit.
    pub location: String,
    /// What they do.
    pub job_title: String,
    /// What else was set, under the API's own names.
    pub details: Map<String, Value>,
    /// The picture.
    pub avatar: Option<Avatar>,
    /// Accounts at other providers.
    pub identities: Vec<Identity>,
    /// What they are up to.
    pub status: Status,
    /// How they like to look at GitLab, under the API's own names.
    pub preferences: Map<String, Value>,
    /// Users they follow.
    pub follows: BTreeSet<u64>,
    /// Projects they starred.
    pub starred: BTreeSet<u64>,
    /// The administrator who made the account.
    pub created_by: Option<u64>,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl User {
    /// An active user without anything optional.
    pub fn new(id: u64, namespace_id: u64, username: &str, name: &str, email: &str) -> Self {
        Self {
            id,
            namespace_id,
            username: username.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            state: "active".to_owned(),
            ..Self::default()
        }
    }
}

/// An account at another provider.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `google_oauth2`, `ldapmain`, …
    pub provider: String,
    /// Their number or name there.
    pub extern_uid: String,
}

/// <https://docs.gitlab.com/api/users/#get-the-status-of-a-user>
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Name of an emoji.
    pub emoji: Option<String>,
    /// A few words.
    pub message: Option<String>,
    /// `busy`, or nothing.
    pub busy: bool,
    /// When it goes away by itself.
    pub clear_at: Option<Timestamp>,
}
