//! OAuth applications, grants and browser sessions. <https://docs.gitlab.com/api/oauth2/>

use std::collections::BTreeMap;

use super::{User, World};
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
    /// Who made it; nobody for those of the instance and registered ones.
    pub owner: Option<u64>,
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
    /// What the next page tells the user, once.
    pub flash: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
}

/// What the OAuth provider remembers besides applications and tokens.
#[derive(Clone, Debug, Default)]
pub struct OAuth {
    /// Authorization codes by value, used ones included.
    pub codes: BTreeMap<String, AuthorizationCode>,
    /// Device grants by device code, until they are exchanged or expired.
    pub devices: BTreeMap<String, DeviceGrant>,
    /// Where each OAuth token comes from, by the value of the access token.
    pub lineages: BTreeMap<String, Lineage>,
    /// When which address asked for a registration.
    pub registrations: BTreeMap<String, Vec<Timestamp>>,
    /// The sign-in page offers to sign in as anyone, without a password.
    pub open_sign_in: bool,
}

/// An authorization code and what it was given for.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// Id of the application.
    pub application: u64,
    /// Who approved.
    pub user: u64,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What was approved.
    pub scopes: Vec<String>,
    /// The PKCE challenge.
    pub challenge: Option<String>,
    /// `plain` or `S256`.
    pub challenge_method: Option<String>,
    /// When it was made; it lives ten minutes.
    pub created_at: Timestamp,
    /// Exchanged already.
    pub used: bool,
}

/// A device that waits for its user.
#[derive(Clone, Debug)]
pub struct DeviceGrant {
    /// What the user types.
    pub user_code: String,
    /// Id of the application.
    pub application: u64,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// Who approved.
    pub user: Option<u64>,
    /// Somebody said no. GitLab's own pages offer no way to do that.
    pub denied: bool,
    /// When it was made; it lives five minutes.
    pub created_at: Timestamp,
    /// The last poll that counted.
    pub polled_at: Option<Timestamp>,
}

/// Where an OAuth token comes from.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// All tokens that came from one approval share this number.
    pub family: u64,
    /// Until when a used refresh token still works.
    pub grace_until: Option<Timestamp>,
    /// How often the refresh token was used.
    pub uses: u32,
    /// Seconds the access token was made for, which those that follow it get as well.
    pub life: Option<u64>,
}

impl World {
    /// An application by its client id.
    pub fn application_by_uid(&self, uid: &str) -> Option<&Application> {
        self.applications
            .values()
            .find(|application| application.uid == uid)
    }

    /// Takes an application away with its codes, its waiting devices and its tokens.
    pub fn remove_application(&mut self, id: u64) {
        self.applications.remove(&id);
        self.oauth.codes.retain(|_, code| code.application != id);
        self.oauth
            .devices
            .retain(|_, device| device.application != id);
        self.tokens.retain(|_, token| token.application != Some(id));
        let tokens = &self.tokens;
        self.oauth
            .lineages
            .retain(|value, _| tokens.contains_key(value));
    }

    /// A device that waits, by the code its user would type.
    pub fn waiting_device_mut(&mut self, user_code: &str) -> Option<&mut DeviceGrant> {
        let mut devices = self.oauth.devices.values_mut();
        devices.find(|device| device.user_code == user_code)
    }

    /// A user who signs in with name (or address) and password.
    pub(crate) fn user_with_password(&self, name: &str, password: &str) -> Option<&User> {
        let named = |user: &&User| {
            user.username.eq_ignore_ascii_case(name) || user.email.eq_ignore_ascii_case(name)
        };
        let user = self.users.values().filter(|user| !user.bot).find(named);
        user.filter(|user| !password.is_empty() && user.password == password)
    }

    /// The access token that was handed out together with a refresh token.
    pub fn access_token_of(&self, refresh_token: &str) -> Option<&str> {
        let mut pairs = self.tokens.iter();
        let pair = pairs.find(|(_, token)| token.refresh_token.as_deref() == Some(refresh_token));
        pair.map(|(value, _)| value.as_str())
    }

    /// Takes back every token that came from one approval.
    pub fn revoke_family(&mut self, family: u64) {
        let members = self
            .oauth
            .lineages
            .iter()
            .filter(|(_, lineage)| lineage.family == family);
        for (value, _) in members {
            if let Some(token) = self.tokens.get_mut(value) {
                token.revoked = true;
            }
        }
    }

    /// A new session of a browser nobody has signed in with yet.
    pub(crate) fn open_session(&mut self, now: Timestamp) -> Session {
        let session = Session {
            id: self.ids.hex("session", 32),
            user: None,
            csrf_token: self.ids.hex("csrf", 64),
            return_to: None,
            flash: None,
            created_at: now,
        };
        self.sessions.insert(session.id.clone(), session.clone());
        session
    }
}
