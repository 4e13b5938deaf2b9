//! `none`: nobody signs in, GitLab shows its public data.
//!
//! Selected only by `GITLAB_AUTH_MODE=none`, never because a credential is missing.

use async_trait::async_trait;
use gitlab_mcp_core::auth::{
    AuthError, AuthPlugin, AuthProvider, BuildContext, BuildError, Caller, Credential, Identity,
    NoSettings, Principal, SelectedBy, Transports,
};
use gitlab_mcp_core::gitlab::Instance;
use http::request::Parts;

/// Everybody is the same anonymous caller.
#[derive(Debug)]
pub struct Anonymous {
    instance: Instance,
}

impl Anonymous {
    fn caller(&self) -> Caller {
        Caller::new(Principal::new(self.instance.clone(), "anonymous"))
    }
}

#[async_trait]
impl AuthPlugin for Anonymous {
    const NAME: &'static str = "none";
    const SUMMARY: &'static str = "no sign-in; GitLab shows what is public";
    const IDENTITY: Identity = Identity::Nobody;
    const TRANSPORTS: Transports = Transports {
        stdio: true,
        http: true,
    };
    const SELECTED_BY: SelectedBy = SelectedBy::NameOnly;
    type Config = NoSettings;

    async fn build(_: NoSettings, context: &BuildContext) -> Result<Self, BuildError> {
        Ok(Self {
            instance: context.instance.clone(),
        })
    }
}

#[async_trait]
impl AuthProvider for Anonymous {
    async fn authenticate(&self, _: &Parts) -> Result<Caller, AuthError> {
        Ok(self.caller())
    }

    fn local(&self) -> Option<Caller> {
        Some(self.caller())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Ok(None)
    }

    fn sign_in_advice(&self) -> &'static str {
        "this server is not signed in to GitLab and can read public data only"
    }
}

gitlab_mcp_core::register_auth_plugin!(Anonymous);

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::auth::Generation;

    use super::*;

    #[tokio::test]
    async fn nothing_is_ever_attached() {
        let instance = Instance::parse("https://gitlab.example").unwrap();
        let provider = Anonymous { instance };
        let caller = provider.local().unwrap();
        assert!(provider.credential(&caller).await.unwrap().is_none());
        assert!(
            provider
                .renew(&caller, Generation::default())
                .await
                .unwrap()
                .is_none()
        );
        let (parts, ()) = http::Request::new(()).into_parts();
        let remote = provider.authenticate(&parts).await.unwrap();
        assert_eq!(remote.principal(), caller.principal());
    }
}
