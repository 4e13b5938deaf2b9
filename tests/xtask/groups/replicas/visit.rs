//! Somebody signs in with a browser while every step is answered by another server: the page, the
//! approval, the way back from GitLab, the code, the first refresh, the first call.

use std::collections::BTreeMap;

use gitlab_mcp_tests::{Reply, Request};
use url::Url;

use super::fleet::{Fleet, NoAnswer, form, whoami};

const BASE: &str = "https://mcp.example";
const REDIRECT: &str = "http://127.0.0.1/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A person with a browser.
struct Visitor<'a> {
    fleet: &'a Fleet<'a>,
    turn: usize,
    cookies: BTreeMap<String, String>,
}

/// `user` signs in for `client`; the first step is the turn of the server number `first`.
pub(super) fn sign_in(
    fleet: &Fleet<'_>,
    user: &str,
    client: &str,
    first: usize,
) -> Result<(), String> {
    let mut visitor = Visitor {
        fleet,
        turn: first,
        cookies: BTreeMap::new(),
    };
    let done = fleet.runtime.block_on(visitor.signs_in(user, client));
    done.map_err(|problem| format!("a sign-in that began at server {first}: {problem}"))
}

impl Visitor<'_> {
    async fn signs_in(&mut self, user: &str, client: &str) -> Result<(), String> {
        let page = self.ask("the page", 200, authorize(client)).await?;
        let fields = [
            ("tx", field(&page, "tx")?),
            ("csrf", field(&page, "csrf")?),
            ("decision", "approve"),
        ];
        let approval = form("/consent", &fields)
            .header("Origin", BASE)
            .header("Sec-Fetch-Site", "same-origin");
        let approved = self.ask("the approval", 200, approval).await?;
        let gitlab = onward(&approved)?;
        let mut browser = self.fleet.gitlab.browser(user);
        let back = browser.approve(&gitlab).await;
        let back = back.map_err(|error| format!("GitLab's page: {error}"))?;
        let path = back.strip_prefix(BASE).ok_or("GitLab sends elsewhere")?;
        let returned = Request::new("GET", path).header("Host", "mcp.example");
        let returned = self.ask("the way back", 302, returned).await?;
        let place = Url::parse(&onward(&returned)?).map_err(|error| error.to_string())?;
        let code = place.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.ok_or_else(|| format!("no code: {place}"))?;
        let redeeming = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", REDIRECT),
            ("client_id", client),
        ];
        let tokens = self
            .ask("the code", 200, form("/token", &redeeming))
            .await?;
        let refresh = member(&tokens, "refresh_token")?;
        let refreshing = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh),
            ("client_id", client),
        ];
        let tokens = self.ask("the refresh", 200, form("/token", &refreshing));
        let access = member(&tokens.await?, "access_token")?;
        let called = self.ask("the call", 200, whoami(&access)).await?;
        let message = called.message();
        let name = &message["result"]["structuredContent"]["item"]["user"]["username"];
        if name != user {
            return Err(format!("whoami: {called:?}"));
        }
        Ok(())
    }

    /// Asks the server whose turn it is.
    async fn ask(&mut self, what: &str, expected: u16, request: Request) -> Result<Reply, String> {
        let jar = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let jar: Vec<String> = jar.collect();
        let request = request.header("Cookie", &jar.join("; "));
        let asked = self.fleet.seats.ask(self.turn, &request).await;
        self.turn += 1;
        let reply = asked.map_err(|problem: NoAnswer| format!("{what}: {problem:?}"))?;
        if reply.status != expected {
            return Err(format!("{what}: {reply:?}"));
        }
        let lines = reply.head.lines().filter_map(|line| line.split_once(':'));
        for (_, value) in lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let pair = value.split(';').next().unwrap_or_default();
            let (name, value) = pair.trim().split_once('=').unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(reply)
    }
}

/// What a client opens in a browser.
pub(super) fn authorize(client: &str) -> Request {
    let path = format!(
        "/authorize?response_type=code&client_id={client}&code_challenge_method=S256\
         &redirect_uri=http%3A%2F%2F127.0.0.1%2Fback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    Request::new("GET", &path).header("Host", "mcp.example")
}

/// Where a redirect or a page leads.
fn onward(reply: &Reply) -> Result<String, String> {
    if let Some(place) = reply.header("location") {
        return Ok(place.to_owned());
    }
    let link = reply.body.split_once("href=\"");
    let link = link.and_then(|(_, rest)| rest.split_once('"'));
    let (link, _) = link.ok_or_else(|| format!("no way on: {reply:?}"))?;
    Ok(link.replace("&amp;", "&"))
}

/// The value of a field of the form on a page.
fn field<'a>(page: &'a Reply, name: &str) -> Result<&'a str, String> {
    let start = format!("name=\"{name}\" value=\"");
    let value = page.body.split_once(&start);
    let value = value.and_then(|(_, rest)| rest.split('"').next());
    value.ok_or_else(|| format!("no field {name}: {page:?}"))
}

fn member(reply: &Reply, name: &str) -> Result<String, String> {
    let text = reply.message()[name].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("no {name}: {reply:?}"))
}
