//! One question for each token at a time, also when nobody waits for the answer.

use gitlab_mcp_core::auth::HeaderKind;
use gitlab_mcp_core::clock::ManualClock;
use gitlab_mcp_core::gitlab::EgressConfig;
use gitlab_mcp_core::random::OsRandom;
use gitlab_mcp_core::secret::Secret;
use mock_gitlab::{Fault, MockGitlab};

use super::super::fingerprint::Fingerprints;
use super::super::presented::Presented;
use super::*;

struct Scene {
    gitlab: MockGitlab,
    instance: Instance,
    clock: Arc<ManualClock>,
    checks: Arc<Checks>,
    fingerprints: Fingerprints,
}

impl Scene {
    async fn with_life(seconds: u64) -> Self {
        let gitlab = MockGitlab::builder().start().await.unwrap();
        let clock = Arc::new(ManualClock::default());
        let egress = Egress::new(&EgressConfig::default()).unwrap();
        Self {
            instance: Instance::parse(gitlab.url()).unwrap(),
            gitlab,
            checks: Checks::new(
                egress,
                Arc::clone(&clock) as _,
                Duration::from_secs(seconds),
            ),
            clock,
            fingerprints: Fingerprints::new(&OsRandom),
        }
    }

    fn asked(&self) -> usize {
        self.gitlab.log().of("GET /api/v4/user").count()
    }

    /// A check of `token`, as a task.
    fn start(&self, token: &str) -> tokio::task::JoinHandle<Checked> {
        let token = Secret::parse(token.to_owned(), 8).unwrap();
        let kind = HeaderKind::PrivateToken;
        let presented = Presented { kind, token };
        let name = self.fingerprints.of(&self.instance, &presented);
        let token = Arc::new(presented.token);
        let credential = Credential::new(&self.instance, kind, token);
        let (checks, instance) = (Arc::clone(&self.checks), self.instance.clone());
        tokio::spawn(async move { checks.check(name, &instance, &credential).await })
    }

    async fn check(&self, token: &str) -> Checked {
        self.start(token).await.unwrap()
    }
}

fn slow() -> Fault {
    Fault::latency(Duration::from_millis(300)).on("GET /api/v4/user")
}

#[tokio::test]
async fn checks_of_one_token_are_one_question() {
    let scene = Scene::with_life(0).await;
    let alice = scene.gitlab.user("alice").pat(&["api"]);
    let bob = scene.gitlab.user("bob").pat(&["api"]);
    scene.gitlab.faults().add(slow());
    let many: Vec<_> = (0..100).map(|_| scene.start(&alice)).collect();
    let other = scene.check(&bob).await;
    for one in many {
        let expected = scene.gitlab.user("alice").id().to_string();
        assert_eq!(
            one.await.unwrap().verdict,
            Verdict::Accepted(expected.into())
        );
    }
    let expected = scene.gitlab.user("bob").id().to_string();
    assert_eq!(other.verdict, Verdict::Accepted(expected.into()));
    assert_eq!(scene.asked(), 2);
    assert!(scene.checks.running().is_empty());
    scene.check(&alice).await;
    assert_eq!(scene.asked(), 3);
}

#[tokio::test]
async fn a_client_that_leaves_does_not_end_the_check_of_the_others() {
    let scene = Scene::with_life(30).await;
    let alice = scene.gitlab.user("alice").pat(&["api"]);
    scene.gitlab.faults().add(slow());
    let first = scene.start(&alice);
    while scene.checks.running().is_empty() {
        tokio::task::yield_now().await;
    }
    let second = scene.start(&alice);
    first.abort();
    assert!(first.await.is_err());
    assert!(matches!(
        second.await.unwrap().verdict,
        Verdict::Accepted(_)
    ));
    assert_eq!(scene.asked(), 1);
    let third = scene.check(&alice).await;
    assert!(third.cached && third.known);
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn garbage_is_asked_about_once_and_its_tables_are_bounded() {
    let scene = Scene::with_life(30).await;
    for _ in 0..20 {
        let verdict = scene.check("glpat-garbage-0123456789").await.verdict;
        assert_eq!(verdict, Verdict::Rejected);
    }
    assert_eq!(scene.asked(), 1);
    scene.clock.advance(Duration::from_secs(10));
    scene.check("glpat-garbage-0123456789").await;
    assert_eq!(scene.asked(), 2);
    scene.gitlab.faults().add(slow());
    let flood: Vec<_> = (0..WAITING + 500)
        .map(|number| scene.start(&format!("glpat-garbage-{number:010}")))
        .collect();
    let mut turned_away = 0;
    let mut longest = 0;
    for one in flood {
        longest = longest.max(scene.checks.running().len());
        turned_away += usize::from(one.await.unwrap().cached);
    }
    assert!(longest <= WAITING, "{longest}");
    assert!(turned_away >= 400, "{turned_away}");
}

#[tokio::test]
async fn somebody_known_does_not_wait_behind_garbage() {
    let scene = Scene::with_life(0).await;
    let alice = scene.gitlab.user("alice").pat(&["api"]);
    assert!(!scene.check(&alice).await.known);
    scene
        .gitlab
        .faults()
        .add(Fault::silence().on("GET /api/v4/user").times(32));
    for number in 0..WAITING {
        drop(scene.start(&format!("glpat-garbage-{number:010}")));
    }
    while scene.checks.others.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    while scene.gitlab.faults().count() > 0 {
        tokio::task::yield_now().await;
    }
    let checked = tokio::time::timeout(Duration::from_secs(4), scene.check(&alice)).await;
    assert!(matches!(checked.unwrap().verdict, Verdict::Accepted(_)));
}

#[tokio::test]
async fn what_gitlab_answers_becomes_a_verdict() {
    let scene = Scene::with_life(0).await;
    let alice = scene.gitlab.user("alice").pat(&["api"]);
    let narrow = scene.gitlab.user("alice").pat(&["read_repository"]);
    let named = scene.check(&narrow).await.verdict;
    assert!(
        matches!(&named, Verdict::Accepted(subject) if subject.starts_with("tok:") && subject.len() == 36),
        "{named:?}"
    );
    let unclear = |seconds| Verdict::Unclear(Duration::from_secs(seconds));
    let user = |fault: Fault| fault.on("GET /api/v4/user");
    let cases = [
        (user(Fault::status(401)), Verdict::Rejected),
        (user(Fault::status(403).as_html()), unclear(5)),
        (user(Fault::status(404)), unclear(5)),
        (user(Fault::status(408)), unclear(5)),
        (user(Fault::status(500)), unclear(5)),
        (user(Fault::status(503).retry_after("77")), unclear(77)),
        (user(Fault::status(503).retry_after("never")), unclear(5)),
        (user(Fault::rate_limit_edge(9000)), unclear(300)),
        (user(Fault::html_page()), unclear(5)),
        (user(Fault::truncated_body()), unclear(5)),
        (user(Fault::reset_before_headers()), unclear(5)),
        (
            user(Fault::redirect(302, "https://gitlab.example/users/sign_in")),
            Verdict::Rejected,
        ),
        (
            user(Fault::redirect(302, "https://evil.example/")),
            unclear(5),
        ),
    ];
    for (fault, expected) in cases {
        scene.clock.advance(Duration::from_mins(20));
        scene.gitlab.faults().add(fault.clone());
        assert_eq!(scene.check(&alice).await.verdict, expected, "{fault:?}");
        scene.gitlab.faults().clear();
    }
}
