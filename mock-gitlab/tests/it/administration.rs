//! What belongs to the instance: settings, messages, hooks, flags, topics, templates, licence.

use serde_json::{Value, json};

use crate::client::Client;
use crate::company;
use mock_gitlab::{MockGitlab, Plan, World};

#[tokio::test]
async fn the_instance_is_for_administrators() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    for path in [
        "/application/settings",
        "/application/appearance",
        "/application/plan_limits",
        "/application/statistics",
        "/admin/ci/variables",
        "/hooks",
        "/features",
        "/sidekiq/compound_metrics",
        "/user/activities",
        "/deploy_keys",
        "/deploy_tokens",
        "/runners/all",
        "/license",
        "/member_roles",
        "/service_accounts",
    ] {
        Client::anonymous(&gl).get(path).await.expect(401);
        bob.get(path).await.expect(403);
        root.get(path).await.expect(200);
    }
}

#[tokio::test]
async fn settings_keep_the_type_of_their_default() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let path = "/application/settings";
    let set = json!({"default_projects_limit": "42", "signup_enabled": "no",
                     "domain_allowlist": "a.example,b.example", "unheard_of": 1});
    let set = root.put(path, set).await.expect(200).json();
    assert_eq!(set["default_projects_limit"], 42);
    assert_eq!(set["signup_enabled"], false);
    assert_eq!(set["domain_allowlist"], json!(["a.example", "b.example"]));
    assert_eq!(set.get("unheard_of"), None);
    for wrong in [
        json!({"default_projects_limit": "many"}),
        json!({"default_projects_limit": -1}),
        json!({"signup_enabled": "perhaps"}),
        json!({"default_group_visibility": "secret"}),
    ] {
        root.put(path, wrong).await.expect(400);
    }
    assert_eq!(root.get(path).await.json()["default_projects_limit"], 42);
    root.put(path, json!({"default_group_visibility": "internal"}))
        .await
        .expect(200);
    let new = json!({"name": "Choir", "path": "choir"});
    let made = root.post("/groups", new).await.expect(201).json();
    assert_eq!(made["visibility"], "internal");
}

#[tokio::test]
async fn a_throttle_holds_until_its_period_is_over() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let on = json!({"throttle_authenticated_api_enabled": true,
                    "throttle_authenticated_api_requests_per_period": 2,
                    "throttle_authenticated_api_period_in_seconds": 10});
    root.put("/application/settings", on).await.expect(200);
    bob.get("/user").await.expect(200);
    bob.get("/user").await.expect(200);
    let refused = bob.get("/user").await.expect(429);
    assert_eq!(refused.text(), "Retry later\n");
    assert_eq!(refused.header("ratelimit-limit"), Some("2"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    Client::anonymous(&gl).get("/projects").await.expect(200);
    gl.clock().advance(std::time::Duration::from_secs(wait));
    bob.get("/user").await.expect(200);
}

#[tokio::test]
async fn a_broadcast_message_is_active_for_its_time() {
    let gl = company().await;
    let (root, bob) = (Client::of(&gl, "root"), Client::of(&gl, "bob"));
    let path = "/broadcast_messages";
    bob.post(path, json!({"message": "Tea"})).await.expect(403);
    root.post(path, json!({})).await.expect(400);
    root.post(path, json!({"message": "Tea", "color": "reddish"}))
        .await
        .expect(400);
    let made = root
        .post(path, json!({"message": "Tea"}))
        .await
        .expect(201)
        .json();
    assert_eq!(made["active"], true);
    let one = format!("{path}/{}", made["id"]);
    root.put(&one, json!({"color": "#444"})).await.expect(200);
    gl.clock().advance(std::time::Duration::from_hours(2));
    let seen = Client::anonymous(&gl).get(&one).await.expect(200).json();
    assert_eq!(
        (seen["active"].clone(), seen["color"].clone()),
        (json!(false), json!("#444"))
    );
    root.delete(&one).await.expect(204);
    root.get(&one).await.expect(404);
}

#[tokio::test]
async fn instance_variables_are_checked() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let path = "/admin/ci/variables";
    root.post(path, json!({"key": "A-B", "value": "x"}))
        .await
        .expect(400);
    root.post(path, json!({"key": "KEY"})).await.expect(400);
    root.post(
        path,
        json!({"key": "KEY", "value": "short", "masked": true}),
    )
    .await
    .expect(400);
    root.post(
        path,
        json!({"key": "KEY", "value": "x", "variable_type": "scroll"}),
    )
    .await
    .expect(400);
    root.post(
        path,
        json!({"key": "KEY", "value": "long-enough", "masked": true}),
    )
    .await
    .expect(201);
    root.post(path, json!({"key": "KEY", "value": "x"}))
        .await
        .expect(400);
    root.put(&format!("{path}/KEY"), json!({"value": "another-one"}))
        .await
        .expect(200);
    let seen = root.get(&format!("{path}/KEY")).await.expect(200).json();
    assert_eq!(
        (seen["value"].clone(), seen.get("id")),
        (json!("another-one"), None)
    );
    root.delete(&format!("{path}/KEY")).await.expect(204);
    root.get(&format!("{path}/KEY")).await.expect(404);
}

#[tokio::test]
async fn a_flag_opens_for_all_for_some_or_for_none() {
    let gl = company().await;
    let root = Client::of(&gl, "root");
    let state = |body: Value| {
        let root = &root;
        async move {
            let set = root
                .post("/features/springs", body)
                .await
                .expect(201)
                .json();
            set["state"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(state(json!({"value": true})).await, "on");
    assert_eq!(state(json!({"value": false})).await, "off");
    assert_eq!(state(json!({"value": 25})).await, "conditional");
    assert_eq!(
        state(json!({"value": true, "user": "bob"})).await,
        "conditional"
    );
    root.post("/features/springs", json!({})).await.expect(400);
    root.post(
        "/features/springs",
        json!({"value": true, "user": "nobody"}),
    )
    .await
    .expect(400);
    root.delete("/features/springs").await.expect(204);
    assert_eq!(root.get("/features").await.json(), json!([]));
}

#[tokio::test]
async fn topics_are_merged_with_their_projects() {
    let gl = company().await;
    let (root, alice) = (Client::of(&gl, "root"), Client::of(&gl, "alice"));
    let new = |name: &str| json!({"name": name, "title": name});
    alice.post("/topics", new("combs")).await.expect(403);
    root.post("/topics", json!({"name": "combs"}))
        .await
        .expect(400);
    let combs = root.post("/topics", new("combs")).await.expect(201).json();
    let teeth = root.post("/topics", new("teeth")).await.expect(201).json();
    root.post("/topics", new("Teeth")).await.expect(400);
    let project = "/projects/larkspur%2Fmusic-box";
    alice
        .put(project, json!({"topics": ["combs", "springs"]}))
        .await
        .expect(200);
    let seen = alice.get(&format!("/topics/{}", combs["id"])).await.json();
    assert_eq!(seen["total_projects_count"], 1);
    let same = json!({"source_topic_id": combs["id"], "target_topic_id": combs["id"]});
    root.post("/topics/merge", same).await.expect(400);
    let merge = json!({"source_topic_id": combs["id"], "target_topic_id": teeth["id"]});
    let merged = root.post("/topics/merge", merge).await.expect(201).json();
    assert_eq!(
        (merged["id"].clone(), merged["total_projects_count"].clone()),
        (teeth["id"].clone(), json!(1))
    );
    root.get(&format!("/topics/{}", combs["id"]))
        .await
        .expect(404);
    assert_eq!(
        alice.get(project).await.json()["topics"],
        json!(["springs", "teeth"])
    );
}

#[tokio::test]
async fn an_instance_without_a_licence_has_none_to_show() {
    for (plan, status) in [
        (Plan::None, 404),
        (Plan::Premium, 200),
        (Plan::Ultimate, 200),
    ] {
        let gl = MockGitlab::builder()
            .world(World::empty())
            .plan(plan)
            .start()
            .await
            .unwrap();
        let reply = Client::of(&gl, "root").get("/license").await.expect(status);
        assert!(status == 404 || reply.json()["plan"] == plan.name());
    }
}

#[tokio::test]
async fn templates_are_filled_in() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    for (kind, key) in [
        ("dockerfiles", "Node"),
        ("gitignores", "Rust"),
        ("gitlab_ci_ymls", "Nodejs"),
    ] {
        let all = bob
            .get(&format!("/templates/{kind}?per_page=100"))
            .await
            .expect(200);
        assert!(
            all.json()
                .as_array()
                .unwrap()
                .iter()
                .any(|row| row["key"] == key)
        );
        let one = bob
            .get(&format!("/templates/{kind}/{key}"))
            .await
            .expect(200)
            .json();
        assert!(!one["content"].as_str().unwrap().is_empty());
        bob.get(&format!("/templates/{kind}/Abacus"))
            .await
            .expect(404);
    }
    let mit = bob
        .get("/templates/licenses/mit?fullname=Larkspur")
        .await
        .expect(200)
        .json();
    assert!(mit["content"].as_str().unwrap().contains("2026 Larkspur"));
}

#[tokio::test]
async fn markdown_does_not_carry_tags_through() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let text = json!({"text": "**tick** <script>alert(1)</script>"});
    let html = bob.post("/markdown", text).await.expect(201).json();
    let html = html["html"].as_str().unwrap();
    assert!(
        html.contains("<strong>tick</strong>") && !html.contains("<script"),
        "{html}"
    );
    let hidden = json!({"text": "x", "project": "alice/sketches"});
    Client::of(&gl, "carol")
        .post("/markdown", hidden)
        .await
        .expect(404);
    Client::anonymous(&gl)
        .post("/markdown", json!({"text": "x"}))
        .await
        .expect(401);
}

#[tokio::test]
async fn notification_settings_stand_for_one_user_and_place() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let group = "/groups/larkspur/notification_settings";
    assert_eq!(
        bob.get(group).await.expect(200).json(),
        json!({"level": "global"})
    );
    bob.put(group, json!({"level": "loud"})).await.expect(400);
    let set = json!({"level": "custom", "new_note": true});
    let set = bob.put(group, set).await.expect(200).json();
    assert_eq!(set["events"]["new_note"], true);
    let own = bob.get("/notification_settings").await.expect(200).json();
    assert_eq!(own["level"], "participating");
    bob.put("/notification_settings", json!({"level": "global"}))
        .await
        .expect(400);
    let other = Client::of(&gl, "carol").get(group).await.expect(200).json();
    assert_eq!(other, json!({"level": "global"}));
}
