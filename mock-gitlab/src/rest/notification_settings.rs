//! What a user wants to be told: everywhere, in a group, in a project.
//! <https://docs.gitlab.com/api/notification_settings/>

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Home;

const KIND: &str = "notification setting";
const LEVELS: [&str; 6] = [
    "disabled",
    "participating",
    "watch",
    "global",
    "mention",
    "custom",
];

/// What can be switched one by one at level `custom`, and what is on at first.
const EVENTS: [(&str, bool); 17] = [
    ("new_release", false),
    ("new_note", false),
    ("new_issue", false),
    ("reopen_issue", false),
    ("close_issue", false),
    ("reassign_issue", false),
    ("issue_due", false),
    ("new_merge_request", false),
    ("push_to_merge_request", false),
    ("reopen_merge_request", false),
    ("close_merge_request", false),
    ("reassign_merge_request", false),
    ("merge_merge_request", false),
    ("failed_pipeline", true),
    ("fixed_pipeline", true),
    ("success_pipeline", false),
    ("moved_project", true),
];

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("notification_settings", |cx| get(cx, everywhere));
    table.put("notification_settings", |cx| update(cx, everywhere));
    table.get("groups/:id/notification_settings", |cx| get(cx, group));
    table.put("groups/:id/notification_settings", |cx| update(cx, group));
    table.get("projects/:id/notification_settings", |cx| get(cx, project));
    table.put("projects/:id/notification_settings", |cx| {
        update(cx, project)
    });
}

/// The place a route is about.
type Resolve = fn(&Cx<'_>) -> Result<Home, ApiError>;

fn everywhere(cx: &Cx<'_>) -> Result<Home, ApiError> {
    cx.user()?;
    Ok(Home::Instance)
}

fn group(cx: &Cx<'_>) -> Result<Home, ApiError> {
    let group = cx.group()?;
    cx.user()?;
    Ok(Home::Group(group.id))
}

fn project(cx: &Cx<'_>) -> Result<Home, ApiError> {
    let project = cx.project()?;
    cx.user()?;
    Ok(Home::Project(project.id))
}

/// Number of the caller's setting, and its fields.
fn kept(cx: &Cx<'_>, home: Home) -> Option<(u64, Map<String, Value>)> {
    let mut all = cx.world.records_in(KIND, home);
    let own = all.find(|setting| Some(setting.author) == cx.caller.user)?;
    Some((own.id, own.fields.clone()))
}

fn shown(cx: &Cx<'_>, home: Home, fields: &Map<String, Value>) -> Result<Value, ApiError> {
    let default = if home == Home::Instance {
        "participating"
    } else {
        "global"
    };
    let level = fields
        .get("level")
        .cloned()
        .unwrap_or_else(|| json!(default));
    let mut all = Map::new();
    if level == json!("custom") {
        let event = |(name, default): &(&str, bool)| {
            let set = fields.get(*name).cloned();
            ((*name).to_owned(), set.unwrap_or(json!(default)))
        };
        let events: Map<String, Value> = EVENTS.iter().map(event).collect();
        all.insert("events".to_owned(), Value::Object(events));
    }
    all.insert("level".to_owned(), level);
    if home == Home::Instance {
        let email = fields.get("notification_email").cloned();
        let email = email.unwrap_or(json!(cx.user()?.email));
        all.insert("notification_email".to_owned(), email);
    }
    Ok(Value::Object(all))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let home = resolve(cx)?;
    let fields = kept(cx, home).map(|(_, fields)| fields).unwrap_or_default();
    Ok(Answer::json(&shown(cx, home, &fields)?))
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let home = resolve(cx)?;
    let user = cx.user()?;
    let known = kept(cx, home);
    let mut fields = known
        .as_ref()
        .map(|(_, fields)| fields.clone())
        .unwrap_or_default();
    if let Some(level) = cx.params.choice("level", &LEVELS)? {
        if level == "global" && home == Home::Instance {
            return Err(ApiError::validation("level", "is not included in the list"));
        }
        fields.insert("level".to_owned(), json!(level));
    }
    if let Some(email) = cx.params.filled("notification_email") {
        let mut further = cx.world.records_in("email", Home::User(user.id));
        if email != user.email && !further.any(|known| known.text("email") == email) {
            return Err(ApiError::validation(
                "notification_email",
                "is not an email you own",
            ));
        }
        fields.insert("notification_email".to_owned(), json!(email));
    }
    for (name, _) in EVENTS {
        if let Some(flag) = cx.params.flag(name)? {
            fields.insert(name.to_owned(), json!(flag));
        }
    }
    let answer = Answer::json(&shown(cx, home, &fields)?);
    if let Some((id, _)) = known {
        cx.world.remove_record(KIND, id);
    }
    cx.world.add_record(KIND, home, fields, user.id, cx.now);
    Ok(answer)
}
