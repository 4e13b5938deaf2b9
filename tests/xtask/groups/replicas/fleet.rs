//! Three servers of one public URL over one state, and the mock GitLab behind them in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gitlab_mcp_tests::{Reply, Request};
use mock_gitlab::{Clock, Fault, MockGitlab};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::process::pause;
use crate::report::Outcome;
use crate::server::Server;
use crate::workbench::{Workbench, listening};

/// How many servers there are.
pub(super) const SERVERS: usize = 3;
const BASE: &str = "https://mcp.example";
pub(super) const HOST: &str = "mcp.example";
pub(super) const SECRET: &str = "Zt5-kW9q_Xv3Rn7Lb1Mc8Yd4Hs6Pf2JgQa";
pub(super) const TOKENS: &str = "POST /oauth/token";
/// The developer everybody else resembles.
const MODEL: &str = "alice";
/// Above the numbers of the mock's own people.
const FIRST: u64 = 70_000;
/// Between the last request for a server and its end.
const DRAIN: Duration = Duration::from_millis(300);
/// A holder of a renewal that dies is waited for, which takes ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The servers and what they stand in front of.
pub(super) struct Fleet<'a> {
    workbench: &'a Workbench,
    /// What the servers run that start from here on.
    pub(super) program: PathBuf,
    environment: Vec<(&'static str, String)>,
    servers: Vec<Option<Server>>,
    audit: Vec<Value>,
    pub(super) seats: Arc<Seats>,
    pub(super) gitlab: Arc<MockGitlab>,
    // Last: the others work on it while they end.
    pub(super) runtime: Runtime,
}

impl<'a> Fleet<'a> {
    /// Starts all of it. GitLab's access tokens live for so many `seconds`.
    pub(super) fn start(
        workbench: &'a Workbench,
        storage: &[(&'static str, &str)],
        seconds: u64,
    ) -> Result<Self, Outcome> {
        let program = workbench.binaries()?.get("gitlab-mcp")?;
        Self::of(workbench, program, storage, seconds)
    }

    /// As [`Fleet::start`], with this program.
    pub(super) fn of(
        workbench: &'a Workbench,
        program: &Path,
        storage: &[(&'static str, &str)],
        seconds: u64,
    ) -> Result<Self, Outcome> {
        let broken = |error: std::io::Error| Outcome::Failed(error.to_string());
        let runtime = Runtime::new().map_err(broken)?;
        let gitlab = MockGitlab::builder().clock(Clock::real());
        let gitlab = runtime.block_on(gitlab.start()).map_err(broken)?;
        gitlab.edit(|world| {
            world.quirks.access_token_seconds = seconds;
            world.quirks.device_interval = Some(1.into());
        });
        // As slow as a real one, before it has made the next pair and after.
        let (least, most) = (Duration::from_millis(1), Duration::from_millis(40));
        let held = Fault::hold(most).on(TOKENS).every(2);
        let late = Fault::latency_between(least, most).on(TOKENS).every(3);
        for fault in [held, late] {
            gitlab.faults().add(fault);
        }
        let application = gitlab
            .oauth_app("team")
            .redirect("https://mcp.example/oauth/callback")
            .scopes(&["api", "read_api", "read_user"])
            .confidential(false)
            .create();
        let mut environment = vec![
            ("GITLAB_API_URL", gitlab.url().to_owned()),
            ("GITLAB_OAUTH_APP_ID", application.client_id),
            ("OAUTH_SESSION_SECRET", SECRET.to_owned()),
        ];
        let plain = [
            ("MCP_SERVER_URL", BASE),
            ("OAUTH_ENABLED", "true"),
            ("MCP_REPLICATED", "true"),
            ("RATE_LIMIT_IP_ENABLED", "false"),
            ("OAUTH_DEVICE_POLL_INTERVAL", "1"),
            ("OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE", "10000"),
            ("OAUTH_REGISTER_RATE_LIMIT_PER_HOUR", "1000"),
        ];
        let plain = plain.iter().chain(storage);
        environment.extend(plain.map(|(name, value)| (*name, (*value).to_owned())));
        let mut fleet = Self {
            workbench,
            program: program.to_owned(),
            environment,
            servers: (0..SERVERS).map(|_| None).collect(),
            audit: Vec::new(),
            seats: Arc::default(),
            gitlab: Arc::new(gitlab),
            runtime,
        };
        for seat in 0..SERVERS {
            fleet.fill(seat)?;
        }
        Ok(fleet)
    }

    /// Starts a server in a seat.
    pub(super) fn fill(&mut self, seat: usize) -> Result<(), Outcome> {
        let mut command = self.workbench.clean(&self.program);
        listening(&mut command);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let server = Server::start(&mut command, self.workbench.guard())?;
        let address = server.base().trim_start_matches("http://");
        let address = address
            .parse()
            .map_err(|_| format!("the server listens on {address}"))?;
        self.seats.take(seat, address);
        if let Some(place) = self.servers.get_mut(seat) {
            *place = Some(server);
        }
        Ok(())
    }

    /// Sets a variable for the servers that start from here on, or takes it away.
    pub(super) fn set(&mut self, name: &'static str, value: Option<&str>) {
        self.environment.retain(|(known, _)| *known != name);
        let value = value.map(|value| (name, value.to_owned()));
        self.environment.extend(value);
    }

    /// Ends the server in a seat the way a roll-out does, and starts another one in its place.
    pub(super) fn relieve(&mut self, seat: usize) -> Result<(), Outcome> {
        self.seats.leave(seat);
        pause(DRAIN);
        if let Some(server) = self.servers.get_mut(seat).and_then(Option::take) {
            let output = server.output().clone();
            server.stop()?;
            self.audit.extend(audit(&output));
        }
        self.fill(seat)
    }

    /// `kill -9` of the server in a seat.
    pub(super) fn kill(&mut self, seat: usize) -> Result<(), Outcome> {
        self.seats.leave(seat);
        if let Some(server) = self.servers.get_mut(seat).and_then(Option::take) {
            let said = server.kill()?;
            self.audit.extend(audit(&said));
        }
        Ok(())
    }

    /// Takes the processor away from the server in a seat.
    pub(super) fn freeze(&self, seat: usize) {
        if let Some(Some(server)) = self.servers.get(seat) {
            server.freeze();
        }
    }

    /// Lets a frozen server go on.
    pub(super) fn thaw(&self, seat: usize) {
        if let Some(Some(server)) = self.servers.get(seat) {
            server.thaw();
        }
    }

    /// What the server in a seat has recorded so far.
    pub(super) fn recorded(&self, seat: usize) -> Vec<Value> {
        let server = self.servers.get(seat).and_then(Option::as_ref);
        server.map_or_else(Vec::new, |server| audit(server.output()))
    }

    /// Ends every server in the usual way and hands back what all there ever were have recorded.
    pub(super) fn stop(mut self) -> Result<Vec<Value>, Outcome> {
        for server in self.servers.drain(..).flatten() {
            let output = server.output().clone();
            server.stop()?;
            self.audit.extend(audit(&output));
        }
        Ok(std::mem::take(&mut self.audit))
    }

    /// So many people, by their user names.
    pub(super) fn people(&self, number: u64) -> Result<Vec<String>, Outcome> {
        self.gitlab.edit(|world| {
            let model = world.find_user(MODEL).cloned();
            let model = model.ok_or_else(|| format!("the mock has no {MODEL}"))?;
            let made = (FIRST..FIRST + number).map(|id| {
                let mut user = model.clone();
                user.id = id;
                user.username = format!("person-{}", id - FIRST + 1);
                user.email = format!("{}@example.com", user.username);
                let name = user.username.clone();
                world.users.insert(id, user);
                name
            });
            Ok(made.collect())
        })
    }

    /// Registers the client of everybody.
    pub(super) fn client(&self) -> Result<String, Outcome> {
        let body = json!({ "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/back"] });
        let request = posted("/register", "application/json", body.to_string());
        let reply = self.runtime.block_on(self.seats.ask(0, &request));
        let reply = reply.map_err(|problem| format!("/register: {problem:?}"))?;
        let id = reply.message()["client_id"].as_str().map(str::to_owned);
        Ok(id.ok_or_else(|| format!("/register: {reply:?}"))?)
    }
}

/// What a server recorded of logins that ended and of tokens renewed.
fn audit(said: &crate::process::Output) -> Vec<Value> {
    let is_meant = |line: &str| line.contains("login_ended") || line.contains("upstream_refresh");
    let lines = said.lines_that(is_meant);
    let read = lines.iter().map(|line| serde_json::from_str(line));
    read.filter_map(Result::ok).collect()
}

/// Where the servers are, for those who talk to them.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<[Seat; SERVERS]>);

#[derive(Debug, Default, Clone, Copy)]
struct Seat {
    address: Option<SocketAddr>,
    /// How many servers have left it.
    left: usize,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The server was killed meanwhile.
    Killed,
    /// It was not.
    Silent(std::io::Error),
}

impl Seats {
    fn seats(&self) -> MutexGuard<'_, [Seat; SERVERS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, seat: usize, address: SocketAddr) {
        if let Some(seat) = self.seats().get_mut(seat) {
            seat.address = Some(address);
        }
    }

    fn leave(&self, seat: usize) {
        if let Some(seat) = self.seats().get_mut(seat) {
            seat.address = None;
            seat.left += 1;
        }
    }

    /// Where they are.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let seats = self.seats();
        seats.iter().filter_map(|seat| seat.address).collect()
    }

    /// A server that is there, another one at each turn.
    fn pick(&self, turn: usize) -> Option<(usize, Seat)> {
        let seats = self.seats();
        let order = (0..SERVERS).map(|step| (turn + step) % SERVERS);
        let mut there = order.filter_map(|seat| Some((seat, *seats.get(seat)?)));
        there.find(|(_, seat)| seat.address.is_some())
    }

    /// Asks a server.
    pub(super) async fn ask(&self, turn: usize, request: &Request) -> Result<Reply, NoAnswer> {
        let Some((
            number,
            Seat {
                address: Some(address),
                left,
            },
        )) = self.pick(turn)
        else {
            return Err(NoAnswer::Killed);
        };
        request.attempt(address, PATIENCE).await.map_err(|error| {
            let is_same = self
                .seats()
                .get(number)
                .is_some_and(|seat| seat.left == left);
            if is_same {
                NoAnswer::Silent(error)
            } else {
                NoAnswer::Killed
            }
        })
    }
}

/// A POST from outside.
pub(super) fn posted(path: &str, media: &str, body: String) -> Request {
    Request::new("POST", path)
        .header("Host", HOST)
        .header("Content-Type", media)
        .body(body)
}

/// A form from outside.
pub(super) fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    posted(path, "application/x-www-form-urlencoded", body)
}

/// A call of the tool that says who one is.
pub(super) fn whoami(access: &str) -> Request {
    const VERSION: &str = "2026-07-28";
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "whoami", "arguments": {}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientCapabilities": {},
        } },
    });
    Request::mcp(body.to_string())
        .header("Host", HOST)
        .header("Authorization", &format!("Bearer {access}"))
        .header("MCP-Protocol-Version", VERSION)
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "whoami")
}
