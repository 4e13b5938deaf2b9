//! What GraphQL refuses, and how it says so.

use serde_json::{Value, json};

use super::{data, message, send};
use crate::client::Client;
use crate::company;

#[tokio::test]
async fn an_unknown_token_is_401() {
    let gl = company().await;
    let stranger = Client::anonymous(&gl).with("PRIVATE-TOKEN", "glpat-nobody-knows-this0");
    let reply = send(&stranger, "{ currentUser { id } }", json!({})).await;
    assert_eq!(
        reply.expect(401).json(),
        json!({ "errors": [{ "message": "Invalid token" }] })
    );
    let narrow = gl.user("bob").pat(&["read_user"]);
    let narrow = Client::anonymous(&gl).with("Authorization", &format!("Bearer {narrow}"));
    send(&narrow, "{ currentUser { id } }", json!({}))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_reading_token_reads_and_changes_nothing() {
    let gl = company().await;
    let token = gl.user("alice").pat(&["read_api"]);
    let reader = Client::anonymous(&gl).with("PRIVATE-TOKEN", &token);
    data(send(&reader, "{ currentUser { id } }", json!({})).await);
    let id = gl.edit(|world| world.issue(1, 3).unwrap().id);
    let note = "mutation note($id: NoteableID!) { createNote(input: { noteableId: $id, body: \"Tick\" }) { errors note { body } } }";
    let id = json!({ "id": format!("gid://gitlab/Issue/{id}") });
    let refused = send(&reader, note, id.clone()).await.expect(200);
    assert!(message(refused).starts_with("The resource that you are attempting to access"));
    let writer = Client::of(&gl, "alice");
    let made = data(send(&writer, note, id).await);
    assert_eq!(made["createNote"]["note"]["body"], "Tick");
}

#[tokio::test]
async fn complexity_and_depth_have_limits() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let fields = "nodes { iid title description author { username name webUrl } labels { nodes { title color } } }";
    let wide = format!(
        "{{ project(fullPath: \"larkspur/music-box\") {{ {} }} }}",
        (0..9)
            .map(|at| format!("a{at}: issues(first: 100) {{ {fields} }}"))
            .collect::<Vec<_>>()
            .concat()
    );
    let text = message(send(&bob, &wide, json!({})).await.expect(200));
    assert!(
        text.contains("which exceeds max complexity of 250"),
        "{text}"
    );
    let text = message(
        send(&Client::anonymous(&gl), &wide, json!({}))
            .await
            .expect(200),
    );
    assert!(text.contains("max complexity of 200"), "{text}");
    let deep = format!(
        "{{ group(fullPath: \"larkspur\") {{ {} id {} }} }}",
        "parent { ".repeat(25),
        "}".repeat(25)
    );
    let text = message(send(&bob, &deep, json!({})).await.expect(200));
    assert!(text.contains("which exceeds max depth of 20"), "{text}");
    // The same with less of everything passes.
    let few = format!(
        "{{ project(fullPath: \"larkspur/music-box\") {{ issues(first: 5) {{ {fields} }} }} }}"
    );
    data(send(&bob, &few, json!({})).await);
}

#[tokio::test]
async fn fragments_that_double_are_weighed_and_refused() {
    let gl = company().await;
    let mut query = "{ project(fullPath: \"larkspur/music-box\") { ...f0 } }".to_owned();
    for at in 0..60 {
        let more = format!(
            " fragment f{at} on Project {{ a{at}: group {{ id }} ...f{} ...f{} }}",
            at + 1,
            at + 1
        );
        query.push_str(&more);
    }
    query.push_str(" fragment f60 on Project { name }");
    let text = message(
        send(&Client::of(&gl, "bob"), &query, json!({}))
            .await
            .expect(200),
    );
    assert!(text.contains("complexity"), "{text}");
    let circle = "{ project(fullPath: \"x\") { ...a } } fragment a on Project { ...b } fragment b on Project { ...a }";
    message(
        send(&Client::of(&gl, "bob"), circle, json!({}))
            .await
            .expect(200),
    );
}

#[tokio::test]
async fn an_unknown_field_is_named_as_gitlab_names_it() {
    let gl = company().await;
    let reply = send(
        &Client::of(&gl, "bob"),
        "{ currentUser { shoeSize } }",
        json!({}),
    )
    .await;
    let body = reply.expect(200).json();
    assert_eq!(
        body["errors"][0]["message"],
        "Field 'shoeSize' doesn't exist on type 'CurrentUser'"
    );
    assert_eq!(body["errors"][0]["extensions"]["code"], "undefinedField");
    assert_eq!(body.get("data"), None);
}

#[tokio::test]
async fn odd_requests_get_an_answer() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let long = format!("{{ echo(text: \"{}\") }}", "x".repeat(10_001));
    for (body, status, word) in [
        ("{".to_owned(), 400, "parsing"),
        ("{}".to_owned(), 200, "Unexpected end of document"),
        (
            json!({ "query": "{ echo(" }).to_string(),
            200,
            "Parse error",
        ),
        (json!({ "query": long }).to_string(), 422, "too large"),
        (
            json!({ "query": "{ echo }", "variables": [1] }).to_string(),
            422,
            "Variables",
        ),
        (
            json!({ "query": "subscription { x }" }).to_string(),
            200,
            "",
        ),
        (
            json!({ "query": "query a { echo(text: \"a\") } query b { echo(text: \"b\") }" })
                .to_string(),
            200,
            "",
        ),
        (
            Value::Array(vec![json!({ "query": "{ echo(text: \"a\") }" }); 21]).to_string(),
            422,
            "many",
        ),
    ] {
        let reply = bob
            .raw("POST", "/api/graphql", "application/json", &body)
            .await
            .unwrap();
        let short: String = body.chars().take(60).collect();
        assert_eq!(reply.status, status, "{short}");
        let text = message(reply);
        assert!(text.contains(word), "{short}: {text}");
    }
}

#[tokio::test]
async fn several_queries_in_one_request_and_a_query_by_get() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let two = json!([{ "query": "{ echo(text: \"a\") }" }, { "query": "{ echo(text: \"b\") }" }])
        .to_string();
    let reply = bob
        .raw("POST", "/api/graphql", "application/json", &two)
        .await
        .unwrap();
    assert_eq!(
        reply.expect(200).json()[1]["data"]["echo"],
        "\"bob\" says: b"
    );
    let get = "/api/graphql?query=%7B%20echo(text%3A%20%22c%22)%20%7D";
    let reply = bob.raw("GET", get, "", "").await.unwrap();
    assert_eq!(reply.expect(200).json()["data"]["echo"], "\"bob\" says: c");
    let mutation = "/api/graphql?query=mutation%20%7B%20echoCreate(input%3A%20%7B%7D)%20%7B%20errors%20%7D%20%7D";
    let reply = bob.raw("GET", mutation, "", "").await.unwrap();
    assert!(message(reply.expect(422)).contains("GET"));
}
