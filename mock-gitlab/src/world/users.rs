//! Users. <https://docs.gitlab.com/api/users/>

use crate::clock::Timestamp;

/// A person or a bot.
#[derive(Clone, Debug)]
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
    /// `active`, `blocked`, `deactivated`.
    pub state: String,
    /// Administrator of the instance.
    pub admin: bool,
    /// A bot of a project or group access token.
    pub bot: bool,
    /// An external user.
    pub external: bool,
    /// A few words about themselves.
    pub bio: String,
    /// Where they sit.
    pub location: String,
    /// What they do.
    pub job_title: String,
    /// When the account was made.
    pub created_at: Timestamp,
}
