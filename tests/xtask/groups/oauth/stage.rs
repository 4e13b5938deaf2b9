//! One client in one setting: a mock with an application for it, a server whose clock can be moved,
//! the client, and what the server has recorded of both.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gitlab_mcp_tests::{Reply, Request};
use serde_json::Value;

use super::clients::{Client, SUITE};
use crate::groups::clients::{command, failure};
use crate::report::{Lack, Outcome};
use crate::server::Server;
use crate::workbench::{PROJECT, Scene, Workbench, listening};

const LIMIT: Duration = Duration::from_mins(3);
/// Past the life of our access tokens (an hour) and of GitLab's (two).
const LIFE: u64 = 7_300;
/// The mock's administrator, who registers applications.
const ADMINISTRATOR: &str = "glpat-root-company-00001";
const SECRET: &str = "vq3H0cZr8mXlT1yEwB6nKu9sJ4pGd7fA2iRo5bLhMxQtVzCjWkYe";
/// Who signs in.
const PERSON: &str = "alice";

/// A way to set the authorization server up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// `mcp-oauth`, GitLab answers to the server.
    Proxy,
    /// `mcp-oauth`, GitLab answers to the client.
    Passthrough,
    /// `oauth-session`.
    Session,
    /// As `Proxy`, with nothing stored.
    Sealed,
    /// As `Proxy`, and the client gets GitLab's own tokens.
    GitLabTokens,
}

impl Setting {
    /// In the order of the table.
    pub(super) const ALL: [Self; 5] = [
        Self::Proxy,
        Self::Passthrough,
        Self::Session,
        Self::Sealed,
        Self::GitLabTokens,
    ];
    /// Those in which the pages differ.
    pub(super) const WITH_PAGES: [Self; 3] = [Self::Proxy, Self::Passthrough, Self::Session];

    /// For the names of cases and folders.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Passthrough => "passthrough",
            Self::Session => "session",
            Self::Sealed => "sealed",
            Self::GitLabTokens => "gitlab-tokens",
        }
    }

    fn variables(self, application: &str) -> Vec<(&'static str, String)> {
        let owned = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            pairs
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect()
        };
        match self {
            Self::Session => owned(&[
                ("OAUTH_ENABLED", "true"),
                ("OAUTH_SESSION_SECRET", SECRET),
                ("GITLAB_OAUTH_CLIENT_ID", application),
            ]),
            Self::Proxy | Self::Passthrough | Self::Sealed | Self::GitLabTokens => {
                let word = |on: bool| if on { "true" } else { "false" };
                let format = if self == Self::GitLabTokens {
                    "gitlab"
                } else {
                    "issued"
                };
                owned(&[
                    ("GITLAB_MCP_OAUTH", "true"),
                    ("OAUTH_STATELESS_SECRET", SECRET),
                    ("GITLAB_OAUTH_APP_ID", application),
                    (
                        "GITLAB_OAUTH_CALLBACK_PROXY",
                        word(self != Self::Passthrough),
                    ),
                    ("OAUTH_STATELESS_MODE", word(self == Self::Sealed)),
                    ("OAUTH_TOKEN_FORMAT", format),
                ])
            }
        }
    }

    /// What the application at GitLab has to know.
    fn redirect(self, base: &str, client: &str) -> String {
        match self {
            Self::Proxy | Self::Sealed | Self::GitLabTokens => format!("{base}/callback"),
            Self::Session => format!("{base}/oauth/callback"),
            Self::Passthrough => client.to_owned(),
        }
    }
}

/// Signs one client in, lets its token expire, and looks at what happened.
pub(super) fn play(
    workbench: &Workbench,
    client: &Client,
    setting: Setting,
) -> Result<(), Outcome> {
    let stage = Stage::set(workbench, client, setting)?;
    let command = command(workbench, client.language, client.script)?;
    stage.run(workbench, command)?.once_and_silently()
}

/// The same with a real browser.
pub(super) fn with_chromium(
    workbench: &Workbench,
    client: &Client,
    setting: Setting,
) -> Result<(), Outcome> {
    let stage = Stage::set(workbench, client, setting)?;
    let mut command = command(workbench, client.language, client.script)?;
    let chromium = workbench.chromium()?;
    command.env("GITLAB_MCP_TEST_CHROMIUM", chromium.program());
    stage.run(workbench, command)?.once_and_silently()
}

/// The scenarios of the official suite for authorization servers: the script looks at their sums.
pub(super) fn conformance(workbench: &Workbench, setting: Setting) -> Result<(), Outcome> {
    let stage = Stage::set(workbench, &SUITE, setting)?;
    let command = command(workbench, SUITE.language, SUITE.script)?;
    stage.run(workbench, command).map(|_| ())
}

/// What the scene of one case is made of.
struct Stage {
    scene: Scene,
    product: Server,
    folder: Folder,
    client: &'static str,
    client_port: u16,
    /// What opens a link.
    person: PathBuf,
}

impl Stage {
    fn set(workbench: &Workbench, client: &Client, setting: Setting) -> Result<Self, Outcome> {
        let scene = Scene::start(workbench)?;
        let folder = Folder::empty(workbench, &format!("{}-{}", client.name(), setting.name()))?;
        let (port, client_port) = (free_port()?, free_port()?);
        let base = format!("http://127.0.0.1:{port}");
        let redirect = setting.redirect(&base, &client.redirect(client_port));
        let application = register(&scene, &redirect)?;
        let mut product = workbench.clean(workbench.binaries()?.get("under-test")?);
        listening(&mut product);
        product
            .envs(setting.variables(&application))
            .env("PORT", port.to_string())
            .env("MCP_SERVER_URL", &base)
            .env("GITLAB_API_URL", scene.api_url())
            .env("LOG_LEVEL", "debug")
            .env("LOG_AUDIT", folder.file("audit"))
            .env("UNDER_TEST_CLOCK", folder.file("clock"));
        let product = Server::start(&mut product, workbench.guard()).map_err(Lack::Broken)?;
        Ok(Self {
            scene,
            product,
            folder,
            client: client.words,
            client_port,
            person: workbench.root().join("tests/clients/oauth_person.py"),
        })
    }

    /// Runs a client to its end; what it left behind is in the folder.
    fn run(self, workbench: &Workbench, mut client: Command) -> Result<Played, Outcome> {
        client
            .args(self.client.split_whitespace())
            .env("HOME", self.folder.file("home"))
            .env("GITLAB_MCP_TEST_URL", self.product.endpoint())
            .env("GITLAB_MCP_TEST_GITLAB", self.scene.base())
            .env("GITLAB_MCP_TEST_PROJECT", PROJECT)
            .env("GITLAB_MCP_TEST_PERSON", PERSON)
            .env("GITLAB_MCP_TEST_PERSON_PROGRAM", &self.person)
            .env("GITLAB_MCP_TEST_PEOPLE", self.folder.file("people"))
            .env("GITLAB_MCP_TEST_FOLDER", self.folder.file("home"))
            .env("GITLAB_MCP_TEST_PORT", self.client_port.to_string())
            .env("GITLAB_MCP_TEST_CLOCK", self.folder.file("clock"))
            .env("GITLAB_MCP_TEST_LIFE", LIFE.to_string());
        let done = workbench.run(&mut client, LIMIT)?;
        if !done.succeeded() {
            return Err(failure(&done, &self.product));
        }
        let said = format!("{}\n{}", done.describe(), self.product.tail());
        Ok(Played {
            folder: self.folder,
            said,
        })
    }
}

/// A client that has come to a good end.
struct Played {
    folder: Folder,
    said: String,
}

impl Played {
    /// One person signed in once, and a refresh did the rest.
    fn once_and_silently(&self) -> Result<(), Outcome> {
        let said = &self.said;
        let judged = self.folder.judge();
        judged.map_err(|problem| Outcome::Failed(format!("{problem}\n{said}")))
    }
}

/// A confidential application would need its secret here as well; this one is public.
fn register(scene: &Scene, redirect: &str) -> Result<String, String> {
    let address = scene.base().trim_start_matches("http://");
    let address = address
        .parse()
        .map_err(|error| format!("{address}: {error}"))?;
    let path = format!(
        "/api/v4/applications?name=matrix&confidential=false&scopes=api%20read_user&redirect_uri={redirect}"
    );
    let request = Request::new("POST", &path).header("Private-Token", ADMINISTRATOR);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let reply: Reply = runtime.block_on(request.send(address));
    let message: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    let id = message["application_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("no application: {} {}", reply.status, reply.body))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| format!("127.0.0.1: {error}"))
}

/// What a run leaves behind.
struct Folder(PathBuf);

impl Folder {
    fn empty(workbench: &Workbench, name: &str) -> Result<Self, String> {
        let folder = workbench.cache().join("oauth").join(name);
        let unusable = |error| format!("{}: {error}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(unusable)?;
        }
        std::fs::create_dir_all(folder.join("home")).map_err(unusable)?;
        Ok(Self(folder))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// One person signed in once, for one client; then one refresh here and one at GitLab.
    fn judge(&self) -> Result<(), String> {
        let people = lines(&self.file("people"))?;
        let [person] = people.as_slice() else {
            return Err(format!(
                "the person was asked {} times: {people:?}",
                people.len()
            ));
        };
        if person["passwords"] != 1 {
            return Err(format!(
                "the person signed in at GitLab {} times",
                person["passwords"]
            ));
        }
        let audit = lines(&self.file("audit"))?;
        let names: Vec<&str> = audit
            .iter()
            .filter_map(|line| line["event"].as_str())
            .collect();
        for (event, expected) in [
            ("client_registered", 1),
            ("login_started", 1),
            ("login_completed", 1),
            ("login_failed", 0),
            ("token_issued", 1),
            ("token_refreshed", 1),
            ("upstream_refresh", 1),
            ("refresh_reuse", 0),
            ("code_replayed", 0),
            ("login_ended", 0),
        ] {
            let count = names.iter().filter(|name| **name == event).count();
            if count != expected {
                return Err(format!(
                    "{event}: {count}, expected {expected}; in all {names:?}"
                ));
            }
        }
        Ok(())
    }
}

/// The JSON objects of a file, one a line.
fn lines(path: &Path) -> Result<Vec<Value>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parsed = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>();
    parsed.map_err(|error| format!("{}: {error}", path.display()))
}
