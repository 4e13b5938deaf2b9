//! The parts together, from the registration of a client to the end of its login, and what must hold
//! over all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use url::Url;

use super::AuthorizationServer;
use super::bench::browser::{REDIRECT, Seen, VERIFIER, asking, parameter, redeeming, renewing};
use super::bench::replicas::{Answered, Pair, answered, base, posted};
use super::bench::{Bench, bench_with};
use super::grant::Pending;
use super::page::field;
use super::rules::Rules;

mod at_rest;
mod clocks;
mod flips;
mod flood;
mod flows;
mod guesses;
mod races;
mod rotation;
mod short;
mod timing;
mod written;

/// Nobody is told to slow down.
fn unlimited() -> Rules {
    Rules {
        requests_per_minute: 1_000_000,
        registrations_per_hour: 1_000_000,
        ..Rules::default()
    }
}

/// Servers that stand for one another, asked in turn.
struct Turn {
    seats: Mutex<Vec<Arc<AuthorizationServer>>>,
    asked: AtomicUsize,
}

impl Turn {
    fn of(seats: Vec<Arc<AuthorizationServer>>) -> Self {
        Self {
            seats: Mutex::new(seats),
            asked: AtomicUsize::new(0),
        }
    }

    /// Whose turn it is.
    fn next(&self) -> Arc<AuthorizationServer> {
        let turn = self.asked.fetch_add(1, Ordering::Relaxed);
        let seats = self.seats.lock().unwrap();
        Arc::clone(&seats[turn % seats.len()])
    }

    /// Another server takes a seat; the one that had it answers what it was asked before.
    fn replace(&self, seat: usize, server: Arc<AuthorizationServer>) -> Arc<AuthorizationServer> {
        let mut seats = self.seats.lock().unwrap();
        std::mem::replace(&mut seats[seat], server)
    }

    async fn token(&self, form: &[(&str, &str)]) -> Answered {
        answered(self.next().token(posted("/token", form)).await).await
    }

    async fn refresh(&self, client: &str, token: &str) -> Answered {
        self.token(&renewing(client, token)).await
    }

    async fn redeem(&self, client: &str, code: &str) -> Answered {
        self.token(&redeeming(client, code)).await
    }

    async fn revoke(&self, client: &str, token: &str) -> Answered {
        let form = [("token", token), ("client_id", client)];
        answered(self.next().revoke(posted("/revoke", &form)).await).await
    }

    /// Whether a bearer token is good.
    async fn verifies(&self, access: &str) -> bool {
        self.next().verify(&base(), access).await.is_ok()
    }

    async fn register(&self) -> Answered {
        let body = format!(r#"{{"client_name":"Editor","redirect_uris":["{REDIRECT}"]}}"#);
        let request = Request::post("/register")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        answered(self.next().register(request).await).await
    }

    /// A client that registered itself.
    async fn client(&self) -> String {
        let registered = self.register().await;
        assert_eq!(registered.status, 201, "{registered:?}");
        registered.body["client_id"].as_str().unwrap().to_owned()
    }

    /// `user` signs in for `client`, every step at the next server.
    async fn sign_in(&self, bench: &Bench, client: &str, user: &str) -> SignIn {
        let mut browser = bench.visitor();
        browser.server = self.next();
        let page = browser.open(&asking(&[("client_id", Some(client))])).await;
        assert!(page.asks(), "{page:?}");
        let (transaction, csrf) = (page.field(field::TRANSACTION), page.field(field::CSRF));
        browser.server = self.next();
        let sent = browser.press(&page, field::APPROVE).await;
        let gitlab = sent.leads_to().expect("the way to GitLab");
        let state = parameter(&gitlab, "state").unwrap();
        let pending = browser.server.records.get::<Pending>(&state).await;
        let pending = pending.unwrap().unwrap().record;
        let mut ours = vec![transaction, csrf];
        ours.extend(browser.cookies.values().cloned());
        let back = browser.authorize_as(user, &gitlab).await;
        browser.server = self.next();
        let done = browser.open(back.as_str()).await;
        let code = parameter(&done.location().unwrap(), "code").unwrap();
        ours.push(code.clone());
        SignIn {
            code,
            told: [&page, &sent, &done].map(heard).into(),
            ours,
            gitlabs: vec![
                parameter(&back, "code").unwrap(),
                pending.verifier.expose().to_owned(),
            ],
            back,
        }
    }
}

/// A sign-in whose code has arrived at the client.
struct SignIn {
    code: String,
    /// Where GitLab sent the browser.
    back: Url,
    /// Head and body of every answer of ours.
    told: Vec<String>,
    /// What GitLab must never see.
    ours: Vec<String>,
    /// What nobody but GitLab must ever see.
    gitlabs: Vec<String>,
}

/// Everything a browser hears in an answer.
fn heard(seen: &Seen) -> String {
    format!("{:?}\n{}", seen.headers, seen.body)
}

/// Everything a program hears in an answer.
fn read(answered: &Answered) -> String {
    format!("{:?}\n{}", answered.headers, answered.body)
}

/// The tokens of a client of `user`, new here.
async fn signed_in(bench: &Bench, turn: &Turn, user: &str) -> (String, Pair) {
    let client = turn.client().await;
    let done = turn.sign_in(bench, &client, user).await;
    let pair = turn.redeem(&client, &done.code).await.pair();
    (client, pair)
}

/// A bench and a turn with its one server.
async fn alone(rules: Rules) -> (Bench, Turn) {
    let bench = bench_with(rules).await;
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    (bench, turn)
}
