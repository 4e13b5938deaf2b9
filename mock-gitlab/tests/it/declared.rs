//! What every small resource of a project has in common: who reads and writes it, what
//! is missing, what is taken, and that deleting deletes.

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;

/// Path below a project, the body of a new one, the part of the path that names it, and a
/// change.
struct Case {
    path: &'static str,
    new: Value,
    key: &'static str,
    required: &'static str,
    change: Option<Value>,
}

fn case(
    path: &'static str,
    new: Value,
    key: &'static str,
    required: &'static str,
    change: Option<Value>,
) -> Case {
    Case {
        path,
        new,
        key,
        required,
        change,
    }
}

/// All of them for maintainers alone.
fn cases() -> Vec<Case> {
    let url = "https://elsewhere.example/hook";
    vec![
        case(
            "hooks",
            json!({"url": url}),
            "id",
            "url",
            Some(json!({"note_events": true})),
        ),
        case(
            "remote_mirrors",
            json!({"url": "https://elsewhere.example/box.git"}),
            "id",
            "url",
            Some(json!({"enabled": true})),
        ),
        case(
            "protected_tags",
            json!({"name": "v*"}),
            "name",
            "name",
            None,
        ),
        case(
            "triggers",
            json!({"description": "nightly"}),
            "id",
            "description",
            Some(json!({"description": "weekly"})),
        ),
        case(
            "pages/domains",
            json!({"domain": "box.example"}),
            "domain",
            "domain",
            Some(json!({"auto_ssl_enabled": true})),
        ),
        case(
            "external_status_checks",
            json!({"name": "tuned", "external_url": url}),
            "id",
            "name",
            Some(json!({"name": "well tuned"})),
        ),
        case(
            "variables",
            json!({"key": "TUNE", "value": "lullaby"}),
            "key",
            "key",
            Some(json!({"value": "march"})),
        ),
        case(
            "protected_environments",
            json!({"name": "production", "deploy_access_levels": [{"access_level": 40}]}),
            "name",
            "name",
            Some(json!({"required_approval_count": 1})),
        ),
    ]
}

#[tokio::test]
async fn small_resources_are_for_maintainers() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let bob = Client::of(&gl, "bob");
    for Case {
        path,
        new,
        key,
        change,
        ..
    } in cases()
    {
        let all = format!("/projects/1/{path}");
        Client::anonymous(&gl)
            .post(&all, new.clone())
            .await
            .expect(401);
        bob.post(&all, new.clone()).await.expect(403);
        bob.get(&all).await.expect(403);
        let made = alice.post(&all, new).await.expect(201).json();
        let name = match &made[key] {
            Value::String(text) => text.replace('*', "%2A"),
            other => other.to_string(),
        };
        let one = format!("{all}/{name}");
        alice.get(&one).await.expect(200);
        assert_eq!(
            alice.get(&all).await.expect(200).json()[0][key],
            made[key],
            "{path}"
        );
        if let Some(change) = change {
            bob.put(&one, change.clone()).await.expect(403);
            let changed = alice.put(&one, change.clone()).await.expect(200).json();
            let (field, value) = change.as_object().unwrap().iter().next().unwrap();
            assert_eq!(&changed[field], value, "{path}");
        }
        bob.delete(&one).await.expect(403);
        alice.delete(&one).await.expect(204);
        alice.get(&one).await.expect(404);
        assert_eq!(alice.get(&all).await.json(), json!([]), "{path}");
    }
}

#[tokio::test]
async fn what_is_required_is_named_and_what_is_taken_is_refused() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for Case {
        path,
        mut new,
        key,
        required,
        ..
    } in cases()
    {
        let all = format!("/projects/1/{path}");
        let mut without = new.clone();
        without.as_object_mut().unwrap().remove(required);
        let refusal = alice.post(&all, without).await.expect(400).json();
        assert_eq!(
            refusal,
            json!({"error": format!("{required} is missing")}),
            "{path}"
        );
        alice.post(&all, new.clone()).await.expect(201);
        if matches!(key, "name" | "domain" | "key") {
            let twice = alice.post(&all, new.clone()).await.expect(400).json();
            assert!(
                twice["message"][key][0]
                    .as_str()
                    .unwrap()
                    .ends_with("already been taken")
            );
        }
        // Another project has a name space of its own, except for domains.
        if path != "pages/domains" {
            new[required] = new[required].clone();
            alice
                .post(&format!("/projects/2/{path}"), new)
                .await
                .expect(201);
        }
    }
}

#[tokio::test]
async fn what_may_not_be_seen_is_not_there() {
    let gl = company().await;
    let private = "/users/alice/projects?visibility=private";
    let own = Client::of(&gl, "alice")
        .get(private)
        .await
        .expect(200)
        .json();
    let place = format!("/projects/{}", own[0]["id"]);
    let carol = Client::of(&gl, "carol");
    let refusal = carol.get(&place).await.expect(404);
    assert_eq!(refusal.json(), json!({"message": "404 Project Not Found"}));
    for Case { path, new, .. } in cases() {
        let all = format!("{place}/{path}");
        carol.get(&all).await.expect(404);
        carol.post(&all, new).await.expect(404);
    }
}

#[tokio::test]
async fn secrets_go_in_and_do_not_come_out() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let hook = json!({
        "url": "https://elsewhere.example", "token": "wind-me-up",
        "custom_headers": [{"key": "X-Key", "value": "wind-me-up"}],
    });
    let made = alice.post("/projects/1/hooks", hook).await.expect(201);
    assert!(!made.text().contains("wind-me-up"));
    assert_eq!(made.json()["custom_headers"], json!([{"key": "X-Key"}]));
    let mirror = json!({"url": "https://robot:wind-me-up@elsewhere.example/a.git"});
    let made = alice
        .post("/projects/1/remote_mirrors", mirror)
        .await
        .expect(201);
    assert_eq!(
        made.json()["url"],
        "https://*****:*****@elsewhere.example/a.git"
    );
    let asana = json!({"api_key": "wind-me-up"});
    let made = alice
        .put("/projects/1/integrations/asana", asana)
        .await
        .expect(200);
    assert!(!made.text().contains("wind-me-up"));
    assert_eq!(
        alice.get("/projects/1/services/asana").await.json()["active"],
        true
    );
    alice
        .put(
            "/projects/1/integrations/jira",
            json!({"url": "https://j.example"}),
        )
        .await
        .expect(400);
    alice
        .put("/projects/1/integrations/abacus", json!({}))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_hook_is_tested_without_leaving_the_house() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for url in ["ftp://x", "https://", "nonsense", "http:// a"] {
        let refusal = alice.post("/projects/1/hooks", json!({"url": url})).await;
        assert_eq!(
            refusal.expect(422).json(),
            json!({"message": "Invalid url given"})
        );
    }
    let hook = json!({"url": "https://elsewhere.example"});
    let id = alice.post("/projects/1/hooks", hook).await.json()["id"].to_string();
    let one = format!("/projects/1/hooks/{id}");
    alice
        .post(&format!("{one}/test/push_events"), json!({}))
        .await
        .expect(201);
    alice
        .post(&format!("{one}/test/rain_events"), json!({}))
        .await
        .expect(400);
    let events = alice.get(&format!("{one}/events")).await.expect(200).json();
    assert_eq!(events[0]["trigger"], "push_events");
    alice.delete(&one).await.expect(204);
    alice.get(&format!("{one}/events")).await.expect(404);
}
