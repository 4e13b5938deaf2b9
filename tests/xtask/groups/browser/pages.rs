//! The pages of the authorization server, served by an example with made-up content: how they
//! look, and how they are used by keys, with scripts and without.

use std::time::Duration;

use crate::groups::clients::{Language, command};
use crate::report::Outcome;
use crate::server::Server;
use crate::workbench::{Binaries, Workbench};

/// Every page in two colours and two sizes takes a while on a small machine.
const LIMIT: Duration = Duration::from_mins(5);

/// Runs every part.
pub(super) fn run(workbench: &mut Workbench) {
    for part in ["look", "keyboard", "script", "plain"] {
        workbench.case(&format!("browser/pages-{part}"), |workbench| {
            play(workbench, part)
        });
    }
}

fn play(workbench: &Workbench, part: &str) -> Result<(), Outcome> {
    let chromium = workbench.chromium()?;
    let mut client = command(workbench, Language::Node, "browser_pages.mjs")?;
    let program = Binaries::example(workbench, "gitlab-mcp-auth-plugins", "pages")?;
    let server = Server::start(&mut workbench.clean(&program), workbench.guard())?;
    client
        .arg(part)
        .env("GITLAB_MCP_TEST_CHROMIUM", chromium.program())
        .env("GITLAB_MCP_TEST_URL", server.base())
        .env(
            "GITLAB_MCP_TEST_SCREENSHOTS",
            workbench.cache().join("screenshots"),
        );
    let done = workbench.run(&mut client, LIMIT)?;
    if done.succeeded() {
        return Ok(());
    }
    Err(Outcome::Failed(done.describe()))
}
