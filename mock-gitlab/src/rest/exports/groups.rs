//! Export and import of groups. <https://docs.gitlab.com/api/group_import_export/>

use serde_json::{Value, json};

use super::{bundle, file, keep, last};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Home, Label, NewGroup, Owner, Visibility};

pub(super) fn routes(table: &mut RouteTable) {
    table.post("groups/:id/export", start);
    table.get("groups/:id/export/download", download);
    table.post("groups/import", import);
}

fn accepted() -> Answer {
    Answer::json_with(202, &json!({ "message": "202 Accepted" }))
}

fn start(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let user = cx.user()?.id;
    let owner = Owner::Group(group.id);
    let labels = cx.world.labels.values();
    let labels = labels.filter(|label| label.owner == owner).map(|label| {
        json!({ "name": label.name, "color": label.color, "description": label.description })
    });
    let whole = json!({
        "name": group.name,
        "description": group.description,
        "visibility": group.visibility.name(),
        "labels": labels.collect::<Value>(),
    });
    let files = [
        ("VERSION".to_owned(), b"0.2.4".to_vec()),
        ("tree/group.json".to_owned(), whole.to_string().into_bytes()),
    ];
    let bytes = bundle::pack(&files, cx.now)?;
    let home = Home::Group(group.id);
    if let Some(former) = last(cx, home) {
        cx.world.remove_record(former.kind, former.id);
    }
    keep(cx, home, user, bytes);
    Ok(accepted())
}

fn download(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group_as(OWNER)?;
    let export = last(cx, Home::Group(group.id));
    file(cx, export.as_ref(), &group.path)
}

fn import(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let (path, name) = (cx.params.required("path")?, cx.params.required("name")?);
    let given = cx.params.file("file").cloned();
    let given = given.ok_or_else(|| ApiError::missing("file"))?;
    let parent = match cx.params.filled("parent_id") {
        None => None,
        Some(id) => {
            let parent = cx.group_named(&id)?;
            if cx.level_in_group(&parent) < OWNER {
                return Err(ApiError::forbidden());
            }
            Some(parent.id)
        }
    };
    let groups = cx.world.groups.values();
    let mut same = groups.filter(|group| group.parent == parent && group.path == path);
    if same.next().is_some() {
        return Err(ApiError::bad_request(
            "Failed to save group {:path=>[\"has already been taken\"]}",
        ));
    }
    // What is wrong with the archive shows later, when it is unpacked in the background.
    let files = bundle::unpack(&given.content).unwrap_or_default();
    let whole = files.get("tree/group.json").cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let description = text(&whole, "description");
    let visibility = Visibility::parse(&text(&whole, "visibility"));
    let new = NewGroup {
        name: &name,
        path: &path,
        parent,
        description: &description,
        visibility: visibility.unwrap_or(Visibility::Private),
    };
    let id = cx.world.add_group(new, user.id, cx.now);
    let labels = whole.get("labels").and_then(Value::as_array);
    for label in labels.into_iter().flatten() {
        let label_id = cx.world.next_id("label");
        let made = Label {
            id: label_id,
            owner: Owner::Group(id),
            name: text(label, "name"),
            color: text(label, "color"),
            description: Some(text(label, "description")),
            priority: None,
        };
        cx.world.labels.insert(label_id, made);
    }
    Ok(accepted())
}
