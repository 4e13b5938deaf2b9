//! `job-token`: the token of a running CI job speaks for everybody.
//!
//! `CI_JOB_TOKEN` is not taken by itself: it must be handed over as `GITLAB_JOB_TOKEN`. There is
//! nothing to renew; the token ends with its job.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, HeaderKind,
    Identity, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;
use gitlab_mcp_core::secret::{GitLabToken, Secret};
use http::request::Parts;

/// The longest job token, in bytes; the JWT form is the long one.
const LONGEST: usize = 4096;

/// The token of the CI job.
pub static TOKEN: Setting =
    Setting::new("GITLAB_JOB_TOKEN", Kind::Secret { min: 8 }, "CI job token")
        .modes(&["job-token", "cookie"]);

/// Read from `GITLAB_JOB_TOKEN` or `GITLAB_JOB_TOKEN_FILE`.
#[derive(Debug)]
pub struct Config {
    token: Option<Secret<GitLabToken>>,
}

impl Section for Config {
    const SETTINGS: &'static [&'static Setting] = &[&TOKEN];

    fn read(reader: &mut Reader) -> Self {
        if !reader.is_set(&TOKEN) {
            reader.problem(&TOKEN, "is required by the auth mode job-token");
        }
        let token = reader.secret::<GitLabToken>(&TOKEN);
        if token
            .as_ref()
            .is_some_and(|token| token.expose().len() > LONGEST)
        {
            reader.problem(&TOKEN, format!("too long, at most {LONGEST} characters"));
        }
        Self { token }
    }
}

/// One job token for every caller.
#[derive(Debug)]
pub struct JobToken {
    instance: Instance,
    token: Arc<Secret<GitLabToken>>,
}

impl JobToken {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "static"))
    }
}

#[async_trait]
impl AuthPlugin for JobToken {
    const NAME: &'static str = "job-token";
    const SUMMARY: &'static str = "the token of the CI job this server runs in";
    const IDENTITY: Identity = Identity::Server;
    const TRANSPORTS: Transports = Transports {
        stdio: true,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::Credential {
        setting: &TOKEN,
        rank: 30,
    };
    type Config = Config;

    async fn build(config: Config, context: &BuildContext) -> Result<Self, BuildError> {
        let missing = || BuildError(format!("{} is not set", TOKEN.variable()));
        let token = Arc::new(config.token.ok_or_else(missing)?);
        Ok(Self {
            instance: context.instance.clone(),
            token,
        })
    }
}

#[async_trait]
impl AuthProvider for JobToken {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(self.caller())
    }

    fn local(&self) -> Option<Caller> {
        Some(self.caller())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        let token = Arc::clone(&self.token);
        Ok(Some(Credential::new(
            &self.instance,
            HeaderKind::JobToken,
            token,
        )))
    }

    fn sign_in_advice(&self) -> &'static str {
        "GitLab does not accept the CI job token any more: the job has probably ended"
    }
}

gitlab_mcp_core::register_auth_plugin!(JobToken);

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::config::{Sources, load};

    use super::*;

    fn problems(value: &str) -> Vec<String> {
        let sources = Sources::new().variables([("GITLAB_JOB_TOKEN", value)]);
        match load::<Config>(&sources, &[]) {
            Ok(_) => Vec::new(),
            Err(error) => error
                .to_string()
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect(),
        }
    }

    #[test]
    fn opaque_tokens_and_jwts_are_taken() {
        let jwt = format!("eyJh.{}.c2ln", "x".repeat(2000));
        for value in ["glcbt-64_abcdefgh", jwt.as_str()] {
            assert_eq!(problems(value), [""; 0]);
        }
        let cases = [
            (
                "",
                "  - GITLAB_JOB_TOKEN (default): is required by the auth mode job-token".to_owned(),
            ),
            (
                "short",
                "  - GITLAB_JOB_TOKEN (environment): too short, needs at least 8 characters"
                    .to_owned(),
            ),
            (
                &"x".repeat(4097),
                "  - GITLAB_JOB_TOKEN (environment): too long, at most 4096 characters".to_owned(),
            ),
        ];
        for (value, expected) in cases {
            assert_eq!(problems(value), [expected]);
        }
    }

    #[tokio::test]
    async fn the_token_travels_as_a_job_token_and_is_not_renewed() {
        let token = Secret::parse("glcbt-64_abcdefgh".to_owned(), 8).unwrap();
        let instance = Instance::parse("https://gitlab.example").unwrap();
        let provider = JobToken {
            instance: instance.clone(),
            token: Arc::new(token),
        };
        let caller = provider.local().unwrap();
        let credential = provider.credential(&caller).await.unwrap().unwrap();
        assert_eq!(credential.kind(), HeaderKind::JobToken);
        assert!(credential.belongs_to(&instance));
        assert!(
            provider
                .renew(&caller, credential.number())
                .await
                .unwrap()
                .is_none()
        );
        assert!(provider.sign_in_advice().contains("job"));
        assert!(!format!("{provider:?} {credential:?}").contains("glcbt"));
    }
}
