//! `remote-authorization`: every caller brings an own GitLab token in each HTTP request.
//!
//! For gateways and hosts with many users. The token travels to GitLab in the header it came in;
//! the server holds none, and a session without a credential is nobody's. GitLab is asked who a
//! token belongs to (<https://docs.gitlab.com/api/users/#get-the-current-user>), and the answer is
//! used for at most a minute.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::audit::Sampler;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Generation,
    Identity, Principal, STATELESS_MODE, SelectedBy, Transports,
};
use gitlab_mcp_core::clock::Clock;
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use http::request::Parts;
use tracing::info;

mod ask;
mod bounded;
mod callers;
mod checks;
mod fingerprint;
mod presented;
mod refusals;
mod targets;
mod verdicts;

pub(crate) use callers::Callers;
use presented::Unusable;
use targets::{Named, Targets};

/// The `error` of a token GitLab does not accept.
const INVALID: &str = "Invalid GitLab authentication header";

/// How often an ignored header is mentioned, at most.
const MENTION: Duration = Duration::from_mins(1);

/// Selects the mode.
pub static SWITCH: Setting = Setting::new(
    "REMOTE_AUTHORIZATION",
    Kind::Bool,
    "every caller brings an own GitLab token in each HTTP request",
)
.flag("--remote-auth")
.default("false")
.modes(&["remote-authorization"]);

/// Lets callers name the instance.
pub static DYNAMIC: Setting = Setting::new(
    "ENABLE_DYNAMIC_API_URL",
    Kind::Bool,
    "callers choose among the allowed GitLab hosts with the header X-GitLab-API-URL",
)
.default("false")
.modes(&["remote-authorization"]);

/// How long GitLab's answer about a token is used.
pub static CACHE: Setting = Setting::new(
    "GITLAB_AUTH_CACHE_SECONDS",
    Kind::Integer { min: 0, max: 60 },
    "how long a token that GitLab accepted is accepted without asking again",
)
.default("30")
.modes(&["remote-authorization", "mcp-oauth"]);

/// Lets clients without a token list the tools.
pub static DISCOVERY: Setting = Setting::new(
    "GITLAB_ALLOW_UNAUTHENTICATED_TOOL_DISCOVERY",
    Kind::Bool,
    "clients without a credential may open a session and list the tools, and nothing else",
)
.default("false")
.modes(&["remote-authorization"]);

/// Read from `REMOTE_AUTHORIZATION`, `ENABLE_DYNAMIC_API_URL`, `GITLAB_AUTH_CACHE_SECONDS`,
/// `GITLAB_ALLOW_UNAUTHENTICATED_TOOL_DISCOVERY` and `OAUTH_STATELESS_MODE`. The allowed hosts belong to the server: they are
/// [`BuildContext::instances`].
#[derive(Debug)]
pub struct Config {
    dynamic: bool,
    cache: Duration,
    discovery: bool,
    stateless: bool,
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] =
        &[&SWITCH, &DYNAMIC, &CACHE, &DISCOVERY, &STATELESS_MODE];

    fn read(reader: &mut Reader) -> Self {
        Self {
            dynamic: reader.flag(&DYNAMIC),
            cache: Duration::from_secs(reader.integer(&CACHE)),
            discovery: reader.flag(&DISCOVERY),
            stateless: reader.flag(&STATELESS_MODE),
        }
    }
}

/// Whoever the token of a request belongs to.
#[derive(Debug)]
pub struct RemoteAuthorization {
    targets: Targets,
    discovery: bool,
    stateless: bool,
    callers: Callers,
    clock: Arc<dyn Clock>,
    /// Says when an ignored header is mentioned again.
    mentions: Sampler,
}

impl RemoteAuthorization {
    fn instance(&self, request: &Parts) -> Result<Instance, AuthError> {
        match self.targets.named(&request.headers) {
            Ok(Named::Instance(instance)) => Ok(instance),
            Ok(Named::Ignored(instance)) => {
                if self.is_time_to_mention() {
                    info!("X-GitLab-API-URL is ignored: ENABLE_DYNAMIC_API_URL is not set");
                }
                Ok(instance)
            }
            Err(reason) => Err(refusals::target(reason)),
        }
    }

    /// True once in each [`MENTION`].
    fn is_time_to_mention(&self) -> bool {
        self.mentions.take(self.clock.monotonic()).is_some()
    }
}

#[async_trait]
impl AuthPlugin for RemoteAuthorization {
    const NAME: &'static str = "remote-authorization";
    const SUMMARY: &'static str = "every caller brings an own GitLab token in each HTTP request";
    const IDENTITY: Identity = Identity::EachCaller;
    const TRANSPORTS: Transports = Transports {
        stdio: false,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Switch(&SWITCH);
    type Config = Config;
    const ONLY_HERE: &'static [&'static Setting] = &[&DYNAMIC];

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let default = context.instance.clone();
        let targets = if config.dynamic {
            Targets::chosen(default, &context.instances)
        } else {
            Targets::fixed(default)
        };
        let clock = Arc::clone(&context.clock);
        Ok(Self {
            targets,
            stateless: config.stateless,
            discovery: config.discovery,
            callers: Callers::new(context, config.cache, INVALID),
            clock,
            mentions: Sampler::each(MENTION),
        })
    }
}

#[async_trait]
impl AuthProvider for RemoteAuthorization {
    async fn authenticate(&self, request: &Parts) -> Result<Caller, AuthError> {
        match presented::read(&request.headers) {
            Ok(presented) => {
                let instance = self.instance(request)?;
                self.callers.checked(instance, presented).await
            }
            Err(Unusable::Missing) if self.discovery => {
                let principal = Principal::new(self.instance(request)?, "unauthenticated");
                Ok(Caller::only_discovering(principal, refusals::missing()))
            }
            Err(unusable) => {
                let (reason, error) = refusals::unusable(unusable);
                info!(reason, "refused");
                Err(error)
            }
        }
    }

    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError> {
        match Callers::credential(caller) {
            Some(credential) => Ok(Some(credential)),
            None => Err(refusals::missing().into()),
        }
    }

    async fn renew(&self, caller: &Caller, _: Generation) -> Result<Option<Credential>, AuthError> {
        self.callers.forget(caller);
        Ok(None)
    }

    fn is_stateless(&self) -> bool {
        self.stateless
    }

    fn sign_in_advice(&self) -> &'static str {
        "GitLab does not accept the token of this request any more: it has expired or was revoked, \
         and the client must send a valid one"
    }
}

gitlab_mcp_core::register_auth_plugin!(RemoteAuthorization);

#[cfg(test)]
mod tests;
