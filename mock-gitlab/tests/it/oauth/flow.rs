//! What the OAuth tests share: forms, authorization URLs, and the way to a token.

use mock_gitlab::{MockGitlab, OAuthApplication, Quirks, World};
use serde_json::Value;

use crate::client::{Client, Reply};
pub(crate) use crate::company;

pub(crate) const CALLBACK: &str = "http://127.0.0.1/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(crate) async fn with_quirks(quirks: Quirks) -> MockGitlab {
    let builder = MockGitlab::builder().world(World::company());
    builder.quirks(quirks).start().await.unwrap()
}

/// A public application with `api read_api read_user` and one callback.
pub(crate) fn public(gl: &MockGitlab) -> OAuthApplication {
    let app = gl.oauth_app("harness").redirect(CALLBACK);
    let app = app.scopes(&["api", "read_api", "read_user", "openid", "profile", "email"]);
    app.confidential(false).create()
}

pub(crate) fn confidential(gl: &MockGitlab) -> OAuthApplication {
    gl.oauth_app("vault").redirect(CALLBACK).create()
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields).finish()
}

pub(crate) async fn post(gl: &MockGitlab, path: &str, fields: &[(&str, &str)]) -> Reply {
    send(&Client::anonymous(gl), path, fields).await
}

pub(crate) async fn send(client: &Client<'_>, path: &str, fields: &[(&str, &str)]) -> Reply {
    let kind = "application/x-www-form-urlencoded";
    let reply = client.raw("POST", path, kind, &form(fields)).await;
    reply.expect("an answer")
}

pub(crate) async fn get(gl: &MockGitlab, path: &str) -> Reply {
    get_with(&Client::anonymous(gl), path).await
}

pub(crate) async fn get_with(client: &Client<'_>, path: &str) -> Reply {
    client.raw("GET", path, "", "").await.expect("an answer")
}

/// The authorization URL of an application; `more` wins over what is usual.
pub(crate) fn authorize(app: &OAuthApplication, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "api"),
        ("state", "xyz"),
    ];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    format!("/oauth/authorize?{}", form(&fields))
}

/// A parameter of a redirect, from query or fragment.
pub(crate) fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once(['?', '#'])?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let pair = pairs.find(|(key, _)| key == name);
    pair.map(|(_, value)| value.into_owned())
}

/// Has alice approve, and hands back the code.
pub(crate) async fn code(gl: &MockGitlab, app: &OAuthApplication, more: &[(&str, &str)]) -> String {
    let url = authorize(app, more);
    let location = gl.browser("alice").approve(&url).await.unwrap();
    parameter(&location, "code").expect("a code")
}

/// Exchanges a code.
pub(crate) async fn exchange(gl: &MockGitlab, app: &OAuthApplication, code: &str) -> Reply {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.as_str()),
        ("code", code),
        ("redirect_uri", CALLBACK),
    ];
    post(gl, "/oauth/token", &fields).await
}

/// A whole approval: the token answer for these scopes.
pub(crate) async fn tokens(gl: &MockGitlab, app: &OAuthApplication, scopes: &str) -> Value {
    let code = code(gl, app, &[("scope", scopes)]).await;
    exchange(gl, app, &code).await.expect(200).json()
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
}

/// A client with an access token as Bearer.
pub(crate) fn bearer<'a>(gl: &'a MockGitlab, token: &str) -> Client<'a> {
    Client::anonymous(gl).with("Authorization", &format!("Bearer {token}"))
}

/// Fails unless the answer is this OAuth error with a challenge that says so too.
#[track_caller]
pub(crate) fn refused(reply: Reply, status: u16, word: &str) {
    let reply = refusal(reply, status, word);
    let challenge = reply.header("www-authenticate").expect("a challenge");
    let start = format!("Bearer realm=\"Doorkeeper\", error=\"{word}\", error_description=\"");
    assert!(challenge.starts_with(&start), "{challenge}");
}

/// The same where there is no challenge.
pub(crate) fn refused_plainly(reply: Reply, status: u16, word: &str) {
    let reply = refusal(reply, status, word);
    assert_eq!(reply.header("www-authenticate"), None);
}

fn refusal(reply: Reply, status: u16, word: &str) -> Reply {
    let reply = reply.expect(status);
    assert_eq!(reply.json()["error"], word, "{}", reply.text());
    reply
}
