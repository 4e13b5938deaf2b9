//! The sign-on proxy: strangers are led away, known browsers are let through with everything.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use mock_gitlab::{MockGitlab, PROVIDER_COOKIE, PROXY_COOKIE, SignOnProxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The path of the redirect; there is one host only.
    fn location(&self) -> String {
        let target = self.header("location").unwrap();
        let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| rest.split_at(at).1);
        path.to_owned()
    }
}

async fn send(address: SocketAddr, line: &str, headers: &str) -> Reply {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let text = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Follows redirects as a browser does, from `path` on; the number of redirects and the end.
async fn browse(
    proxy: &SignOnProxy,
    path: &str,
    cookies: &mut BTreeMap<String, String>,
) -> (usize, Reply) {
    let mut path = path.to_owned();
    for count in 0..20 {
        let pairs: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let header = format!("Cookie: {}\r\n", pairs.join("; "));
        let reply = send(proxy.address(), &format!("GET {path}"), &header).await;
        if let Some(text) = reply.header("set-cookie") {
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        if reply.header("location").is_none() {
            return (count, reply);
        }
        path = reply.location();
    }
    panic!("no end of redirects");
}

async fn start() -> (MockGitlab, SignOnProxy) {
    let builder = MockGitlab::builder();
    builder.start_behind_sign_on_proxy().await.unwrap()
}

#[tokio::test]
async fn a_stranger_reaches_the_sign_in_and_never_the_instance() {
    let (gitlab, proxy) = start().await;
    let reply = send(proxy.address(), "GET /api/v4/version?a=1", "").await;
    assert_eq!(reply.status, 302);
    let (_, end) = browse(&proxy, &reply.location(), &mut BTreeMap::new()).await;
    assert_eq!(end.status, 200);
    assert!(end.body.contains("Company account"));
    assert_eq!(gitlab.log().count(), 0);
    assert_eq!(proxy.log().count(), 2);

    proxy.answer_with_page(true);
    let reply = send(proxy.address(), "POST /api/v4/projects", "").await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().contains("html"));
    assert_eq!(gitlab.log().count(), 0);
}

#[tokio::test]
async fn a_browser_the_provider_knows_gets_a_session_through_redirects() {
    let (gitlab, proxy) = start().await;
    for detours in [0, 2] {
        proxy.detours(detours);
        let mut cookies = BTreeMap::from([(PROVIDER_COOKIE.to_owned(), proxy.sign_in())]);
        let (redirects, end) = browse(&proxy, "/api/v4/version?a=b", &mut cookies).await;
        assert_eq!(redirects, 3 + detours);
        assert_eq!(end.status, 401, "{}", end.body);
        assert!(cookies.contains_key(PROXY_COOKIE));
        assert_eq!(gitlab.log().all().last().unwrap().query, "a=b");
    }
}

#[tokio::test]
async fn what_is_let_through_arrives_with_all_it_carries() {
    let (gitlab, proxy) = start().await;
    let token = gitlab.user("alice").pat(&["api"]);
    let headers = format!(
        "Cookie: {PROXY_COOKIE}={}; other=1\r\nPRIVATE-TOKEN: {token}\r\n",
        proxy.open_session()
    );
    let reply = send(proxy.address(), "GET /api/v4/user", &headers).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let seen = gitlab.log().all().last().cloned().unwrap();
    assert!(seen.header("cookie").unwrap().ends_with("; other=1"));
    assert_eq!(seen.header("private-token"), Some(token.as_str()));

    proxy.end_sessions();
    let reply = send(proxy.address(), "GET /api/v4/user", &headers).await;
    assert_eq!(reply.status, 302);
    assert_eq!(gitlab.log().count(), 1);
}

#[tokio::test]
async fn signing_in_by_hand_ends_at_the_page_that_was_wanted() {
    let builder = MockGitlab::builder().base_path("gitlab");
    let (gitlab, proxy) = builder.start_behind_sign_on_proxy().await.unwrap();
    assert!(proxy.url().ends_with("/gitlab"));
    let mut cookies = BTreeMap::new();
    let (_, end) = browse(&proxy, "/sso/login?rd=/gitlab/users/sign_in", &mut cookies).await;
    assert_eq!(end.status, 200);
    assert!(end.body.contains("user[login]"), "{}", end.body);
    assert_eq!(gitlab.log().all().last().unwrap().path, "/users/sign_in");
}

#[tokio::test]
async fn a_code_counts_once_and_no_redirect_leads_away() {
    let (_gitlab, proxy) = start().await;
    let cookie = format!("Cookie: {PROVIDER_COOKIE}={}\r\n", proxy.sign_in());
    let reply = send(
        proxy.address(),
        "GET /sso/authorize?rd=//evil.example",
        &cookie,
    )
    .await;
    let callback = format!("GET {}", reply.location());
    let first = send(proxy.address(), &callback, "").await;
    assert_eq!((first.status, first.header("location")), (302, Some("/")));
    assert_eq!(send(proxy.address(), &callback, "").await.status, 403);
}
