//! `oauth-session`: people sign in with GitLab once and get a session of this server.
//!
//! For custom connectors and teams, also with a GitLab on a private network: only this server has to
//! reach it. MCP is served on `/mcp` and on the bare URL, because connectors are given that one. A
//! client without a redirect URI signs its user in with a code typed at GitLab (RFC 8628).

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthPlugin, BuildContext, BuildError, Identity, SERVER_URL, STATELESS_MODE, SelectedBy,
    Transports,
};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting, Table};

use crate::authorization_server::provider::{Provider, SignIn};
use crate::authorization_server::rules::{ConsentRule, DeviceRule, Flow};
use crate::authorization_server::settings::{self, Own, SHARED, Settings, table};
use crate::gitlab_oauth::settings::{CLIENT_ID, Usual};

/// Selects the mode.
pub static SWITCH: Setting = Setting::new(
    "OAUTH_ENABLED",
    Kind::Bool,
    "people sign in with GitLab and get a session of this server",
)
.default("false")
.modes(&["oauth-session"]);

const OWN: [&Setting; 3] = [&SWITCH, &table::SESSION_SECRET_PREVIOUS, &STATELESS_MODE];
const ALL: [&Setting; SHARED.len() + OWN.len()] = settings::joined(&OWN);

/// Read from `OAUTH_ENABLED`, `OAUTH_SESSION_SECRET` and the settings of [`SHARED`].
#[derive(Debug)]
pub struct Config(Settings);

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &ALL;
    const TABLES: &'static [&'static Table] = settings::TABLES;

    fn read(reader: &mut Reader) -> Self {
        let own = Own {
            mode: "oauth-session",
            application: &CLIENT_ID,
            secret: &table::SESSION_SECRET,
            previous: &table::SESSION_SECRET_PREVIOUS,
            needs_secret: true,
            scopes: Usual {
                writing: &["api", "read_user"],
                reading: &["read_api", "read_user"],
            },
            device: DeviceRule::On,
            sealable: false,
        };
        let mut settings = settings::read(reader, own);
        if settings.rules.consent == ConsentRule::AtGitLab {
            let text = "gitlab is not possible in oauth-session: GitLab's prompt names one \
                        application for all clients, so this server has to ask";
            reader.problem(&table::CONSENT, text);
        }
        if reader.flag(&STATELESS_MODE) {
            reader.conflict(
                &[&SWITCH, &STATELESS_MODE],
                "a session is state of the server: replicas share it with OAUTH_STORAGE_TYPE=redis or \
                 postgresql",
            );
        }
        if !reader.is_set(&SERVER_URL) {
            reader.warn_about(
                &SERVER_URL,
                "is not set: only loopback names and MCP_ALLOWED_HOSTS are served, and the tokens \
                 of one name are not good under another",
            );
        }
        settings.rules.flow = Flow::Callback("/oauth/callback");
        settings.rules.serves_root = true;
        Self(settings)
    }
}

/// Whoever signed in for the token of a request.
#[derive(Debug)]
pub enum OauthSession {}

#[async_trait]
impl AuthPlugin for SignIn<OauthSession> {
    const NAME: &'static str = "oauth-session";
    const SUMMARY: &'static str = "people sign in with GitLab and get a session of this server";
    const IDENTITY: Identity = Identity::EachCaller;
    const TRANSPORTS: Transports = Transports {
        stdio: false,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Switch(&SWITCH);
    type Config = Config;
    const IMPLIES_HTTP: bool = true;
    const SERVES_ROOT: bool = true;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let provider = Provider::open(config.0, context, None).await?;
        Ok(provider.into())
    }
}

gitlab_mcp_core::register_auth_plugin!(SignIn<OauthSession>);
