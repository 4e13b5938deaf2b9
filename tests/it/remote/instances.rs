//! Callers choose among the instances the operator allows, and reach no other.

use mock_gitlab::MockGitlab;
use serde_json::{Value, json};

use super::{Person, Scene, assert_no_session, error_of, reason};

const DYNAMIC: (&str, &str) = ("ENABLE_DYNAMIC_API_URL", "true");
const HEADER: &str = "X-GitLab-API-URL";

/// A second GitLab, below a path, in which the same seed would give the same tokens.
async fn second() -> MockGitlab {
    let builder = MockGitlab::builder().seed(7).base_path("/git");
    builder.start().await.unwrap()
}

/// `person`, naming `url`.
fn naming(person: &Person, url: &str) -> Person {
    let mut person = person.clone();
    person.headers.push((HEADER.to_owned(), url.to_owned()));
    person
}

async fn place(person: &Person) -> Value {
    let reply = match person.session {
        Some(_) => person.call("whoami", json!({})).await,
        None => person.call_alone("whoami", json!({})).await,
    };
    reply.message()["result"]["structuredContent"]["item"]["gitlab"]["url"].clone()
}

#[tokio::test]
async fn every_call_of_a_request_goes_to_the_instance_it_names() {
    let other = second().await;
    let scene = Scene::with(&[DYNAMIC, ("GITLAB_ALLOWED_HOSTS", other.url())]).await;
    let token = other.user("alice").pat(&["api"]);
    let alice = naming(
        &scene.caller(&[("Private-Token", &token)]),
        &format!("http://{}/ignored?path#here", other.address()),
    );
    let session = alice.clone().opened().await;
    assert_eq!(place(&session).await, other.url());
    assert_eq!(place(&alice).await, other.url());
    for (tool, arguments) in [
        ("get_project", json!({ "project_id": 1 })),
        ("list_projects", json!({})),
        ("list_issues", json!({ "project_id": 1 })),
        ("search_repositories", json!({ "search": "music" })),
        ("list_group_projects", json!({ "group_id": "larkspur" })),
        ("create_issue", json!({ "project_id": 1, "title": "there" })),
        (
            "get_file_contents",
            json!({ "project_id": 1, "file_path": "README.md" }),
        ),
    ] {
        for reply in [
            session.call(tool, arguments.clone()).await,
            alice.call_alone(tool, arguments.clone()).await,
        ] {
            let result = &reply.message()["result"];
            assert_ne!(result["isError"], true, "{tool}: {reply:?}");
            assert!(result["content"].is_array(), "{tool}: {reply:?}");
        }
    }
    assert!(other.log().count() >= 14);
    assert_eq!(scene.asked(), 0);
    let (at_home, _) = scene.person("alice");
    assert_eq!(place(&at_home).await, scene.gitlab.url());
}

#[tokio::test]
async fn a_session_stays_at_the_instance_it_was_opened_for() {
    let other = second().await;
    let scene = Scene::with(&[DYNAMIC, ("GITLAB_ALLOWED_HOSTS", other.url())]).await;
    // One token that both know, for users of one number.
    let token = scene.gitlab.user("alice").pat(&["api"]);
    let made = scene.gitlab.edit(|world| world.tokens[&token].clone());
    other.edit(|world| world.tokens.insert(token.clone(), made));
    let here = scene.caller(&[("Private-Token", &token)]);
    let there = naming(&here, other.url());
    let session = here.clone().opened().await;
    let moved = session.with_headers_of(&there);
    assert_no_session(&moved.call("whoami", json!({})).await, "moved");
    assert_eq!(place(&session).await, scene.gitlab.url());
    let named = naming(&here, scene.gitlab.url());
    assert_eq!(
        place(&session.with_headers_of(&named)).await,
        scene.gitlab.url()
    );
    let session = there.opened().await;
    assert_eq!(place(&session).await, other.url());
    assert_no_session(
        &session
            .with_headers_of(&here)
            .call("whoami", json!({}))
            .await,
        "moved back",
    );
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_before_anything_is_asked() {
    let other = second().await;
    let allowed = "https://gitlab.example,http://127.0.0.1:8929";
    let scene = Scene::with(&[DYNAMIC, ("GITLAB_ALLOWED_HOSTS", allowed)]).await;
    let (alice, token) = scene.person("alice");
    for url in [
        other.url(),
        "https://evil.example",
        "https://gitlab.example@evil.example",
        "https://user:word@gitlab.example",
        "https://evil.example\\@gitlab.example",
        "https://evil.example#@gitlab.example",
        "https://gitlab.example.evil",
        "https://gitlab.example:22",
        "http://gitlab.example",
        "https://g\u{456}tlab.example",
        "https://git\tlab.example",
        "//gitlab.example",
        "https:gitlab.example",
        "file:///etc/passwd",
        "http://2130706433:8929",
        "http://0x7f.1:8929",
        "http://0177.0.0.1:8929",
        "http://127.1:8929",
        "http://①②⑦.⓪.⓪.①:8929",
        "http://[::ffff:127.0.0.1]:8929",
        "http://169.254.169.254",
        "gitlab.example",
        "",
    ] {
        let mut person = naming(&alice, url);
        for reply in [
            person.initialize("2025-11-25").await,
            person.alone("tools/list", json!({})).await,
            person.call_alone("whoami", json!({})).await,
        ] {
            assert_eq!(reply.status, 403, "{url}: {reply:?}");
            assert_eq!(reason(&reply), "access_denied", "{url}");
            let message = reply.message()["error"]["message"].to_string();
            for part in ["not allowed", "GITLAB_ALLOWED_HOSTS"] {
                assert!(message.contains(part), "{url}: {message}");
            }
        }
    }
    let twice = naming(&alice, &format!("{0}\r\n{HEADER}: {0}", scene.gitlab.url()));
    let reply = twice.alone("tools/list", json!({})).await;
    assert_eq!(
        (reply.status, &*reason(&reply)),
        (400, "duplicate_credential")
    );
    assert_eq!((scene.asked(), other.log().count()), (0, 0));
    assert_eq!(scene.names.asked(), [""; 0]);
    assert_eq!(scene.gitlab.log().all().by(&token).count(), 0);
    assert_eq!(alice.whoami().await, "alice");
}

#[tokio::test]
async fn an_allowed_host_may_be_written_in_capitals_and_with_a_dot() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let port = gitlab.address().port();
    let named = format!("http://gitlab.test:{port}");
    let scene = Scene::on(
        gitlab,
        &[
            DYNAMIC,
            ("GITLAB_ALLOWED_HOSTS", &named),
            ("GITLAB_INTERNAL_HOSTS", "gitlab.test,127.0.0.1"),
        ],
    )
    .await;
    scene.names.set("gitlab.test", &["127.0.0.1"]);
    let (alice, _) = scene.person("alice");
    for url in [
        format!("http://gitlab.test:{port}"),
        format!("HTTP://GITLAB.TEST:{port}/api/v4"),
        format!("http://GitLab.Test.:{port}"),
    ] {
        let session = naming(&alice, &url).opened().await;
        assert_eq!(session.whoami().await, "alice", "{url}");
        assert_eq!(place(&session).await, *named, "{url}");
    }
    assert!(scene.names.asked().iter().all(|name| name == "gitlab.test"));
}

#[tokio::test]
async fn a_url_list_allows_all_of_its_hosts_and_the_first_is_the_default() {
    let other = second().await;
    let first = MockGitlab::builder().start().await.unwrap();
    let urls = format!("{},{}", first.url(), other.url());
    let scene = Scene::on(first, &[DYNAMIC, ("GITLAB_API_URL", &urls)]).await;
    let (alice, _) = scene.person("alice");
    assert_eq!(place(&alice).await, scene.gitlab.url());
    let token = other.user("bob").pat(&["api"]);
    let bob = naming(&scene.caller(&[("Private-Token", &token)]), other.url());
    assert_eq!(place(&bob).await, other.url());
}

#[tokio::test]
async fn without_the_feature_the_header_is_ignored() {
    let other = second().await;
    let scene = Scene::with(&[("GITLAB_ALLOWED_HOSTS", other.url())]).await;
    let (alice, _) = scene.person("alice");
    for url in [other.url(), "https://evil.example", "nonsense"] {
        let session = naming(&alice, url).opened().await;
        assert_eq!(place(&session).await, scene.gitlab.url(), "{url}");
        assert_eq!(
            place(&session.with_headers_of(&alice)).await,
            scene.gitlab.url()
        );
    }
    assert_eq!(other.log().count(), 0);
    assert_eq!(scene.names.asked(), [""; 0]);
}

#[tokio::test]
async fn an_allowed_name_with_a_private_address_is_not_connected_to() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let port = gitlab.address().port();
    let allowed = format!("http://open.test:{port},http://internal.test:{port}");
    let scene = Scene::on(
        gitlab,
        &[
            DYNAMIC,
            ("GITLAB_ALLOWED_HOSTS", &allowed),
            ("GITLAB_INTERNAL_HOSTS", "internal.test,127.0.0.1"),
        ],
    )
    .await;
    scene.names.set("internal.test", &["127.0.0.1"]);
    let (alice, _) = scene.person("alice");
    let open = naming(&alice, &format!("http://open.test:{port}"));
    for addresses in [
        &["127.0.0.1"][..],
        &["10.0.0.5"],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["8.8.8.8", "127.0.0.1"],
    ] {
        scene.names.set("open.test", addresses);
        let reply = open.alone("tools/list", json!({})).await;
        assert_eq!(reply.status, 403, "{addresses:?}: {reply:?}");
        let message = reply.message()["error"]["message"].to_string();
        for part in ["not allowed", "GITLAB_INTERNAL_HOSTS"] {
            assert!(message.contains(part), "{addresses:?}: {message}");
        }
        for address in addresses {
            assert!(!message.contains(address), "{message}");
        }
    }
    assert_eq!(scene.asked(), 0);
    let internal = naming(&alice, &format!("http://internal.test:{port}"));
    assert_eq!(internal.whoami().await, "alice");
    assert_eq!(error_of(&alice.bare("GET").await).1, "");
}

#[tokio::test]
async fn a_name_that_moves_to_a_private_address_is_judged_again() {
    let gitlab = MockGitlab::builder().start().await.unwrap();
    let port = gitlab.address().port();
    let allowed = format!("http://moves.test:{port}");
    let scene = Scene::on(gitlab, &[DYNAMIC, ("GITLAB_ALLOWED_HOSTS", &allowed)]).await;
    let (alice, _) = scene.person("alice");
    let alice = naming(&alice, &allowed);
    // Nobody answers under the first name: what was a lookup failure becomes a refusal.
    assert_eq!(alice.alone("tools/list", json!({})).await.status, 401);
    scene.names.set("moves.test", &["127.0.0.1"]);
    assert_eq!(alice.alone("tools/list", json!({})).await.status, 403);
    assert_eq!(scene.names.asked(), ["moves.test", "moves.test"]);
    assert_eq!(scene.asked(), 0);
}
