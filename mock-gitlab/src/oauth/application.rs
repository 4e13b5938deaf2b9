//! Registering applications from a test. <https://docs.gitlab.com/integration/oauth_provider/>

use crate::instance::MockGitlab;
use crate::world::Application;

/// An application to be registered; made by [`MockGitlab::oauth_app`].
#[derive(Debug)]
#[must_use = "nothing is registered before `create`"]
pub struct ApplicationBuilder<'a> {
    gitlab: &'a MockGitlab,
    name: String,
    owner: Option<String>,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
    confidential: bool,
    trusted: bool,
    device: Option<bool>,
}

/// A registered application: what its client has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthApplication {
    /// The client id.
    pub client_id: String,
    /// The client secret. Public clients leave it out.
    pub client_secret: String,
}

impl MockGitlab {
    /// A new OAuth application: confidential, scope `api`, no redirect URI yet.
    pub fn oauth_app(&self, name: &str) -> ApplicationBuilder<'_> {
        ApplicationBuilder {
            gitlab: self,
            name: name.to_owned(),
            owner: None,
            redirect_uris: Vec::new(),
            scopes: vec!["api".to_owned()],
            confidential: true,
            trusted: false,
            device: None,
        }
    }
}

impl ApplicationBuilder<'_> {
    /// Adds a redirect URI. It is taken as it is, even one GitLab would refuse.
    pub fn redirect(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// What it may ask for.
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// Whether it can keep a secret.
    pub fn confidential(mut self, yes: bool) -> Self {
        self.confidential = yes;
        self
    }

    /// Whether the consent page is skipped.
    pub fn trusted(mut self, yes: bool) -> Self {
        self.trusted = yes;
        self
    }

    /// Whether it may use the device grant. Without this it may, unless the quirk
    /// `device_default_off` is on.
    pub fn device(mut self, yes: bool) -> Self {
        self.device = Some(yes);
        self
    }

    /// Whose application it is.
    pub fn owner(mut self, username: &str) -> Self {
        self.owner = Some(username.to_owned());
        self
    }

    /// Registers it.
    pub fn create(self) -> OAuthApplication {
        let now = self.gitlab.clock().now();
        self.gitlab.edit(|world| {
            let client_id = world.ids.hex("client id", 64);
            let client_secret = format!("gloas-{}", world.ids.hex("client secret", 64));
            let owner = self
                .owner
                .and_then(|name| world.find_user(&name).map(|u| u.id));
            let id = world.next_id("application");
            let application = Application {
                id,
                uid: client_id.clone(),
                secret: client_secret.clone(),
                name: self.name,
                owner,
                redirect_uris: self.redirect_uris,
                scopes: self.scopes,
                confidential: self.confidential,
                trusted: self.trusted,
                dynamic: false,
                device: self.device.unwrap_or(!world.quirks.device_default_off),
                created_at: now,
            };
            world.applications.insert(id, application);
            OAuthApplication {
                client_id,
                client_secret,
            }
        })
    }
}
