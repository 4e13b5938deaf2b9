//! A way to GitLab that ends before anything is sent.

use std::sync::Arc;

use async_trait::async_trait;
use gitlab_mcp_core::auth::{AuthError, AuthProvider, Caller, Credential, Principal};
use gitlab_mcp_core::clock::SystemClock;
use gitlab_mcp_core::conversation::Silent;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, GitLab, Instance};
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_core::tool::{Context, ToolSettings};

/// Has no credential for anybody.
#[derive(Debug)]
struct NoCredential;

#[async_trait]
impl AuthProvider for NoCredential {
    async fn authenticate(&self, _: &http::request::Parts) -> Result<Caller, AuthError> {
        Err(refusal())
    }

    async fn credential(&self, _: &Caller) -> Result<Option<Credential>, AuthError> {
        Err(refusal())
    }
}

fn refusal() -> AuthError {
    AuthError::Denied {
        description: "these tests send nothing".to_owned(),
    }
}

/// What a tool runs with; every request ends as refused.
#[expect(clippy::unwrap_used, reason = "a test may end here")]
pub(crate) fn context() -> Context {
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let gitlab = GitLab::new(
        egress,
        Arc::new(NoCredential),
        Arc::new(SystemClock::new()),
        Arc::new(SeededRandom::new(7)),
    );
    let instance = Instance::parse("https://gitlab.example").unwrap();
    Context {
        caller: Caller::new(Principal::new(instance, "kim")),
        gitlab: Arc::new(gitlab),
        settings: Arc::new(ToolSettings::default()),
        conversation: Arc::new(Silent),
    }
}
