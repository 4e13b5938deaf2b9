//! Registering applications from a test. <https://docs.gitlab.com/integration/oauth_provider/>

use crate::instance::MockGitlab;
use crate::world::{Application, Lineage, Token, TokenKind};

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

/// The tokens of a user who allowed an application in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthTokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl MockGitlab {
    /// Lets an application in as a user, with everything it may ask for, as if the flow had been
    /// played. The access token does not expire by itself.
    ///
    /// # Panics
    /// When there is no such application or user.
    #[expect(
        clippy::panic,
        reason = "a name in a test that does not exist should be loud"
    )]
    pub fn grant(&self, application: &OAuthApplication, user: &str) -> OAuthTokens {
        let now = self.clock().now();
        self.edit(|world| {
            let known = world.application_by_uid(&application.client_id).cloned();
            let (Some(known), Some(user)) = (known, world.find_user(user).map(|user| user.id))
            else {
                panic!("`{user}` or this application is not in this world");
            };
            let tokens = OAuthTokens {
                access: world.ids.hex("access token", 64),
                refresh: world.ids.hex("refresh token", 64),
            };
            let scopes: Vec<&str> = known.scopes.iter().map(String::as_str).collect();
            let id = world.next_id("oauth token");
            let token = Token {
                kind: TokenKind::OAuth,
                application: Some(known.id),
                refresh_token: Some(tokens.refresh.clone()),
                ..Token::personal(id, user, &known.name, &scopes, now)
            };
            let lineage = Lineage {
                family: world.next_id("oauth approval"),
                grace_until: None,
                uses: 0,
                life: None,
            };
            world.tokens.insert(tokens.access.clone(), token);
            world.oauth.lineages.insert(tokens.access.clone(), lineage);
            tokens
        })
    }

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
