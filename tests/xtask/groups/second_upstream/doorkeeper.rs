//! GitLab's own OAuth library in GitLab's place: sign-ins, renewals that race, refusals; and whether
//! our mock answers as it does.

use std::time::Duration;

use mock_gitlab::{Clock, MockGitlab};
use serde_json::json;
use tokio::runtime::Runtime;

use super::super::clients::{Language, command};
use super::{LIMIT, finish};
use crate::report::{Lack, Outcome};
use crate::server::Server;
use crate::workbench::{Database, Folder, Workbench};

const PROGRAM: &str = "tests/clients/doorkeeper/instance.rb";
/// Seconds of an access token: short enough that renewals happen while a test runs.
const SHORT: &str = "3";
/// GitLab's own.
const USUAL: &str = "7200";
const ROUNDS: u32 = 25;
/// A round with everything that logs it takes a small part of this.
const ROUND: Duration = Duration::from_secs(2);

/// Setting of the product, what happens, and how long an access token lives.
const CASES: [(&str, &str, &str); 13] = [
    ("callback-proxy", "redirect", SHORT),
    ("callback-proxy", "denied", USUAL),
    ("callback-proxy", "ended", USUAL),
    ("callback-proxy", "no-device", USUAL),
    ("callback-proxy", "confidential", USUAL),
    ("callback-proxy", "race", USUAL),
    ("session", "redirect", SHORT),
    ("session", "denied", USUAL),
    ("session", "ended", USUAL),
    ("session", "no-device", USUAL),
    ("session", "confidential", USUAL),
    ("session", "race", USUAL),
    ("session", "race-replicas", USUAL),
];

/// Runs every case.
pub(super) fn run(workbench: &mut Workbench) {
    for (setting, way, life) in CASES {
        let name = format!("second-upstream/doorkeeper-{setting}-{way}");
        workbench.case(&name, |workbench| play(workbench, setting, way, life));
    }
    workbench.case("second-upstream/doorkeeper-and-mock-agree", compare);
}

fn play(workbench: &Workbench, setting: &str, way: &str, life: &str) -> Result<(), Outcome> {
    let script = match way {
        "redirect" => "second_upstream_sign_in.mjs",
        _ => "doorkeeper.mjs",
    };
    let mut client = command(workbench, Language::Node, script)?;
    let rounds = rounds();
    client
        .args([setting, way])
        .env("GITLAB_MCP_TEST_ROUNDS", rounds.to_string());
    // It must outlive the servers that use it.
    let redis = match way {
        "race-replicas" => Some(Database::redis(workbench, &[])?),
        _ => None,
    };
    if let Some(redis) = &redis {
        let storage = json!({
            "OAUTH_STORAGE_TYPE": "redis",
            "OAUTH_STORAGE_REDIS_URL": redis.url(),
            "MCP_REPLICATED": "true",
        });
        client.env("GITLAB_MCP_TEST_STORAGE", storage.to_string());
    }
    let folder = Folder::new(workbench, &format!("doorkeeper-{setting}-{way}"))?;
    let upstream = upstream(workbench, &folder, life)?;
    let limit = LIMIT + ROUND.saturating_mul(rounds);
    finish(workbench, client, &upstream, &folder, limit)
}

/// Doorkeeper and the mock are asked the same.
fn compare(workbench: &Workbench) -> Result<(), Outcome> {
    let mut client = command(workbench, Language::Node, "doorkeeper_mock.mjs")?;
    let folder = Folder::new(workbench, "doorkeeper-mock")?;
    let upstream = upstream(workbench, &folder, USUAL)?;
    let broken = |error: std::io::Error| Outcome::Failed(error.to_string());
    let runtime = Runtime::new().map_err(broken)?;
    let gitlab = MockGitlab::builder().clock(Clock::real());
    let gitlab = runtime.block_on(gitlab.start()).map_err(broken)?;
    let applications: Vec<_> = [("public", false), ("other", false), ("secret", true)]
        .into_iter()
        .map(|(name, confidential)| {
            let made = gitlab
                .oauth_app(name)
                .redirect("http://mcp.example/callback")
                .redirect("http://mcp.example/oauth/callback")
                .scopes(&["api", "read_api", "read_user"])
                .confidential(confidential)
                .create();
            let secret = confidential.then_some(made.client_secret);
            json!({ "client_id": made.client_id, "client_secret": secret })
        })
        .collect();
    client.env("GITLAB_MCP_TEST_MOCK", gitlab.url()).env(
        "GITLAB_MCP_TEST_MOCK_APPLICATIONS",
        json!(applications).to_string(),
    );
    finish(workbench, client, &upstream, &folder, LIMIT)
}

fn upstream(workbench: &Workbench, folder: &Folder, life: &str) -> Result<Server, Outcome> {
    let mut command = workbench.clean(workbench.doorkeeper()?.ruby());
    command
        .arg(workbench.root().join(PROGRAM))
        .arg(folder.path())
        .arg(life)
        .env("RAILS_ENV", "production")
        .env("LC_ALL", "C.UTF-8");
    Ok(Server::start(&mut command, workbench.guard()).map_err(Lack::Broken)?)
}

/// How many rounds a race has.
fn rounds() -> u32 {
    let told = std::env::var_os("GITLAB_MCP_TEST_ROUNDS");
    let number = told.and_then(|text| text.to_str()?.parse().ok());
    number.unwrap_or(ROUNDS)
}
