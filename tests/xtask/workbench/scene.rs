//! A mock GitLab and a product in front of it, as the tests of real clients need them.

use std::path::Path;
use std::process::Command;

use super::Workbench;
use crate::report::Lack;
use crate::server::Server;

/// A project of the mock's company with merge requests.
pub(crate) const PROJECT: &str = "larkspur/music-box";
/// What clients of the HTTP endpoint present.
pub(crate) const BEARER: &str = "bearer-of-the-black-box-tests-00001";
/// The token of the mock's developer Alice.
pub(crate) const TOKEN: &str = "glpat-alice-company-0001";
const CALLS_A_MINUTE: &str = "100000";

/// A running mock and how to reach it.
#[derive(Debug)]
pub(crate) struct Scene {
    mock: Server,
}

impl Scene {
    /// Starts the mock.
    pub(crate) fn start(workbench: &Workbench) -> Result<Self, Lack> {
        let mut command = workbench.clean(workbench.binaries()?.get("mock-gitlab")?);
        command.args(["--port", "0", "--print-tokens"]);
        let mock = Server::start(&mut command, workbench.guard()).map_err(Lack::Broken)?;
        Ok(Self { mock })
    }

    /// The environment of a product that acts as Alice, as users of other servers set it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GITLAB_API_URL", self.api_url()),
            ("GITLAB_PERSONAL_ACCESS_TOKEN", TOKEN.to_owned()),
        ]
    }

    /// Where the mock is.
    pub(crate) fn base(&self) -> &str {
        self.mock.base()
    }

    /// Where the mock's REST API is.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/v4", self.mock.base())
    }

    /// A product with that environment behind a static bearer.
    pub(crate) fn product(&self, workbench: &Workbench, program: &Path) -> Result<Server, String> {
        let mut command = workbench.clean(program);
        listening(&mut command);
        command
            .envs(self.environment())
            .env("STREAMABLE_HTTP_AUTH_TOKEN", BEARER);
        Server::start(&mut command, workbench.guard())
    }
}

/// Lets a product listen on a port the kernel chooses.
pub(crate) fn listening(command: &mut Command) {
    command.envs([
        ("STREAMABLE_HTTP", "true"),
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
    ]);
    command.env("MAX_REQUESTS_PER_MINUTE", CALLS_A_MINUTE);
}
