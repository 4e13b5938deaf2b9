//! The client of one person, request by request: it signs in by device, calls a tool, and refreshes
//! and gives back its tokens.

use std::sync::Arc;
use std::time::Duration;

use gitlab_mcp_tests::{Reply, Request};
use mock_gitlab::MockGitlab;

use super::fleet::{NoAnswer, Seats, form, whoami};
use crate::report::Outcome;

/// Between two polls of a sign-in: a little more than the mock's GitLab wants.
const INTERVAL: Duration = Duration::from_millis(1_200);
const MOST_POLLS: usize = 20;
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A client and what it holds.
#[derive(Clone)]
pub(super) struct Client {
    name: String,
    id: String,
    seats: Arc<Seats>,
    gitlab: Arc<MockGitlab>,
    turn: usize,
    /// Every request goes to the server of this seat, instead of to one after the other.
    seat: Option<usize>,
    tokens: Option<Tokens>,
}

/// What it was given.
#[derive(Debug, Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

/// Why a request did not go well.
#[derive(Debug)]
pub(super) enum Step {
    /// The server was killed before it had answered.
    Cut,
    /// 503 with Retry-After, or a tool that says the same.
    Wait,
    /// The login has ended.
    Over,
    /// What must not happen.
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

impl From<Step> for Outcome {
    fn from(step: Step) -> Self {
        Self::Failed(format!("{step:?}"))
    }
}

/// A sign-in that has begun: what the person types, and what the client polls with.
#[derive(Debug)]
pub(super) struct Begun {
    user_code: String,
    device_code: String,
}

impl Client {
    /// The registered client `id` of a person, who has not signed in.
    pub(super) fn new(
        name: String,
        id: &str,
        seats: &Arc<Seats>,
        gitlab: &Arc<MockGitlab>,
    ) -> Self {
        Self {
            turn: name.len(),
            name,
            id: id.to_owned(),
            seats: Arc::clone(seats),
            gitlab: Arc::clone(gitlab),
            seat: None,
            tokens: None,
        }
    }

    /// The same client, which from here on asks one server alone.
    pub(super) fn at(&self, seat: usize) -> Self {
        Self {
            seat: Some(seat),
            ..self.clone()
        }
    }

    /// Its next request goes to the server after this one.
    pub(super) const fn turn_to(&mut self, seat: usize) {
        self.turn = seat;
    }

    /// Whether it holds tokens.
    pub(super) const fn is_signed_in(&self) -> bool {
        self.tokens.is_some()
    }

    /// Throws its tokens away.
    pub(super) fn forget(&mut self) {
        self.tokens = None;
    }

    fn held(&self) -> Result<Tokens, Step> {
        let held = self.tokens.clone();
        held.ok_or_else(|| Step::Wrong(format!("{} has not signed in", self.name)))
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, Step> {
        self.turn += 1;
        let turn = self.seat.unwrap_or(self.turn);
        let reply = self.seats.ask(turn, request).await?;
        if reply.status != 503 {
            return Ok(reply);
        }
        match reply.header("retry-after") {
            Some(_) => Err(Step::Wait),
            None => Err(Step::Wrong(format!("503 without Retry-After: {reply:?}"))),
        }
    }

    /// Begins a sign-in, which the person confirms at GitLab.
    pub(super) async fn begin(&mut self) -> Result<Begun, Step> {
        let request = form("/oauth/device_authorization", &[("client_id", &self.id)]);
        let started = self.ask(&request).await?;
        let begun = Begun {
            user_code: member(&started, "user_code")?,
            device_code: member(&started, "device_code")?,
        };
        let mut browser = self.gitlab.browser(&self.name);
        let confirmed = browser.device(&begun.user_code).await;
        confirmed.map_err(|error| Step::Wrong(format!("GitLab's device page: {error}")))?;
        Ok(begun)
    }

    /// Asks once whether the person has confirmed; true when the tokens are there.
    pub(super) async fn poll(&mut self, begun: &Begun) -> Result<bool, Step> {
        let fields = [
            ("grant_type", DEVICE),
            ("device_code", &begun.device_code),
            ("client_id", &self.id),
        ];
        let reply = self.ask(&form("/token", &fields)).await?;
        // Everybody comes from one address here, and many begin at once.
        let is_early = reply.status == 429 && reply.header("retry-after").is_some();
        if is_early || reply.message()["error"] == "authorization_pending" {
            return Ok(false);
        }
        self.tokens = Some(tokens(&reply)?);
        Ok(true)
    }

    /// Signs in.
    pub(super) async fn sign_in(&mut self) -> Result<(), Step> {
        let begun = self.begin().await?;
        for _ in 0..MOST_POLLS {
            tokio::time::sleep(INTERVAL).await;
            if self.poll(&begun).await? {
                return Ok(());
            }
        }
        Err(Step::Wrong("the sign-in by device never ended".to_owned()))
    }

    /// Exchanges its tokens for the next ones.
    pub(super) async fn refresh(&mut self) -> Result<(), Step> {
        let token = self.held()?.refresh;
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("client_id", &self.id),
        ];
        let reply = self.ask(&form("/token", &fields)).await?;
        if reply.message()["error"] == "invalid_grant" {
            return Err(Step::Over);
        }
        self.tokens = Some(tokens(&reply)?);
        Ok(())
    }

    /// Gives its tokens back, and keeps them.
    pub(super) async fn revoke(&mut self) -> Result<(), Step> {
        let token = self.held()?.refresh;
        let fields = [("token", token.as_str()), ("client_id", &self.id)];
        let reply = self.ask(&form("/revoke", &fields)).await?;
        if reply.status == 200 {
            return Ok(());
        }
        Err(Step::Wrong(format!("/revoke: {reply:?}")))
    }

    /// Calls the tool that says who one is.
    pub(super) async fn call(&mut self) -> Result<(), Step> {
        let access = self.held()?.access;
        let reply = self.ask(&whoami(&access)).await?;
        if reply.status == 401 {
            return Err(Step::Over);
        }
        let message = reply.message();
        let result = &message["result"]["structuredContent"];
        if result["item"]["user"]["username"] == self.name.as_str() {
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
