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
use crate::authorization_server::rules::{ConsentRule, DeviceRule, Flow, TokenFormat};
use crate::authorization_server::settings::{self, Own, SHARED, Settings, sealed, table};
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

const OWN: [&Setting; 12] = [
    &SWITCH,
    &CACHE,
    &table::STATELESS_SECRET,
    &table::STATELESS_SECRET_PREVIOUS,
    &table::CALLBACK_PROXY,
    &table::TOKEN_FORMAT,
    &table::ASK_BY_QUERY,
    &table::HEADER_BYPASS,
    sealed::SETTINGS[0],
    sealed::SETTINGS[1],
    sealed::SETTINGS[2],
    sealed::SETTINGS[3],
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
            sealable: true,
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
        let cache = Duration::from_secs(reader.integer(&CACHE));
        if reader.one_of(&table::TOKEN_FORMAT) == "gitlab" {
            settings.rules.format = gitlab_tokens(reader, settings.rules.device, cache);
        }
        Self {
            settings,
            bypass: reader.flag(&table::HEADER_BYPASS).then_some(cache),
        }
    }
}

/// Clients hold GitLab's tokens, as the operator wants it.
fn gitlab_tokens(reader: &mut Reader, device: DeviceRule, cache: Duration) -> TokenFormat {
    reader.warn_about(
        &table::TOKEN_FORMAT,
        "clients hold tokens with which they reach GitLab without this server; issued keeps GitLab's \
         tokens here",
    );
    if device != DeviceRule::Off {
        reader.conflict(
            &[&table::TOKEN_FORMAT, &table::DEVICE_FLOW],
            "a device sign-in ends with tokens of this server: choose issued, or switch it off",
        );
    }
    let ask_by_query = reader.flag(&table::ASK_BY_QUERY);
    if ask_by_query {
        reader.warn_about(
            &table::ASK_BY_QUERY,
            "tokens travel in addresses, which proxies and GitLab may write into their logs",
        );
    }
    TokenFormat::GitLab {
        cache,
        ask_by_query,
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
    const ONLY_HERE: &'static [&'static Setting] = &[&table::CALLBACK_PROXY, &table::TOKEN_FORMAT];

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
