//! Everything the authorization server could be made to connect to, in a network of its own: a
//! network namespace whose only interface has addresses of every kind, with a trap at each. A
//! stranger names clients there, a host that may be asked sends the server there, and so does GitLab.
//!
//! The runner starts it in namespaces of its own (`unshare --net --mount`) with the program as its
//! argument. It refuses to touch any other network.
//!
//! | file | what it does |
//! |---|---|
//! | `addresses` | which addresses are tried, and how a client id names them |
//! | `place` | gives the namespace its addresses and its names |
//! | `traps` | counts connections, and plays the host that may be asked |
#![expect(
    clippy::print_stdout,
    reason = "a program of the test runner talks on stdout"
)]

mod addresses;
mod place;
mod traps;

use std::process::ExitCode;

use gitlab_mcp_tests::{Listening, Reply, Request};
use mock_gitlab::{Fault, MockGitlab};
use serde_json::json;

use addresses::{NAMED, NOT_PUBLIC, OPEN, PUBLIC, by_name, mixed_name, name, spelled};
use place::Place;
use traps::Traps;

type Problem = Box<dyn std::error::Error + Send + Sync>;

const HOST: &str = "mcp.example";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Statuses that lead elsewhere. RFC 9110 section 15.4.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

#[tokio::main]
async fn main() -> ExitCode {
    match play().await {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn play() -> Result<String, Problem> {
    let program = std::env::args().nth(1).ok_or("which program?")?;
    let place = Place::take()?;
    let traps = Traps::set(&place).await?;
    traps.all_work().await?;
    place.names_lead_there()?;
    let gitlab = MockGitlab::builder().start().await?;
    let mut asked = 0;
    // By default any public host may be asked; then the operator lets in all these hosts by name.
    for hosts in [None, Some(every_name().join(","))] {
        let server = start(&program, &place, &gitlab, hosts.as_deref()).await;
        for id in ids(hosts.is_some()) {
            for request in lookups(&id) {
                refused(&id, &request.send(server.address).await)?;
                asked += 1;
            }
        }
        traps.nobody_came("a stranger's client id")?;
        registers(&server, &traps).await?;
    }
    let server = start(&program, &place, &gitlab, None).await;
    let public = is_asked(&server, &traps).await?;
    let redirects = is_sent_on(&server, &traps).await?;
    let by_gitlab = is_sent_on_by_gitlab(&server, &gitlab, &traps).await?;
    Ok(format!(
        "{asked} requests named {} hosts that are not public, {redirects} redirects and {by_gitlab} \
         answers of GitLab led there: 0 connections; {public} to a public host",
        NOT_PUBLIC.len(),
    ))
}

/// A server that keeps no limits, since all its strangers come from one address.
async fn start(
    program: &str,
    place: &Place,
    gitlab: &MockGitlab,
    hosts: Option<&str>,
) -> Listening {
    let application = gitlab
        .oauth_app("team")
        .redirect("https://mcp.example/callback")
        .scopes(&["api"])
        .confidential(false)
        .create();
    let certificate = place.authority_file();
    let mut variables = vec![
        ("GITLAB_MCP_OAUTH", "true"),
        ("GITLAB_OAUTH_CALLBACK_PROXY", "true"),
        ("GITLAB_API_URL", gitlab.url()),
        ("GITLAB_OAUTH_APP_ID", &application.client_id),
        ("GITLAB_CA_CERT_PATH", &certificate),
        ("MCP_SERVER_URL", "https://mcp.example"),
        ("OAUTH_DEVICE_FLOW", "on"),
        ("RATE_LIMIT_IP_ENABLED", "false"),
        ("OAUTH_REQUEST_RATE_LIMIT_PER_MINUTE", "10000"),
    ];
    variables.extend(hosts.map(|hosts| ("OAUTH_CIMD_ALLOWED_HOSTS", hosts)));
    Listening::start(program, &variables).await
}

fn every_name() -> Vec<String> {
    let numbers = 0..NOT_PUBLIC.len();
    let names = numbers.flat_map(|number| [name(number), mixed_name(number)]);
    names
        .chain(NAMED.map(|(name, _)| name.to_owned()))
        .collect()
}

/// Client ids that lead to no public host: by name, and as an address in every spelling.
fn ids(with_ports: bool) -> Vec<String> {
    let mut ids: Vec<String> = every_name().iter().map(|name| by_name(name)).collect();
    ids.extend(spelled());
    if with_ports {
        // The host of a list may be asked at any port.
        let at_other_ports = every_name().into_iter();
        ids.extend(at_other_ports.map(|name| format!("https://{name}:80/client.json")));
    }
    ids
}

/// Every request that makes the server look a client up. The path differs, so that what the server
/// learned from one of them does not answer the next.
fn lookups(id: &str) -> [Request; 4] {
    let id = |path: &str| format!("{id}/{path}");
    [
        authorize(&id("authorize")),
        form(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", "gmac_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                (
                    "code_verifier",
                    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                ),
                ("client_id", &id("token")),
            ],
        ),
        form(
            "/revoke",
            &[("token", "gmat_AAAA"), ("client_id", &id("revoke"))],
        ),
        form(
            "/oauth/device_authorization",
            &[("client_id", &id("device"))],
        ),
    ]
}

fn authorize(client: &str) -> Request {
    let query = encoded(&[
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", "https://open.example/cb"),
        ("code_challenge_method", "S256"),
        ("code_challenge", CHALLENGE),
    ]);
    Request::new("GET", &format!("/authorize?{query}")).header("Host", HOST)
}

fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    Request::new("POST", path)
        .header("Host", HOST)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(encoded(fields))
}

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Whether the server really looked at the client, and did not take it.
fn refused(id: &str, reply: &Reply) -> Result<(), Problem> {
    match reply.status {
        400 | 401 | 503 => Ok(()),
        _ => Err(format!("{id} is not refused: {reply:?}").into()),
    }
}

/// A client whose registration leads inside by every member with a URL that is not for browsers.
async fn registers(server: &Listening, traps: &Traps) -> Result<String, Problem> {
    let before = traps.came_to_public_only("nothing")?;
    let inside = by_name(&name(0));
    let body = json!({
        "client_name": "Editor", "redirect_uris": ["http://127.0.0.1/cb", inside],
        "client_uri": inside, "logo_uri": inside, "jwks_uri": inside, "policy_uri": inside,
        "tos_uri": inside, "sector_identifier_uri": inside, "request_uris": [inside],
        "initiate_login_uri": inside, "backchannel_logout_uri": inside,
    });
    let request = Request::new("POST", "/register")
        .header("Host", HOST)
        .header("Content-Type", "application/json")
        .body(body.to_string());
    let reply = request.send(server.address).await;
    if traps.came_to_public_only("a registration")? != before {
        return Err("a registration led to a public host".into());
    }
    let id = reply.message()["client_id"].as_str().map(str::to_owned);
    Ok(id.ok_or_else(|| format!("/register: {reply:?}"))?)
}

/// The traps work for this server too: a public host is asked, and what it says is believed. Its
/// document leads inside by every other member; nothing of that is followed.
async fn is_asked(server: &Listening, traps: &Traps) -> Result<usize, Problem> {
    for host in OPEN {
        let id = format!("https://{host}/client.json");
        let reply = authorize(&id).send(server.address).await;
        if reply.status != 200 || !reply.body.contains(host) {
            return Err(format!("{id} is not asked about: {reply:?}").into());
        }
    }
    let came = traps.came_to_public_only("a document")?;
    if came != OPEN.len() {
        return Err(format!("{came} connections for {} documents", OPEN.len()).into());
    }
    Ok(came)
}

/// A public host sends the server to each address, by name and as it is.
async fn is_sent_on(server: &Listening, traps: &Traps) -> Result<usize, Problem> {
    let before = traps.came_to_public_only("nothing")?;
    let mut sent = 0;
    for (number, target) in ids(false).iter().enumerate() {
        let status = REDIRECTS[number % REDIRECTS.len()];
        traps.lead_on(status, target);
        let id = format!("https://{}/away/{number}", OPEN[0]);
        refused(&id, &authorize(&id).send(server.address).await)?;
        sent += 1;
    }
    let came = traps.came_to_public_only("a redirect of a public host")? - before;
    if came != sent {
        return Err(format!("{came} connections for {sent} redirects").into());
    }
    Ok(sent)
}

/// GitLab itself, which may be asked at a private address, sends the server on with a token in hand.
async fn is_sent_on_by_gitlab(
    server: &Listening,
    gitlab: &MockGitlab,
    traps: &Traps,
) -> Result<usize, Problem> {
    let before = traps.came_to_public_only("nothing")?;
    let client = registers(server, traps).await?;
    let inside = ids(false)
        .into_iter()
        .chain([format!("http://{}/", PUBLIC[0])]);
    let mut sent = 0;
    for (number, target) in inside.enumerate() {
        gitlab.faults().clear();
        let status = REDIRECTS[number % REDIRECTS.len()];
        gitlab.faults().add(Fault::redirect(status, &target));
        gitlab.log().clear();
        let device = form("/oauth/device_authorization", &[("client_id", &client)]);
        let whoami = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
        let call = Request::mcp(whoami)
            .header("Host", HOST)
            .header("Private-Token", &format!("glpat-nobodys-token-{number:04}"));
        for request in [device, call] {
            let reply = request.send(server.address).await;
            if reply.status < 400 {
                return Err(format!("GitLab leads to {target}: {reply:?}").into());
            }
        }
        let asked = gitlab.log().all().count();
        if asked < 2 {
            return Err(format!("GitLab was asked {asked} times").into());
        }
        sent += asked;
    }
    if traps.came_to_public_only("a redirect of GitLab")? != before {
        return Err("a redirect of GitLab was followed to a public host".into());
    }
    Ok(sent)
}
