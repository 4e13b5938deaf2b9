//! Somebody who has signed in by device and whose client is never idle: it calls a tool and refreshes
//! its tokens, at one server after the other, and signs in again when the login is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gitlab_mcp_tests::{Reply, Request};
use mock_gitlab::MockGitlab;
use tokio_util::sync::CancellationToken;

use super::fleet::{NoAnswer, Seats, form, whoami};

/// Between two requests.
const PAUSE: Duration = Duration::from_millis(80);
/// After an answer that says to come back.
const WAIT: Duration = Duration::from_secs(1);
/// Such answers in a row that are believed: longer than a lost rotation is hoped for.
const MOST_WAITS: usize = 120;
/// Every so many requests the tokens are refreshed.
const REFRESHED_EVERY: usize = 6;
/// Between two polls of a sign-in: a little more than the mock's GitLab wants.
const INTERVAL: Duration = Duration::from_millis(1_200);
const MOST_POLLS: usize = 20;
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A person and what became of their requests.
pub(super) struct Person {
    name: String,
    client: String,
    seats: Arc<Seats>,
    gitlab: Arc<MockGitlab>,
    turn: usize,
    tokens: Option<Tokens>,
    /// Requests in a row that were told to come back.
    waits: usize,
    anew: Arc<Anew>,
    /// How often this one has begun a login because everybody did.
    begun: usize,
    lived: Lived,
}

/// Everybody signs in anew, as people do whose logins have run out.
#[derive(Debug, Default)]
pub(super) struct Anew {
    /// How often so far.
    wanted: AtomicUsize,
    /// How many have done so, each time counted.
    done: AtomicUsize,
}

impl Anew {
    /// From here on.
    pub(super) fn begin(&self) {
        self.wanted.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have.
    pub(super) fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }
}

/// What a client holds.
struct Tokens {
    access: String,
    refresh: String,
}

/// What became of the requests of one person.
#[derive(Debug, Default)]
pub(super) struct Lived {
    /// The person.
    pub(super) name: String,
    /// Tool calls that were answered as they should be.
    pub(super) calls: usize,
    /// Refreshes that were.
    pub(super) refreshes: usize,
    /// Requests whose server was killed before it had answered.
    pub(super) cut: usize,
    /// Requests that were told to come back, before the login went on.
    pub(super) waited: usize,
    /// Requests that were told to come back, before the login was lost.
    pub(super) in_vain: usize,
    /// Logins that ended.
    pub(super) lost: usize,
    /// What must not happen.
    pub(super) wrong: Vec<String>,
}

/// How a request ended.
enum Step {
    Cut,
    /// 503 with Retry-After, or a tool that says the same.
    Wait,
    /// The login has ended.
    Over,
    Wrong(String),
}

impl From<NoAnswer> for Step {
    fn from(reason: NoAnswer) -> Self {
        match reason {
            NoAnswer::Killed => Self::Cut,
            NoAnswer::Silent(error) => Self::Wrong(format!("no answer: {error}")),
        }
    }
}

/// How many requests went well, of everybody.
pub(super) type Count = Arc<AtomicUsize>;

impl Person {
    /// Nobody who has signed in.
    pub(super) fn new(
        name: String,
        client: &str,
        seats: &Arc<Seats>,
        gitlab: &Arc<MockGitlab>,
        anew: &Arc<Anew>,
    ) -> Self {
        Self {
            client: client.to_owned(),
            seats: Arc::clone(seats),
            gitlab: Arc::clone(gitlab),
            turn: name.len(),
            tokens: None,
            waits: 0,
            anew: Arc::clone(anew),
            begun: 0,
            lived: Lived {
                name: name.clone(),
                ..Lived::default()
            },
            name,
        }
    }

    /// Uses the login until it is `over`, and then until a refresh and a call have gone well.
    pub(super) async fn live(mut self, over: CancellationToken, well: Count) -> Lived {
        let mut proofs = 0;
        let mut number: usize = 0;
        while proofs < 2 && self.lived.wrong.is_empty() {
            number += 1;
            let is_over = over.is_cancelled();
            let refreshes = if is_over {
                proofs == 0
            } else {
                number.is_multiple_of(REFRESHED_EVERY)
            };
            match self.step(refreshes).await {
                Ok(()) => {
                    self.lived.waited += std::mem::take(&mut self.waits);
                    proofs += usize::from(is_over);
                    well.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(step) => self.take(step).await,
            }
        }
        self.lived
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Cut => self.lived.cut += 1,
            Step::Wait if self.waits < MOST_WAITS => {
                self.waits += 1;
                tokio::time::sleep(WAIT).await;
            }
            Step::Wait => self.wrong("told to come back for ever"),
            Step::Over => {
                self.lived.in_vain += std::mem::take(&mut self.waits);
                self.lived.lost += 1;
                self.tokens = None;
            }
            Step::Wrong(what) => self.wrong(&what),
        }
    }

    fn wrong(&mut self, what: &str) {
        self.lived.wrong.push(format!("{}: {what}", self.name));
    }

    async fn step(&mut self, refreshes: bool) -> Result<(), Step> {
        if self.begun < self.anew.wanted.load(Ordering::Relaxed) {
            self.sign_in().await?;
            self.begun += 1;
            self.anew.done.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let Some(tokens) = &self.tokens else {
            return self.sign_in().await;
        };
        if refreshes {
            let token = tokens.refresh.clone();
            self.refresh(&token).await
        } else {
            let token = tokens.access.clone();
            self.call(&token).await
        }
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, Step> {
        self.turn += 1;
        let reply = self.seats.ask(self.turn, request).await?;
        if reply.status != 503 {
            return Ok(reply);
        }
        match reply.header("retry-after") {
            Some(_) => Err(Step::Wait),
            None => Err(Step::Wrong(format!("503 without Retry-After: {reply:?}"))),
        }
    }

    async fn sign_in(&mut self) -> Result<(), Step> {
        let client = self.client.clone();
        let request = form("/oauth/device_authorization", &[("client_id", &client)]);
        let started = self.ask(&request).await?;
        let user_code = member(&started, "user_code")?;
        let device_code = member(&started, "device_code")?;
        let mut browser = self.gitlab.browser(&self.name);
        let confirmed = browser.device(&user_code).await;
        confirmed.map_err(|error| Step::Wrong(format!("GitLab's device page: {error}")))?;
        let fields = [
            ("grant_type", DEVICE),
            ("device_code", &device_code),
            ("client_id", &client),
        ];
        let request = form("/token", &fields);
        for _ in 0..MOST_POLLS {
            tokio::time::sleep(INTERVAL).await;
            let reply = self.ask(&request).await?;
            // Everybody comes from one address here, and many begin at once.
            if reply.status == 429 && reply.header("retry-after").is_some() {
                continue;
            }
            if reply.message()["error"] != "authorization_pending" {
                self.tokens = Some(tokens(&reply)?);
                return Ok(());
            }
        }
        Err(Step::Wrong("the sign-in by device never ended".to_owned()))
    }

    async fn refresh(&mut self, token: &str) -> Result<(), Step> {
        let client = self.client.clone();
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &client),
        ];
        let reply = self.ask(&form("/token", &fields)).await?;
        if reply.message()["error"] == "invalid_grant" {
            return Err(Step::Over);
        }
        self.tokens = Some(tokens(&reply)?);
        self.lived.refreshes += 1;
        Ok(())
    }

    async fn call(&mut self, access: &str) -> Result<(), Step> {
        let reply = self.ask(&whoami(access)).await?;
        if reply.status == 401 {
            return Err(Step::Over);
        }
        let message = reply.message();
        let result = &message["result"]["structuredContent"];
        if result["item"]["user"]["username"] == self.name.as_str() {
            self.lived.calls += 1;
            return Ok(());
        }
        match result["error"]["code"].as_str() {
            // The login could not be renewed in the middle of the call; the next request tells why.
            Some("UPSTREAM_UNAVAILABLE" | "UNAUTHORIZED") => Err(Step::Wait),
            _ => Err(Step::Wrong(format!("whoami: {reply:?}"))),
        }
    }
}

fn member(reply: &Reply, name: &str) -> Result<String, Step> {
    let message = reply.message();
    let text = message[name].as_str().map(str::to_owned);
    text.ok_or_else(|| Step::Wrong(format!("no {name}: {} {message}", reply.status)))
}

fn tokens(reply: &Reply) -> Result<Tokens, Step> {
    Ok(Tokens {
        access: member(reply, "access_token")?,
        refresh: member(reply, "refresh_token")?,
    })
}
