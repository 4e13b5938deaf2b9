//! `gateway`: a reverse proxy in front of this server has signed the user in and names them in a
//! header; their GitLab token is the file of that name in a directory.
//!
//! A header alone proves nothing, since anybody who reaches the port can send it. The gateway
//! therefore presents a secret with each request, as `Authorization: Bearer`, and must remove the
//! user header from what comes from outside.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Challenge, Credential,
    Generation, HeaderKind, Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{self, Secret};
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;

mod tokens;

use tokens::{TokenError, Tokens, User};

/// Where the tokens are; its presence selects the mode.
pub static DIRECTORY: Setting = Setting::new(
    "GATEWAY_TOKEN_DIRECTORY",
    Kind::Path,
    "directory with one file per user that holds the user's GitLab token",
)
.plugin("gateway")
.modes(&["gateway"]);

/// What the gateway proves itself with.
pub static SECRET: Setting = Setting::new(
    "GATEWAY_SECRET",
    Kind::Secret { min: 32 },
    "secret that the gateway presents as a bearer token",
)
.without_flag()
.plugin("gateway")
.modes(&["gateway"]);

/// The header that names the user.
pub static USER_HEADER: Setting = Setting::new(
    "GATEWAY_USER_HEADER",
    Kind::Text { max: 64 },
    "header in which the gateway names the user",
)
.default("x-forwarded-user")
.plugin("gateway")
.modes(&["gateway"]);

/// When to come back while a token file cannot be read.
const RETRY: Duration = Duration::from_secs(30);

/// The kind of [`SECRET`]: a type of its own, so that it is never sent anywhere as a token.
#[derive(Debug, Clone, Copy)]
pub enum GatewaySecret {}

impl secret::Kind for GatewaySecret {
    const NAME: &'static str = "GatewaySecret";
}

/// Read from `GATEWAY_TOKEN_DIRECTORY`, `GATEWAY_SECRET` and `GATEWAY_USER_HEADER`.
#[derive(Debug)]
pub struct Config {
    directory: Option<PathBuf>,
    secret: Option<Secret<GatewaySecret>>,
    header: Option<HeaderName>,
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &[&DIRECTORY, &SECRET, &USER_HEADER];

    fn read(reader: &mut Reader) -> Self {
        for setting in [&DIRECTORY, &SECRET] {
            if !reader.is_set(setting) {
                reader.problem(setting, "is required by the auth mode gateway");
            }
        }
        let directory = reader.path(&DIRECTORY);
        if directory.as_ref().is_some_and(|path| !path.is_dir()) {
            reader.problem(&DIRECTORY, "is not a directory");
        }
        let header = reader.text(&USER_HEADER).and_then(|name| name.parse().ok());
        if header.is_none() {
            reader.problem(&USER_HEADER, "is not the name of a header");
        }
        Self {
            directory,
            secret: reader.secret(&SECRET),
            header,
        }
    }
}

/// Every user of the gateway, each with a token of their own.
#[derive(Debug)]
pub struct Gateway {
    instance: Instance,
    secret: Secret<GatewaySecret>,
    header: HeaderName,
    tokens: Tokens,
}

#[async_trait]
impl AuthPlugin for Gateway {
    const NAME: &'static str = "gateway";
    const SUMMARY: &'static str = "a gateway names the user, a directory holds the tokens";
    const IDENTITY: Identity = Identity::EachCaller;
    const TRANSPORTS: Transports = Transports {
        stdio: false,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Credential {
        setting: &DIRECTORY,
        rank: 100,
    };
    type Config = Config;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let (Some(directory), Some(secret), Some(header)) =
            (config.directory, config.secret, config.header)
        else {
            return Err(BuildError("the gateway is not fully configured".to_owned()));
        };
        Ok(Self {
            instance: context.instance.clone(),
            secret,
            header,
            tokens: Tokens::new(directory),
        })
    }
}

impl Gateway {
    /// Whether the request comes from the gateway.
    fn check_gateway(&self, request: &Parts) -> Result<(), AuthError> {
        let presented = single(request, &AUTHORIZATION)?;
        let token = presented.and_then(|value| value.split_once(' '));
        match token {
            Some((scheme, token))
                if scheme.eq_ignore_ascii_case("bearer") && self.secret.matches(token.trim()) =>
            {
                Ok(())
            }
            _ => Err(Challenge::realm("the gateway must present its secret").into()),
        }
    }

    async fn credential_of(&self, user: &User) -> Result<Credential, AuthError> {
        match self.tokens.of(user).await {
            Ok((token, generation)) => {
                let credential = Credential::new(&self.instance, HeaderKind::Bearer, token);
                Ok(credential.generation(generation))
            }
            Err(TokenError::Absent) => Err(denied("no GitLab token is stored for this user")),
            Err(TokenError::Unusable(reason)) => {
                tracing::warn!(user = user.as_str(), %reason, "a token file is of no use");
                Err(AuthError::Unavailable { retry_after: RETRY })
            }
        }
    }
}

#[async_trait]
impl AuthProvider for Gateway {
    async fn authenticate(&self, request: &Parts) -> Result<Caller, AuthError> {
        self.check_gateway(request)?;
        let user = single(request, &self.header)?
            .and_then(User::parse)
            .ok_or_else(|| denied("the gateway named no user this server can serve"))?;
        // Somebody without a token learns it here and not from the first tool they call.
        self.credential_of(&user).await?;
        let subject = format!("gateway:{}", user.as_str());
        let principal = Principal::new(self.instance.clone(), subject);
        Ok(Caller::with_own(principal, Arc::new(user)))
    }

    async fn credential(&self, caller: &Caller) -> Result<Option<Credential>, AuthError> {
        let user = caller
            .own::<User>()
            .ok_or_else(|| denied("this caller did not come through the gateway"))?;
        self.credential_of(&user).await.map(Some)
    }

    async fn renew(
        &self,
        caller: &Caller,
        rejected: Generation,
    ) -> Result<Option<Credential>, AuthError> {
        // The file is read each time, so that a credential is newer only if the file has changed.
        let credential = self.credential(caller).await?;
        Ok(credential.filter(|credential| credential.number() > rejected))
    }

    fn sign_in_advice(&self) -> &'static str {
        "GitLab does not accept the stored token of this user any more: a new one must be put into \
         the token directory"
    }
}

gitlab_mcp_core::register_auth_plugin!(Gateway);

fn denied(text: &str) -> AuthError {
    AuthError::Denied {
        description: text.to_owned(),
    }
}

/// The value of a header that may stand in a request once: of two, a proxy might have checked the
/// other one.
fn single<'a>(request: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, AuthError> {
    let mut values = request.headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(AuthError::Malformed {
            reason: "duplicate_credential",
            description: format!("the {name} header stands twice in the request"),
        });
    }
    Ok(first.and_then(|value| value.to_str().ok()))
}

#[cfg(test)]
mod tests;
