//! Work items: issues seen through widgets.

use mock_gitlab::MockGitlab;
use serde_json::{Value, json};

use super::{data, message, send};
use crate::client::Client;
use crate::company;

const READ: &str = "query one($path: ID!, $iid: String!) { namespace(fullPath: $path) { workItem(iid: $iid) { id iid title state \
    workItemType { name } reference(full: true) widgets { type ... on WorkItemWidgetDescription { description } \
    ... on WorkItemWidgetAssignees { assignees { nodes { username } } } ... on WorkItemWidgetLabels { labels { nodes { title } } } \
    ... on WorkItemWidgetHierarchy { hasChildren parent { iid } children { nodes { iid title } } } \
    ... on WorkItemWidgetLinkedItems { linkedItems { nodes { linkType workItem { iid } } } } \
    ... on WorkItemWidgetStartAndDueDate { startDate dueDate } ... on WorkItemWidgetHealthStatus { healthStatus } \
    ... on WorkItemWidgetStatus { status { name } } ... on WorkItemWidgetWeight { weight } \
    ... on WorkItemWidgetNotes { discussions(sort: CREATED_ASC) { nodes { id notes { nodes { body author { username } } } } } } } } } }";

async fn read(client: &Client<'_>, iid: &Value) -> Value {
    let variables = json!({ "path": "larkspur/music-box", "iid": iid });
    let mut found = data(send(client, READ, variables).await);
    found["namespace"]["workItem"].take()
}

fn widget<'a>(item: &'a Value, kind: &str) -> &'a Value {
    let widgets = item["widgets"].as_array().unwrap();
    widgets
        .iter()
        .find(|widget| widget["type"] == kind)
        .unwrap()
}

fn gid(gl: &MockGitlab, iid: u64) -> String {
    let id = gl.edit(|world| world.issue(1, iid).unwrap().id);
    format!("gid://gitlab/WorkItem/{id}")
}

async fn create(client: &Client<'_>, more: Value) -> Value {
    let query = "mutation make($input: WorkItemCreateInput!) { workItemCreate(input: $input) { errors workItem { id iid } } }";
    let mut input = json!({
        "namespacePath": "larkspur/music-box",
        "title": "Oil the governor",
        "workItemTypeId": "gid://gitlab/WorkItems::Type/5",
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut input, more) {
        all.extend(more);
    }
    let mut made = data(send(client, query, json!({ "input": input })).await);
    assert_eq!(made["workItemCreate"]["errors"], json!([]), "{made}");
    made["workItemCreate"]["workItem"].take()
}

async fn update(client: &Client<'_>, input: Value) -> Value {
    let query = "mutation change($input: WorkItemUpdateInput!) { workItemUpdate(input: $input) { errors workItem { iid state } } }";
    let mut done = data(send(client, query, json!({ "input": input })).await);
    done["workItemUpdate"].take()
}

/// The global id of the label `bug`.
fn bug(gl: &MockGitlab) -> String {
    let id = gl.edit(|world| {
        let mut labels = world.labels.values();
        labels.find(|label| label.name == "bug").unwrap().id
    });
    format!("gid://gitlab/ProjectLabel/{id}")
}

/// A task with something in every widget, below issue 3.
async fn full(gl: &MockGitlab, client: &Client<'_>) -> Value {
    let bob = format!("gid://gitlab/User/{}", gl.user("bob").id());
    let widgets = json!({
        "descriptionWidget": { "description": "It squeaks." },
        "assigneesWidget": { "assigneeIds": [bob] },
        "labelsWidget": { "labelIds": [bug(gl)] },
        "startAndDueDateWidget": { "startDate": "2026-11-02", "dueDate": "2026-11-09" },
        "healthStatusWidget": { "healthStatus": "atRisk" },
        "weightWidget": { "weight": 3 },
        "hierarchyWidget": { "parentId": gid(gl, 3) },
    });
    create(client, widgets).await
}

#[tokio::test]
async fn a_work_item_is_made_with_its_widgets() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let made = full(&gl, &alice).await;
    let item = read(&alice, &made["iid"]).await;
    assert_eq!(item["state"], "OPEN");
    assert_eq!(item["workItemType"]["name"], "Task");
    for (kind, path, value) in [
        ("DESCRIPTION", "/description", json!("It squeaks.")),
        ("ASSIGNEES", "/assignees/nodes/0/username", json!("bob")),
        ("LABELS", "/labels/nodes/0/title", json!("bug")),
        ("START_AND_DUE_DATE", "/startDate", json!("2026-11-02")),
        ("START_AND_DUE_DATE", "/dueDate", json!("2026-11-09")),
        ("HEALTH_STATUS", "/healthStatus", json!("atRisk")),
        ("WEIGHT", "/weight", json!(3)),
        ("HIERARCHY", "/parent/iid", json!("3")),
    ] {
        assert_eq!(widget(&item, kind).pointer(path), Some(&value), "{path}");
    }
    let parent = read(&alice, &json!("3")).await;
    let child = &widget(&parent, "HIERARCHY")["children"]["nodes"][0];
    assert_eq!(child["title"], "Oil the governor");
}

#[tokio::test]
async fn a_work_item_is_changed_and_deleted() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let made = full(&gl, &alice).await;
    let change = json!({
        "id": made["id"],
        "stateEvent": "CLOSE",
        "hierarchyWidget": { "parentId": null },
        "labelsWidget": { "removeLabelIds": [bug(&gl)] },
    });
    let closed = update(&alice, change).await;
    assert_eq!(closed["workItem"]["state"], "CLOSED");
    let item = read(&alice, &made["iid"]).await;
    assert_eq!(widget(&item, "STATUS")["status"]["name"], "Done");
    assert_eq!(widget(&item, "LABELS")["labels"]["nodes"], json!([]));
    assert_eq!(widget(&item, "HIERARCHY")["parent"], json!(null));
    // REST sees the same thing.
    let path = format!("/projects/1/issues/{}", made["iid"].as_str().unwrap());
    let issue = alice.get(&path).await.expect(200);
    assert_eq!(issue.json()["state"], "closed");
    let delete = "mutation gone($id: WorkItemID!) { workItemDelete(input: { id: $id }) { errors project { name } } }";
    let root = Client::of(&gl, "root");
    let gone = data(send(&root, delete, json!({ "id": made["id"] })).await);
    assert_eq!(gone["workItemDelete"]["project"]["name"], "Music Box");
    assert_eq!(read(&alice, &made["iid"]).await, json!(null));
}

#[tokio::test]
async fn what_is_wrong_stands_in_the_payload_and_what_is_forbidden_is_an_error() {
    let gl = company().await;
    let (alice, carol) = (Client::of(&gl, "alice"), Client::of(&gl, "carol"));
    let wrong = update(
        &alice,
        json!({ "id": gid(&gl, 3), "title": "x".repeat(300) }),
    )
    .await;
    assert!(
        wrong["errors"][0].as_str().unwrap().contains("too long"),
        "{wrong}"
    );
    let wrong = update(
        &alice,
        json!({ "id": gid(&gl, 3), "hierarchyWidget": { "parentId": gid(&gl, 3) } }),
    )
    .await;
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 1);
    let query = "mutation change($id: WorkItemID!) { workItemUpdate(input: { id: $id, title: \"Mine\" }) { errors } }";
    let refused = send(&carol, query, json!({ "id": gid(&gl, 2) }))
        .await
        .expect(200);
    assert!(message(refused).contains("permission"));
}

#[tokio::test]
async fn items_are_listed_by_type_state_and_words() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let made = create(&bob, json!({})).await;
    let query = "query all($types: [IssueType!], $state: IssuableState, $search: String) { namespace(fullPath: \"larkspur/music-box\") { \
                 workItems(types: $types, state: $state, search: $search, first: 50) { count nodes { iid title state workItemType { name } } } } }";
    let tasks = data(send(&bob, query, json!({ "types": ["TASK"] })).await);
    let tasks = &tasks["namespace"]["workItems"];
    let rows = tasks["nodes"].as_array().unwrap();
    assert_eq!(tasks["count"], json!(rows.len()));
    assert!(
        rows.iter()
            .all(|item| item["workItemType"]["name"] == "Task")
    );
    assert!(rows.iter().any(|item| item["iid"] == made["iid"]));
    let closed = data(send(&bob, query, json!({ "state": "closed" })).await);
    let closed = closed["namespace"]["workItems"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    assert!(!closed.is_empty() && closed.iter().all(|item| item["state"] == "CLOSED"));
    let found = data(send(&bob, query, json!({ "search": "GOVERNOR" })).await);
    assert!(
        found["namespace"]["workItems"]["nodes"]
            .to_string()
            .contains("Oil the governor")
    );
}

#[tokio::test]
async fn items_are_linked_noted_on_and_reacted_to() {
    let gl = company().await;
    let alice = Client::of(&gl, "alice");
    let add = "mutation add($id: WorkItemID!, $other: WorkItemID!) { workItemAddLinkedItems(input: { id: $id, workItemsIds: [$other], \
               linkType: BLOCKS }) { errors message } }";
    let made = create(&alice, json!({})).await;
    let both = json!({ "id": made["id"], "other": gid(&gl, 3) });
    let added = data(send(&alice, add, both.clone()).await);
    assert_eq!(added["workItemAddLinkedItems"]["errors"], json!([]));
    let item = read(&alice, &made["iid"]).await;
    let links = &widget(&item, "LINKED_ITEMS")["linkedItems"]["nodes"];
    assert_eq!(
        links[0],
        json!({ "linkType": "blocks", "workItem": { "iid": "3" } })
    );
    let remove = "mutation take($id: WorkItemID!, $other: WorkItemID!) { workItemRemoveLinkedItems(input: { id: $id, workItemsIds: [$other] }) { errors } }";
    data(send(&alice, remove, both).await);
    let note = "mutation note($id: NoteableID!, $thread: DiscussionID) { createNote(input: { noteableId: $id, body: \"Drop by drop\", \
                discussionId: $thread }) { errors note { id body discussion { id } } } }";
    let said = data(send(&alice, note, json!({ "id": made["id"] })).await);
    let said = &said["createNote"]["note"];
    assert!(said["id"].as_str().unwrap().starts_with("gid://gitlab/"));
    let item = read(&alice, &made["iid"]).await;
    assert_eq!(
        widget(&item, "LINKED_ITEMS")["linkedItems"]["nodes"],
        json!([])
    );
    let threads = &widget(&item, "NOTES")["discussions"]["nodes"];
    assert!(threads.to_string().contains("Drop by drop"), "{threads}");
    let react = "mutation react($id: AwardableID!) { awardEmojiAdd(input: { awardableId: $id, name: \"tada\" }) { errors awardEmoji { name user { username } } } }";
    let award = data(send(&alice, react, json!({ "id": said["id"] })).await);
    assert_eq!(
        award["awardEmojiAdd"]["awardEmoji"]["user"]["username"],
        "alice"
    );
    let take = "mutation take($id: AwardableID!) { awardEmojiRemove(input: { awardableId: $id, name: \"tada\" }) { errors } }";
    data(send(&alice, take, json!({ "id": said["id"] })).await);
    assert!(
        message(send(&alice, take, json!({ "id": said["id"] })).await).contains("does not exist")
    );
}
