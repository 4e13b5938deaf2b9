//! Logins against the mock GitLab, with a person who only reads what the opener was shown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Mutex as StdMutex;

use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::{Egress, EgressConfig, Instance};
use gitlab_mcp_core::random::OsRandom;
use mock_gitlab::{Fault, MockGitlab};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::token_file::Expected;
use super::*;

const LONG: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Shown(StdMutex<Vec<Url>>);

impl Opener for Shown {
    fn show(&self, link: &Url) {
        self.0.lock().unwrap().push(link.clone());
    }
}

/// A login and everything around it.
struct Scene {
    gitlab: MockGitlab,
    login: Login,
    shown: Arc<Shown>,
    clock: Arc<ManualClock>,
    file: TokenFile,
    directory: PathBuf,
}

impl Drop for Scene {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).ok();
    }
}

impl Scene {
    async fn new() -> Self {
        Self::at("http://127.0.0.1:0/callback").await
    }

    async fn at(redirect_uri: &str) -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let application = gitlab
            .oauth_app("editor")
            .redirect("http://127.0.0.1/callback")
            .redirect("http://[::1]/callback")
            .confidential(false)
            .create();
        let instance = Instance::parse(gitlab.url()).unwrap();
        let client_id = application.client_id;
        let egress = Egress::new(&EgressConfig::default()).unwrap();
        let oauth = GitLabOAuth::new(&instance, None, &client_id, None, egress).unwrap();
        let directory = std::env::temp_dir().join(format!("login-{}", token(&OsRandom, 12)));
        let expected = Expected {
            instance,
            client_id,
        };
        let file = TokenFile::open(&directory.join("token.json"), &expected);
        let (shown, clock) = (Arc::new(Shown::default()), Arc::new(ManualClock::default()));
        let keeper = Arc::clone(&clock) as Arc<dyn Clock>;
        let held = Arc::new(Held::new(file.clone(), oauth.clone(), keeper));
        let login = Login::new(Parts {
            oauth,
            file: file.clone(),
            held,
            redirect_uri: Url::parse(redirect_uri).unwrap(),
            scopes: vec!["api".to_owned()],
            opener: Arc::clone(&shown) as Arc<dyn Opener>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
        });
        Self {
            gitlab,
            login,
            shown,
            clock,
            file,
            directory,
        }
    }

    /// Opens a login and hands back its link.
    async fn open(&self) -> Url {
        match self.login.open(Duration::ZERO).await.unwrap() {
            Opened::Page(page) => Url::parse(page.link()).unwrap(),
            Opened::Elsewhere => unreachable!("another process signed in"),
        }
    }

    /// Where GitLab sends the browser of alice.
    async fn approved(&self, link: &Url) -> Url {
        let mut browser = self.gitlab.browser("alice");
        Url::parse(&browser.approve(link.as_str()).await.unwrap()).unwrap()
    }
}

fn parameter(link: &Url, name: &str) -> String {
    let mut pairs = link.query_pairs();
    pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
}

fn redirect_uri(link: &Url) -> Url {
    Url::parse(&parameter(link, "redirect_uri")).unwrap()
}

fn address(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).unwrap()[0]
}

/// The status and the whole answer.
async fn send(address: SocketAddr, head: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{head}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// What a browser does with a redirect.
async fn visit(url: &Url) -> (u16, String) {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let head = format!("GET {target} HTTP/1.1\r\nHost: {host}");
    send(address(url), &head).await
}

fn with_query(link: &Url, query: &str) -> Url {
    let mut url = redirect_uri(link);
    url.set_query(Some(query));
    url
}

#[tokio::test]
async fn a_person_signs_in_and_the_listener_is_gone() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    assert_eq!(*scene.shown.0.lock().unwrap(), std::slice::from_ref(&link));
    let callback = scene.approved(&link).await;
    let (status, page) = visit(&callback).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("You can close this window"), "{page}");
    assert!(scene.login.finished(LONG).await);
    let refused = TcpStream::connect(address(&callback)).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    let stored = scene.file.load().unwrap().unwrap();
    assert!(stored.refresh.is_some());
    assert_eq!(stored.scope.as_deref(), Some("api"));
}

#[tokio::test]
async fn callers_share_the_open_login() {
    let scene = Scene::new().await;
    let (first, second) = tokio::join!(scene.open(), scene.open());
    assert_eq!(first, second);
    assert_eq!(scene.shown.0.lock().unwrap().len(), 1);
    let waiting = [scene.login.finished(LONG), scene.login.finished(LONG)];
    let waiting = futures_util::future::join_all(waiting);
    let callback = scene.approved(&first).await;
    let (ended, (status, _)) = tokio::join!(waiting, visit(&callback));
    assert_eq!((ended, status), (vec![true, true], 200));
}

#[tokio::test]
async fn a_state_that_is_wrong_missing_or_repeated_leaves_the_login_open() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    let callback = scene.approved(&link).await;
    let (code, state) = (parameter(&callback, "code"), parameter(&callback, "state"));
    for query in [
        String::new(),
        format!("code={code}"),
        format!("code={code}&state="),
        format!("code={code}&state=canary-of-nobody"),
        format!("code={code}&state={state}&state={state}"),
        format!("code={code}&code={code}&state={state}"),
        format!("code={code}&error=access_denied&state={state}"),
        format!("state={state}"),
        format!("code=&state={state}"),
    ] {
        let (status, page) = visit(&with_query(&link, &query)).await;
        assert_eq!(status, 400, "{query}");
        assert!(!page.contains("canary") && !page.contains(&code), "{page}");
    }
    let (status, page) = visit(&callback).await;
    assert_eq!(status, 200, "{page}");
    assert!(scene.login.finished(LONG).await);
}

#[tokio::test]
async fn only_the_callback_under_the_name_of_this_machine_is_served() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    let callback = scene.approved(&link).await;
    let own = callback.port().unwrap();
    let query = callback.query().unwrap();
    for (line, host, expected) in [
        ("GET /callback?Q", "evil.example".to_owned(), 403),
        ("GET /callback?Q", format!("evil.example:{own}"), 403),
        ("GET /callback?Q", format!("localhost:{own}"), 403),
        ("GET /callback?Q", "127.0.0.1".to_owned(), 403),
        (
            "GET /callback?Q",
            format!("127.0.0.1:{own}, evil.example"),
            403,
        ),
        (
            "GET /callback?Q",
            format!("127.0.0.1:{own}\r\nHost: evil.example"),
            403,
        ),
        (
            "GET http://evil.example/callback?Q",
            format!("127.0.0.1:{own}"),
            403,
        ),
        ("GET /auth-request", format!("127.0.0.1:{own}"), 404),
        ("GET /", format!("127.0.0.1:{own}"), 404),
        ("GET /callback/?Q", format!("127.0.0.1:{own}"), 404),
        ("GET /token", format!("127.0.0.1:{own}"), 404),
        ("POST /callback?Q", format!("127.0.0.1:{own}"), 405),
        ("HEAD /callback?Q", format!("127.0.0.1:{own}"), 405),
    ] {
        let asked = line.replace('Q', query);
        let head = format!("{asked} HTTP/1.1\r\nHost: {host}");
        let (status, _) = send(address(&callback), &head).await;
        assert_eq!(status, expected, "{head}");
    }
    let head = format!("GET /callback?{query} HTTP/1.0");
    assert_eq!(send(address(&callback), &head).await.0, 403);
    assert_eq!(visit(&callback).await.0, 200);
}

#[tokio::test]
async fn every_page_forbids_storing_framing_and_telling_where_one_came_from() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    let callback = scene.approved(&link).await;
    let mut elsewhere = callback.clone();
    elsewhere.set_path("/canary");
    for url in [with_query(&link, "state=canary"), elsewhere, callback] {
        let (_, page) = visit(&url).await;
        let page = page.to_ascii_lowercase();
        for header in [
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
        ] {
            assert!(page.contains(header), "{url} {header}: {page}");
        }
        assert!(
            !page.contains("canary") && !page.contains("script"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_denied_sign_in_ends_the_login_and_the_next_one_works() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    let mut browser = scene.gitlab.browser("alice");
    let denied = browser.deny(link.as_str()).await.unwrap();
    let (status, _) = visit(&Url::parse(&denied).unwrap()).await;
    assert_eq!(status, 403);
    assert!(!scene.login.finished(LONG).await);
    assert!(scene.file.load().unwrap().is_none());

    let again = scene.open().await;
    assert_ne!(parameter(&link, "state"), parameter(&again, "state"));
    assert_eq!(visit(&scene.approved(&again).await).await.0, 200);
    assert!(scene.login.finished(LONG).await);
}

#[tokio::test]
async fn a_code_that_gitlab_does_not_take_is_told_in_the_browser() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    let callback = scene.approved(&link).await;
    scene
        .gitlab
        .faults()
        .add(Fault::status(503).on("POST /oauth/token"));
    assert_eq!(visit(&callback).await.0, 502);
    assert!(!scene.login.finished(LONG).await);
    assert!(scene.file.load().unwrap().is_none());
}

#[tokio::test]
async fn an_expired_login_gives_way_to_one_with_its_own_state_and_verifier() {
    // One port for both, so that the late callback reaches the second.
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        free.local_addr().unwrap().port()
    };
    let scene = Scene::at(&format!("http://127.0.0.1:{port}/callback")).await;
    let first = scene.open().await;
    scene.clock.advance(LIFETIME);
    let second = scene.open().await;
    for name in ["state", "code_challenge"] {
        assert_ne!(parameter(&first, name), parameter(&second, name));
    }
    assert_eq!(visit(&scene.approved(&first).await).await.0, 400);
    assert_eq!(visit(&scene.approved(&second).await).await.0, 200);
    assert!(scene.login.finished(LONG).await);
}

#[tokio::test]
async fn two_logins_at_once_have_a_state_and_a_verifier_each_and_both_finish() {
    let (one, other) = (
        Scene::new().await,
        Scene::at("http://[::1]:0/callback").await,
    );
    let (first, second) = (one.open().await, other.open().await);
    for name in ["state", "code_challenge", "redirect_uri"] {
        assert_ne!(parameter(&first, name), parameter(&second, name));
    }
    // The callback of one is nothing to the other.
    let callback = one.approved(&first).await;
    let foreign = with_query(&second, callback.query().unwrap());
    assert_eq!(visit(&foreign).await.0, 400);
    assert_eq!(visit(&callback).await.0, 200);
    assert_eq!(visit(&other.approved(&second).await).await.0, 200);
    assert!(one.login.finished(LONG).await && other.login.finished(LONG).await);
}

#[tokio::test]
async fn localhost_is_listened_on_at_all_its_addresses() {
    let scene = Scene::at("http://localhost:0/callback").await;
    let link = scene.open().await;
    let own = redirect_uri(&link).port().unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: localhost:{own}");
    let v4 = SocketAddr::from(([127, 0, 0, 1], own));
    assert_eq!(send(v4, &head).await.0, 404);
    let v6 = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], own));
    let taken = TcpListener::bind(v6).await.map_err(|error| error.kind());
    assert!(taken.is_err(), "somebody else could listen at {v6}");
}

#[tokio::test]
async fn who_has_the_port_is_not_asked_anything_and_the_variable_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let scene = Scene::at(&format!("http://127.0.0.1:{port}/callback")).await;
    let error = scene.login.open(Duration::ZERO).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("GITLAB_OAUTH_REDIRECT_URI"), "{text}");
    assert!(text.contains(&port.to_string()), "{text}");
    assert!(scene.shown.0.lock().unwrap().is_empty());
    let asked = tokio::time::timeout(Duration::from_millis(20), other.accept()).await;
    assert!(asked.is_err(), "the listener was talked to");
}

#[tokio::test]
async fn the_login_of_another_process_is_seen_in_the_token_file() {
    let other = Scene::new().await;
    let link = other.open().await;
    let port = redirect_uri(&link).port().unwrap();
    let scene = Scene::at(&format!("http://127.0.0.1:{port}/callback")).await;
    let waiting = scene.login.open(LONG);
    let signing_in = async {
        let tokens = StoredTokens::received(
            crate::gitlab_oauth::Tokens {
                access: Secret::parse("token-of-the-other".to_owned(), 1).unwrap(),
                refresh: None,
                expires_in: None,
                scope: None,
            },
            scene.clock.now(),
        );
        scene.file.lock().await.unwrap().save(&tokens).unwrap();
    };
    let (opened, ()) = tokio::join!(waiting, signing_in);
    assert!(matches!(opened, Ok(Opened::Elsewhere)), "{opened:?}");
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_the_life_of_a_login() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    // The login is served, so its time runs.
    assert_eq!(visit(&with_query(&link, "")).await.0, 400);
    tokio::time::pause();
    tokio::time::advance(LIFETIME).await;
    tokio::time::resume();
    assert!(!scene.login.finished(LONG).await);
    let late = TcpStream::connect(address(&redirect_uri(&link))).await;
    assert!(late.is_err(), "somebody still listens");
}

#[tokio::test]
async fn closing_frees_the_port() {
    let scene = Scene::new().await;
    let link = scene.open().await;
    scene.login.close().await;
    assert!(
        TcpStream::connect(address(&redirect_uri(&link)))
            .await
            .is_err()
    );
    assert!(!scene.login.finished(LONG).await);
}
