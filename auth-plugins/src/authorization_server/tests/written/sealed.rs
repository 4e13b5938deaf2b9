//! What is sealed or signed: opened under the secret it was made with, whenever that was.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, Instance};
use gitlab_mcp_core::random::SeededRandom;
use gitlab_mcp_store::Memory;
use http::{HeaderMap, header};
use std::time::UNIX_EPOCH;

use super::*;
use crate::authorization_server::Parts;
use crate::authorization_server::bench::{BASE, START, secret};
use crate::authorization_server::client::{Client, Origin};
use crate::authorization_server::keys::Keys;
use crate::authorization_server::rules::{Rules, Sealed, TokenFormat};
use crate::authorization_server::site::{Base, Site};
use crate::authorization_server::tokens::{Claims, Tokens};
use crate::gitlab_oauth::GitLabOAuth;

const SEALED: &str = include_str!("sealed.txt");
const SECRET: &str = "master-secret-of-what-was-written-0001";
/// What the browser of a form holds.
const WORD: &str = "word-of-the-browser";

/// A server under the secret of the file, whose randomness begins anew; nobody is behind it.
pub(super) fn server(rules: Rules) -> Arc<AuthorizationServer> {
    let clock = Arc::new(ManualClock::at(UNIX_EPOCH + Duration::from_secs(START)));
    let instance = Instance::parse("https://gitlab.example").unwrap();
    let egress = Egress::new(&EgressConfig::default()).unwrap();
    let application = GitLabOAuth::new(&instance, None, "team", None, egress.clone()).unwrap();
    AuthorizationServer::new(Parts {
        site: Site::Fixed(Base::parse(BASE).unwrap()),
        rules,
        browser: instance.clone(),
        instance,
        application,
        application_id: "team".to_owned(),
        egress,
        keys: Arc::new(Keys::new(&secret(SECRET), None)),
        store: Arc::new(Memory::new(clock.clone(), 100)),
        clock,
        random: Arc::new(SeededRandom::new(1)),
    })
}

fn sealing() -> Rules {
    Rules {
        format: TokenFormat::SelfContained,
        sealed: Some(Sealed {
            client_life: Duration::from_hours(24),
        }),
        ..Rules::default()
    }
}

fn remembering() -> Rules {
    Rules {
        remember_days: 30,
        ..Rules::default()
    }
}

/// The latest record of a kind.
fn record<R: serde::de::DeserializeOwned>(name: &str) -> R {
    let (_, form) = lines(RECORDS).filter(|line| line.0 == name).last().unwrap();
    serde_json::from_str(form).unwrap()
}

fn claims() -> Claims {
    Claims {
        iss: BASE.to_owned(),
        aud: format!("{BASE}/mcp"),
        sub: "42".to_owned(),
        client: "gmc_kPz2VnD4o1cXyJ7aQm0WvA".to_owned(),
        sid: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        jti: "ICEiIyQlJicoKSorLC0uLw".to_owned(),
        rgen: 3,
        scope: "api".to_owned(),
        iat: START,
        exp: START + 3600,
    }
}

fn carried() -> Carried {
    Carried {
        claims: claims(),
        access: secret("access-token-of-gitlab"),
    }
}

fn approved() -> (Client, crate::authorization_server::grant::Request) {
    let request = record::<Code>("code").request;
    let client = Client {
        id: request.client.clone(),
        name: request.client_name.clone(),
        redirect_uris: Vec::new(),
        origin: Origin::Registered,
    };
    (client, request)
}

fn tokens(server: &AuthorizationServer) -> &Tokens {
    &server.tokens
}

/// What this release writes under a name.
async fn written(name: &str) -> String {
    let (plain, sealed, base) = (server(Rules::default()), server(sealing()), base());
    let login: Login = record("login");
    match name {
        "access" => tokens(&plain).access(&claims()),
        "refresh" => tokens(&plain)
            .refresh(&base, &login.sid, login.rgen, &login.salt)
            .unwrap(),
        "carried" => tokens(&plain).seal_access(&carried()).unwrap(),
        "carrying" => tokens(&plain).seal_login(&base, &login).unwrap(),
        "state" => sealed
            .hand_out(&record::<Pending>("pending"))
            .await
            .unwrap(),
        "code" => sealed.hand_out(&record::<Code>("code")).await.unwrap(),
        "client" => {
            let body = format!(r#"{{"client_name":"Editor","redirect_uris":["{REDIRECT}"]}}"#);
            let request = Request::post("/register")
                .header("content-type", "application/json")
                .body(Body::from(body));
            let registered = answered(sealed.register(request.unwrap()).await).await;
            registered.body["client_id"].as_str().unwrap().to_owned()
        }
        "form" => {
            let form = plain.form(approved().1, true);
            plain.seal_form(&base, WORD, &form)
        }
        "approval" => {
            let cookie = server(remembering()).remember(&base, &approved().1);
            let cookie = cookie.unwrap().to_str().unwrap().to_owned();
            cookie.split_once(';').unwrap().0.to_owned()
        }
        "row" => {
            let life = Duration::from_hours(1);
            let put = plain.records.put_new(&login.sid, &login, life).await;
            assert!(put.unwrap());
            let rows = plain.records.store().lowest(Namespace::Login, 0, 9).await;
            let (key, held) = rows.unwrap().swap_remove(0);
            format!("{key}:{}", URL_SAFE_NO_PAD.encode(held.value.bytes))
        }
        _ => panic!("{name} is written by nobody"),
    }
}

/// Whether this release understands what was written under a name.
async fn understands(name: &str, text: &str) -> bool {
    let (plain, sealed, base) = (server(Rules::default()), server(sealing()), base());
    let login: Login = record("login");
    match name {
        "access" => tokens(&plain).open_access(&base, text) == Some(claims()),
        "refresh" => Tokens::read_refresh(text).is_some_and(|presented| {
            presented.sid == login.sid
                && presented.rgen == login.rgen
                && tokens(&plain).proves(&base, &presented, &login.salt)
        }),
        "carried" => tokens(&plain).open_carried(&base, text).is_some_and(|one| {
            one.claims == claims() && one.access.matches("access-token-of-gitlab")
        }),
        "carrying" => {
            let found = tokens(&plain).open_login(&base, text);
            found.is_some_and(|found| is_login(&found, &login))
        }
        "state" => {
            let found = sealed.handed_out::<Pending>(text).await.unwrap();
            found.is_some_and(|one| one.request == record::<Pending>("pending").request)
        }
        "code" => {
            let found = sealed.handed_out::<Code>(text).await.unwrap();
            found.is_some_and(|one| one.sid() == login.sid && one.request == approved().1)
        }
        "client" => {
            let found = sealed.client(text).await;
            found.is_ok_and(|client| client.may_use(REDIRECT) && client.name.contains("Editor"))
        }
        "form" => {
            let found = plain.open_form(&base, WORD, text);
            found.is_some_and(|form| form.request == approved().1 && form.may_remember)
        }
        "approval" => {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", "none".parse().unwrap());
            headers.insert(header::COOKIE, text.parse().unwrap());
            let (client, request) = approved();
            server(remembering()).remembers(&base, &client, &request, &headers)
        }
        "row" => {
            let (key, bytes) = text.split_once(':').unwrap();
            let place = Place::new(Namespace::Login, key);
            let Ok(bytes) = URL_SAFE_NO_PAD.decode(bytes) else {
                return false;
            };
            let store = plain.records.store();
            let life = Duration::from_hours(1);
            assert!(
                store
                    .put_new(&place, Value::new(bytes), life)
                    .await
                    .unwrap()
            );
            let found = plain.login(&login.sid).await.unwrap();
            found.is_some_and(|found| is_login(&found.record, &login))
        }
        _ => false,
    }
}

fn is_login(found: &Login, wanted: &Login) -> bool {
    serde_json::to_string(found).unwrap() == serde_json::to_string(wanted).unwrap()
}

const NAMES: [&str; 10] = [
    "access", "refresh", "carried", "carrying", "state", "code", "client", "form", "approval",
    "row",
];

#[tokio::test]
async fn whatever_was_sealed_or_signed_is_understood() {
    let mut latest = BTreeMap::new();
    for (name, text) in lines(SEALED) {
        assert!(understands(name, text).await, "{name} {text}");
        // The twin that is refused: the same with its last character changed.
        let mut damaged = text.to_owned();
        let last = damaged.pop().unwrap();
        damaged.push(if last == 'A' { 'E' } else { 'A' });
        assert!(!understands(name, &damaged).await, "{name} {damaged}");
        latest.insert(name, text);
    }
    let mut lacking = Vec::new();
    for name in NAMES {
        let today = written(name).await;
        if latest.get(name) != Some(&today.as_str()) {
            lacking.push(format!("{name} {today}"));
        }
    }
    let lacking = lacking.join("\n");
    assert_eq!(lacking, "", "what is written today and has no line");
}
