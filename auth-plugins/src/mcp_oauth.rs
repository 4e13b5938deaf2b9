//! `mcp-oauth`: MCP clients sign their users in through one GitLab application.
//!
//! For remote clients that speak the MCP authorization flow. The clients register here, the person
//! approves each of them, and GitLab sees one application. With `GITLAB_OAUTH_CALLBACK_PROXY=true`
//! GitLab needs to know one redirect URI; without, it must know those of the clients.
//! <https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization>

use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthPlugin, BuildContext, BuildError, Identity, SERVER_URL, SelectedBy, Transports,
};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting, Table};

use crate::authorization_server::provider::{Provider, SignIn};
use crate::authorization_server::rules::{ConsentRule, DeviceRule, Flow};
use crate::authorization_server::settings::{self, Own, SHARED, Settings, table};
use crate::gitlab_oauth::settings::{APP_ID, Usual};
use crate::remote_authorization::{CACHE, Callers};

/// Selects the mode.
pub static SWITCH: Setting = Setting::new(
    "GITLAB_MCP_OAUTH",
    Kind::Bool,
    "MCP clients sign their users in through one GitLab application",
)
.flag("--mcp-oauth")
.default("false")
.modes(&["mcp-oauth"]);

const OWN: [&Setting; 7] = [
    &SWITCH,
    &CACHE,
    &table::STATELESS_SECRET,
    &table::STATELESS_SECRET_PREVIOUS,
    &table::CALLBACK_PROXY,
    &table::TOKEN_FORMAT,
    &table::HEADER_BYPASS,
];
const ALL: [&Setting; SHARED.len() + OWN.len()] = settings::joined(&OWN);

/// Read from `GITLAB_MCP_OAUTH`, `GITLAB_OAUTH_CALLBACK_PROXY`, `OAUTH_HEADER_BYPASS`,
/// `OAUTH_STATELESS_SECRET` and the settings of [`SHARED`].
#[derive(Debug)]
pub struct Config {
    settings: Settings,
    /// How long GitLab's answer about a token in a header counts; `None` without the bypass.
    bypass: Option<Duration>,
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &ALL;
    const TABLES: &'static [&'static Table] = settings::TABLES;

    fn read(reader: &mut Reader) -> Self {
        let own = Own {
            mode: "mcp-oauth",
            application: &APP_ID,
            secret: &table::STATELESS_SECRET,
            previous: &table::STATELESS_SECRET_PREVIOUS,
            needs_secret: false,
            scopes: Usual {
                writing: &["api"],
                reading: &["read_api"],
            },
            device: DeviceRule::Off,
        };
        let mut settings = settings::read(reader, own);
        if settings.base.is_none() && !reader.is_set(&SERVER_URL) {
            let text = "is required by the auth mode mcp-oauth: the public URL of this server is \
                        the issuer of its tokens";
            reader.problem(&SERVER_URL, text);
        }
        let through_us = reader.flag(&table::CALLBACK_PROXY);
        if through_us && settings.rules.consent == ConsentRule::AtGitLab {
            reader.conflict(
                &[&table::CONSENT, &table::CALLBACK_PROXY],
                "GitLab's prompt names one application for all clients; with the callback proxy \
                 this server has to ask",
            );
        }
        settings.rules.flow = if through_us {
            Flow::Callback("/callback")
        } else {
            Flow::Passthrough
        };
        reader.one_of(&table::TOKEN_FORMAT);
        let cache = Duration::from_secs(reader.integer(&CACHE));
        Self {
            settings,
            bypass: reader.flag(&table::HEADER_BYPASS).then_some(cache),
        }
    }
}

/// Whoever signed in for the token of a request.
#[derive(Debug)]
pub enum McpOauth {}

#[async_trait]
impl AuthPlugin for SignIn<McpOauth> {
    const NAME: &'static str = "mcp-oauth";
    const SUMMARY: &'static str = "MCP clients sign their users in through one GitLab application";
    const IDENTITY: Identity = Identity::EachCaller;
    const TRANSPORTS: Transports = Transports {
        stdio: false,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Switch(&SWITCH);
    type Config = Config;
    const ONLY_HERE: &'static [&'static Setting] = &[&table::CALLBACK_PROXY];

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let bypass = config.bypass.map(|cache| {
            let invalid = "Invalid Private-Token or JOB-TOKEN header";
            Callers::new(context, cache, invalid)
        });
        let provider = Provider::open(config.settings, context, bypass).await?;
        Ok(provider.into())
    }
}

gitlab_mcp_core::register_auth_plugin!(SignIn<McpOauth>);
