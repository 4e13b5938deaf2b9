//! A sign-on proxy before an instance, as companies put one before their GitLab: who has no session
//! of the proxy is led to its sign-in, through a few redirects; whoever has one is let through to
//! the instance with everything the request carries. Modelled on oauth2-proxy's behaviour:
//! <https://oauth2-proxy.github.io/oauth2-proxy/features/endpoints>
//!
//! Two cookies are at work. The *identity provider* knows a browser by [`PROVIDER_COOKIE`]; the
//! proxy by [`PROXY_COOKIE`], which it sets when the provider sends the browser back.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::clock::Clock;
use crate::ids::Ids;
use crate::ledger::{BODY_KEPT, Ledger, Record, Who};
use crate::request::Request;

/// The cookie of the identity provider.
pub const PROVIDER_COOKIE: &str = "sso_provider";

/// The cookie of the proxy.
pub const PROXY_COOKIE: &str = "sso_proxy";

/// Below this path the proxy answers itself.
const OWN: &str = "/sso/";

/// What stands before a path outside the base path of the instance.
const OUTSIDE: &str = "/-/outside";

/// A running proxy, as a test holds it; made by
/// [`Builder::start_behind_sign_on_proxy`](crate::Builder::start_behind_sign_on_proxy). Dropping it
/// closes the listener and every connection.
#[derive(Debug)]
pub struct SignOnProxy {
    url: String,
    address: SocketAddr,
    gate: Arc<Gate>,
    serving: JoinHandle<()>,
}

impl SignOnProxy {
    pub(crate) fn new(
        url: String,
        address: SocketAddr,
        gate: Arc<Gate>,
        serving: JoinHandle<()>,
    ) -> Self {
        Self {
            url,
            address,
            gate,
            serving,
        }
    }

    /// The address of the instance as people know it: the proxy's, base path included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The REST API behind the proxy.
    pub fn api_url(&self) -> String {
        format!("{}/api/v4", self.url)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request it saw, those it let through too (with no status).
    pub fn log(&self) -> Ledger {
        self.gate.ledger.clone()
    }

    /// Signs a browser in at the identity provider; the value of its cookie.
    pub fn sign_in(&self) -> String {
        self.gate
            .issue(|sessions| &mut sessions.provider, "provider")
    }

    /// Opens a session of the proxy itself; the value of its cookie.
    pub fn open_session(&self) -> String {
        self.gate.issue(|sessions| &mut sessions.proxy, "proxy")
    }

    /// Ends every session of the proxy. The identity provider still knows its browsers.
    pub fn end_sessions(&self) {
        self.gate.sessions().proxy.clear();
    }

    /// Ends every session of the identity provider.
    pub fn sign_everybody_out(&self) {
        self.gate.sessions().provider.clear();
    }

    /// Whether strangers get the sign-in page with status 200 instead of a redirect to it.
    pub fn answer_with_page(&self, yes: bool) {
        self.gate.answers_with_page.store(yes, Ordering::SeqCst);
    }

    /// How many further redirects a sign-in takes. There are three without any.
    pub fn detours(&self, count: usize) {
        self.gate.detours.store(count, Ordering::SeqCst);
    }

    /// The identity provider answers on another host name of this machine, such as `localhost`, so
    /// that its cookie and the proxy's belong to different hosts.
    pub fn provider_host(&self, host: &str) {
        let base = format!("http://{host}:{}", self.address.port());
        *self.gate.lock_provider() = base;
    }

    /// Stops listening and ends every connection.
    pub async fn shutdown(mut self) {
        self.serving.abort();
        (&mut self.serving).await.ok();
    }
}

impl Drop for SignOnProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Debug)]
struct Sessions {
    ids: Ids,
    provider: BTreeSet<String>,
    proxy: BTreeSet<String>,
    /// Codes on their way from the provider to the proxy; each counts once.
    codes: BTreeSet<String>,
}

/// What stands before each request.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Scheme, host and port of the proxy.
    origin: String,
    /// `/gitlab`, or empty.
    base_path: String,
    /// Scheme, host and port of the identity provider.
    provider: Mutex<String>,
    clock: Clock,
    ledger: Ledger,
    sessions: Mutex<Sessions>,
    answers_with_page: AtomicBool,
    detours: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(address: SocketAddr, base_path: &str, seed: u64, clock: Clock) -> Self {
        let origin = format!("http://{address}");
        Self {
            provider: Mutex::new(origin.clone()),
            origin,
            base_path: base_path.to_owned(),
            clock,
            ledger: Ledger::default(),
            sessions: Mutex::new(Sessions {
                ids: Ids::seeded(seed),
                provider: BTreeSet::new(),
                proxy: BTreeSet::new(),
                codes: BTreeSet::new(),
            }),
            answers_with_page: AtomicBool::new(false),
            detours: AtomicUsize::new(0),
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_provider(&self) -> MutexGuard<'_, String> {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn issue(
        &self,
        place: impl Fn(&mut Sessions) -> &mut BTreeSet<String>,
        what: &'static str,
    ) -> String {
        let mut sessions = self.sessions();
        let value = sessions
            .ids
            .text(what, 32, "0123456789abcdefghijklmnopqrstuvwxyz");
        place(&mut sessions).insert(value.clone());
        value
    }

    /// The proxy's own answer, or `None` when the request goes through to the instance.
    pub(crate) fn answer(&self, request: &Request) -> Option<Answer> {
        // The proxy's own places lie beside the base path of the instance.
        let place = request.path.strip_prefix(OUTSIDE);
        let place = place.unwrap_or(&request.path).strip_prefix(OWN);
        let answer = match place {
            Some(place) => Some(self.own(place, request)),
            None if self.knows(request) => None,
            None => Some(self.stranger(request)),
        };
        self.ledger.push(Record {
            number: 0,
            at: self.clock.now(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.body.slice(..request.body.len().min(BODY_KEPT)),
            who: Who::default(),
            connection: request.connection,
            status: answer.as_ref().map(|answer| answer.status),
            fault: None,
        });
        answer
    }

    fn knows(&self, request: &Request) -> bool {
        let cookie = request.cookie(PROXY_COOKIE);
        cookie.is_some_and(|value| self.sessions().proxy.contains(value))
    }

    /// Back to where the browser wanted to go, when that can be had again by a GET.
    fn stranger(&self, request: &Request) -> Answer {
        if self.answers_with_page.load(Ordering::SeqCst) {
            return sign_in_page("");
        }
        let target = match (request.is_read(), request.query.as_str()) {
            (false, _) => format!("{}/", self.base_path),
            (true, "") => format!("{}{}", self.base_path, request.path),
            (true, query) => format!("{}{}?{query}", self.base_path, request.path),
        };
        let left = self.detours.load(Ordering::SeqCst);
        let query = encode(&[("left", &left.to_string()), ("rd", &target)]);
        let provider = self.lock_provider();
        Answer::redirect(302, format!("{provider}{OWN}authorize?{query}"))
    }

    fn own(&self, place: &str, request: &Request) -> Answer {
        let field = |name: &str| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            let found = pairs.find(|(key, _)| key == name);
            found.map_or_else(String::new, |(_, value)| value.into_owned())
        };
        let target = Some(field("rd")).filter(|rd| rd.starts_with('/') && !rd.starts_with("//"));
        let target = target.unwrap_or_else(|| "/".to_owned());
        match place {
            "sign_in" => sign_in_page(&target),
            "login" => {
                let value = self.issue(|sessions| &mut sessions.provider, "provider");
                let cookie =
                    format!("{PROVIDER_COOKIE}={value}; Path=/sso; HttpOnly; SameSite=Lax");
                Answer::redirect(302, format!("{}{target}", self.origin))
                    .header("Set-Cookie", cookie)
            }
            "authorize" => self.authorize(request, &field("left"), &target),
            "callback" => self.callback(&field("code"), &target),
            _ => Answer::html(404, "<!DOCTYPE html><title>Not found</title>"),
        }
    }

    /// The identity provider: on through the detours, then back to the proxy with a code.
    fn authorize(&self, request: &Request, left: &str, target: &str) -> Answer {
        let known = request.cookie(PROVIDER_COOKIE);
        if !known.is_some_and(|value| self.sessions().provider.contains(value)) {
            return sign_in_page(target);
        }
        let left: usize = left.parse().unwrap_or_default();
        if let Some(left) = left.checked_sub(1) {
            let query = encode(&[("left", &left.to_string()), ("rd", target)]);
            return Answer::redirect(302, format!("{OWN}authorize?{query}"));
        }
        let code = self.issue(|sessions| &mut sessions.codes, "code");
        let query = encode(&[("code", &code), ("rd", target)]);
        Answer::redirect(302, format!("{}{OWN}callback?{query}", self.origin))
    }

    fn callback(&self, code: &str, target: &str) -> Answer {
        if !self.sessions().codes.remove(code) {
            return Answer::html(403, "<!DOCTYPE html><title>Forbidden</title>");
        }
        let value = self.issue(|sessions| &mut sessions.proxy, "proxy");
        let cookie = format!("{PROXY_COOKIE}={value}; Path=/; HttpOnly; Max-Age=3600");
        Answer::redirect(302, target).header("Set-Cookie", cookie)
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The page of the identity provider. It says nothing by which GitLab's own page is known.
fn sign_in_page(target: &str) -> Answer {
    let query = encode(&[("rd", target)]);
    let page = maud::html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Company account" } }
            body {
                h1 { "Company account" }
                p { a href=(format!("{OWN}login?{query}")) { "Continue" } }
            }
        }
    };
    Answer::html(200, page.into_string()).header("Cache-Control", "no-store")
}
