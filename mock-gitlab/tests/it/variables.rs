//! CI/CD variables: scopes, masks and who sees them.

use serde_json::json;

use crate::client::Client;
use crate::company;

#[tokio::test]
async fn one_key_may_stand_in_several_scopes() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let all = "/projects/1/variables";
    for scope in ["*", "production"] {
        let new = json!({"key": "KEY", "value": scope, "environment_scope": scope});
        alice.post(all, new).await.expect(201);
    }
    alice.get(&format!("{all}/KEY")).await.expect(409);
    alice.delete(&format!("{all}/KEY")).await.expect(409);
    let filter = "filter[environment_scope]=production";
    let one = format!("{all}/KEY?{filter}");
    assert_eq!(
        alice.get(&one).await.expect(200).json()["value"],
        "production"
    );
    alice
        .get(&format!("{all}/KEY?filter[environment_scope]=staging"))
        .await
        .expect(404);
    alice.delete(&one).await.expect(204);
    assert_eq!(
        alice.get(&format!("{all}/KEY")).await.expect(200).json()["value"],
        "*"
    );
}

#[tokio::test]
async fn a_mask_needs_a_value_that_can_be_masked() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    for (value, status) in [
        ("short", 400),
        ("two words here", 400),
        ("long-enough-1", 201),
    ] {
        let new =
            json!({"key": format!("K{status}_{}", value.len()), "value": value, "masked": true});
        alice
            .post("/projects/1/variables", new)
            .await
            .expect(status);
    }
    let bad = json!({"key": "with space", "value": "x"});
    let refusal = alice
        .post("/projects/1/variables", bad)
        .await
        .expect(400)
        .json();
    assert!(
        refusal["message"]["key"][0]
            .as_str()
            .unwrap()
            .starts_with("can contain only")
    );
}

#[tokio::test]
async fn hidden_values_stay_hidden() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let new = json!({"key": "HID", "value": "wind-me-up", "masked_and_hidden": true});
    let made = alice.post("/projects/1/variables", new).await.expect(201);
    assert_eq!(made.json()["hidden"], true);
    for path in ["/projects/1/variables", "/projects/1/variables/HID"] {
        assert!(
            !alice
                .get(path)
                .await
                .expect(200)
                .text()
                .contains("wind-me-up")
        );
    }
}

#[tokio::test]
async fn those_of_groups_are_for_owners() {
    let gl = company().await;
    let new = json!({"key": "GROUP", "value": "x"});
    let all = "/groups/larkspur/variables";
    Client::of(&gl, "bob")
        .post(all, new.clone())
        .await
        .expect(403);
    Client::anonymous(&gl).get(all).await.expect(401);
    let root = Client::of(&gl, "root");
    root.post(all, new).await.expect(201);
    assert_eq!(root.get(all).await.expect(200).json()[0]["key"], "GROUP");
}
