//! A mock GitLab with its people and projects, and a server beside it that acts as alice.

use mock_gitlab::MockGitlab;

use crate::{Era, McpClient, TestServer};

/// A mock GitLab and a server.
#[derive(Debug)]
pub struct Scene {
    /// The GitLab.
    pub gitlab: MockGitlab,
    /// The server.
    pub server: TestServer,
    /// The access token the server acts with: alice's, scope `api`.
    pub token: String,
}

impl Scene {
    /// A scene with the usual settings.
    pub async fn usual() -> Self {
        Self::with(&[]).await
    }

    /// A scene whose server has these variables besides.
    ///
    /// # Panics
    /// When either does not start.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let token = gitlab.user("alice").pat(&["api"]);
        let own = [("GITLAB_API_URL", gitlab.url()), ("GITLAB_TOKEN", &token)];
        let all: Vec<(&str, &str)> = own.into_iter().chain(variables.iter().copied()).collect();
        let server = TestServer::with(&all).await;
        Self {
            gitlab,
            server,
            token,
        }
    }

    /// A client of the server.
    pub async fn client(&self, era: Era) -> McpClient {
        self.server.client(era).await
    }

    /// How many requests GitLab has seen.
    pub fn asked(&self) -> usize {
        self.gitlab.log().count()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        crate::plant_all(&self.gitlab);
    }
}
