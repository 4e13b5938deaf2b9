//! Credentials: one struct for every kind of token.
//! <https://docs.gitlab.com/security/tokens/>

use super::Owner;
use crate::clock::Timestamp;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Personal access token.
    Personal,
    /// Personal access token with which an administrator acts as the user.
    Impersonation,
    /// Project access token (its user is a bot).
    Project,
    /// Group access token (its user is a bot).
    Group,
    /// CI job token.
    Job,
    /// OAuth access token.
    OAuth,
}

impl TokenKind {
    /// A word for logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Impersonation => "impersonation",
            Self::Project => "project",
            Self::Group => "group",
            Self::Job => "job",
            Self::OAuth => "oauth",
        }
    }
}

/// One credential. Its value is the key in [`World::tokens`](super::World::tokens).
#[derive(Clone, Debug)]
pub struct Token {
    /// Number of the token within its kind.
    pub id: u64,
    /// What it is.
    pub kind: TokenKind,
    /// Name its owner gave it.
    pub name: String,
    /// Who it speaks for.
    pub user: u64,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is dead.
    pub expires_at: Option<Timestamp>,
    /// Taken back.
    pub revoked: bool,
    /// Last request it made.
    pub last_used_at: Option<Timestamp>,
    /// Project or group it belongs to.
    pub resource: Option<Owner>,
    /// Job it was made for.
    pub job: Option<u64>,
    /// Application it was granted to.
    pub application: Option<u64>,
    /// The refresh token of the pair, for OAuth.
    pub refresh_token: Option<String>,
}

impl Token {
    /// A living personal access token.
    pub fn personal(id: u64, user: u64, name: &str, scopes: &[&str], now: Timestamp) -> Self {
        Self {
            id,
            kind: TokenKind::Personal,
            name: name.to_owned(),
            user,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            created_at: now,
            expires_at: None,
            revoked: false,
            last_used_at: None,
            resource: None,
            job: None,
            application: None,
            refresh_token: None,
        }
    }

    /// Whether it still opens doors.
    pub fn is_active(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| end > now)
    }
}
