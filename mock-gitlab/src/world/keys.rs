//! SSH keys of users, and deploy keys. <https://docs.gitlab.com/api/user_keys/>

use std::collections::BTreeMap;

use crate::clock::Timestamp;

/// An SSH key of a user.
#[derive(Clone, Debug)]
pub struct SshKey {
    /// Number of the key; deploy keys count with them.
    pub id: u64,
    /// Whose it is.
    pub user: u64,
    /// What they call it.
    pub title: String,
    /// The public key, `ssh-ed25519 … comment`.
    pub key: String,
    /// `auth`, `signing`, `auth_and_signing`.
    pub usage_type: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// From when on it is dead.
    pub expires_at: Option<Timestamp>,
}

/// A key for reading or writing repositories. <https://docs.gitlab.com/api/deploy_keys/>
#[derive(Clone, Debug)]
pub struct DeployKey {
    /// Number of the key; the keys of users count with them.
    pub id: u64,
    /// What it is for.
    pub title: String,
    /// The public key.
    pub key: String,
    /// Whether administrators offer it to every project.
    pub public: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// From when on it is dead.
    pub expires_at: Option<Timestamp>,
    /// The projects it opens, and whether it may push there.
    pub projects: BTreeMap<u64, bool>,
}
