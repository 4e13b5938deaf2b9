//! OAuth applications and browser sessions. <https://docs.gitlab.com/api/oauth2/>

use crate::clock::Timestamp;

/// A registered OAuth application.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches of the settings page"
)]
#[derive(Clone, Debug)]
pub struct Application {
    /// Number of the application.
    pub id: u64,
    /// The client id.
    pub uid: String,
    /// The client secret.
    pub secret: String,
    /// Its name.
    pub name: String,
    /// Where it may be sent back to.
    pub redirect_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Can it keep a secret.
    pub confidential: bool,
    /// Skips the consent page.
    pub trusted: bool,
    /// Made by dynamic registration.
    pub dynamic: bool,
    /// May use the device grant.
    pub device: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signed-in (or signing-in) browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Value of the cookie `_gitlab_session`.
    pub id: String,
    /// Who is signed in.
    pub user: Option<u64>,
    /// Value every form has to repeat.
    pub csrf_token: String,
    /// Where to go after signing in.
    pub return_to: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
}
