//! Deploy tokens. <https://docs.gitlab.com/api/deploy_tokens/>

use super::Owner;
use crate::clock::Timestamp;

/// A credential for code, packages and images of a project or group.
#[derive(Clone, Debug)]
pub struct DeployToken {
    /// Number of the token.
    pub id: u64,
    /// Whose it is.
    pub owner: Owner,
    /// What it is called.
    pub name: String,
    /// The name to sign in with.
    pub username: String,
    /// The secret.
    pub token: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// From when on it is dead.
    pub expires_at: Option<Timestamp>,
}
