//! A hundred people at once, all with the same request ids: nobody sees anything of anybody else.

use std::time::Duration;

use mock_gitlab::world::{Namespace, NewProject, Token, User, Visibility};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Person, Scene};

const PEOPLE: u64 = 100;
const CALLS: u64 = 100;

/// Makes somebody with a project that nobody else can see; the token is returned.
fn settle(scene: &Scene, number: u64) -> String {
    let now = scene.gitlab.clock().now();
    scene.gitlab.edit(|world| {
        let like = world.find_user("alice").cloned().unwrap();
        let (id, namespace_id) = (world.next_id("user"), world.next_id("namespace"));
        let username = format!("person{number}");
        let user = User {
            id,
            namespace_id,
            username: username.clone(),
            name: format!("Person {number}"),
            email: format!("{username}@larkspur.example"),
            ..like
        };
        world.users.insert(id, user);
        let project = NewProject {
            name: "Diary",
            path: "diary",
            namespace: Namespace::User(id),
            description: &username,
            visibility: Visibility::Private,
        };
        world.add_project(project, id, now);
        let value = world.ids.personal_access_token();
        let token_id = world.next_id("personal token");
        let token = Token::personal(token_id, id, "crowd", &["api"], now);
        world.tokens.insert(value.clone(), token);
        value
    })
}

/// Ninety reads and ten writes; what came back that was not this person's own.
async fn live(person: Person, number: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = format!("person{number}");
    for call in 0..CALLS {
        // Calls of one person alternate with those of all others at every turn.
        tokio::task::yield_now().await;
        let marker = format!("{own}-{call}-marker");
        let writes = call % 10 == 0;
        let (tool, arguments) = if writes {
            ("create_issue", json!({ "project_id": 1, "title": marker }))
        } else {
            (
                "get_project",
                json!({ "project_id": format!("{own}/diary") }),
            )
        };
        let body = json!({
            "jsonrpc": "2.0", "id": call, "method": "tools/call",
            "params": { "name": tool, "arguments": arguments },
        });
        let reply = person.post(&body).await;
        let message = reply.message();
        let item = &message["result"]["structuredContent"]["item"];
        let fits = if writes {
            item["title"] == marker.as_str() && item["author"]["username"] == own.as_str()
        } else {
            item["path_with_namespace"] == format!("{own}/diary")
        };
        if !fits || message["id"] != call || others(&reply.body, &own) {
            wrong.push(format!("{marker}: {reply:?}"));
        }
    }
    wrong
}

/// True when `text` names a person of the crowd other than `own`.
fn others(text: &str, own: &str) -> bool {
    let mut names = text.match_indices("person").map(|(at, _)| {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    });
    names.any(|name| {
        name != own && name.len() > "person".len() && name.ends_with(|c: char| c.is_ascii_digit())
    })
}

/// Threads whose log lines nobody keeps: ten thousand calls would fill the memory with them.
fn quiet() -> tokio::runtime::Runtime {
    let silence = || tracing_subscriber::registry().with(LevelFilter::OFF);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || std::mem::forget(silence().set_default()))
        .build()
        .unwrap()
}

#[test]
fn a_hundred_people_with_equal_ids_see_only_themselves() {
    let crowd = async { tokio::spawn(meet()).await };
    quiet().block_on(crowd).unwrap();
}

async fn meet() {
    let scene = Scene::with(&[("GITLAB_TOOLSETS", "projects,issues")]).await;
    let mut crowd = JoinSet::new();
    let mut tokens = Vec::new();
    for number in 0..PEOPLE {
        let token = settle(&scene, number);
        let bearer = format!("Bearer {token}");
        let header = match number % 2 {
            0 => ("Private-Token", token.as_str()),
            _ => ("Authorization", bearer.as_str()),
        };
        let person = scene.caller(&[header]).opened().await;
        crowd.spawn(live(person, number));
        tokens.push(token);
    }
    let all = tokio::time::timeout(Duration::from_mins(4), crowd.join_all());
    let wrong: Vec<String> = all.await.unwrap().into_iter().flatten().collect();
    assert!(
        wrong.is_empty(),
        "{} mixed up, first {}",
        wrong.len(),
        wrong[0]
    );

    // What GitLab saw agrees: each write was made with the token of the one it names.
    let written = scene.gitlab.log().of("POST /api/v4/projects/*/issues");
    assert_eq!(written.count() as u64, PEOPLE * CALLS / 10);
    for record in &written {
        let title: Value = record.json()["title"].clone();
        let title = title.as_str().unwrap().to_owned();
        let author = record.who.user.clone().unwrap();
        assert!(
            title.starts_with(&format!("{author}-")),
            "{author}: {title}"
        );
    }
    assert!(scene.gitlab.log().of("GET /api/v4/projects/*").count() as u64 >= PEOPLE * 90);
    let questions = scene.gitlab.log().of("GET /api/v4/user");
    assert_eq!(
        questions.count() as u64,
        PEOPLE,
        "each token is asked about once"
    );
    for token in &tokens {
        assert_eq!(questions.clone().by(token).count(), 1);
    }
}
