//! Who changed what: people, members, groups. <https://docs.gitlab.com/api/audit_events/>

use serde_json::{Map, Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Home, Record};

const KIND: &str = "audit event";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("audit_events", list_all);
    table.get("audit_events/:event_id", get);
    table.get("groups/:id/audit_events", |cx| {
        let home = Home::Group(cx.group_as(OWNER)?.id);
        list(cx, Some(home))
    });
    table.get("groups/:id/audit_events/:event_id", |cx| {
        let home = Home::Group(cx.group_as(OWNER)?.id);
        one(cx, Some(home))
    });
    table.get("projects/:id/audit_events", |cx| {
        let home = Home::Project(cx.project_as(MAINTAINER)?.id);
        list(cx, Some(home))
    });
    table.get("projects/:id/audit_events/:event_id", |cx| {
        let home = Home::Project(cx.project_as(MAINTAINER)?.id);
        one(cx, Some(home))
    });
}

impl Cx<'_> {
    /// Writes down that the caller did `event` to `target`, as GitLab names events:
    /// `user_created`, `member_destroyed`.
    pub(crate) fn audit(&mut self, home: Home, event: &str, target: &str) {
        let Some(author) = self.caller.user else {
            return;
        };
        let mut fields = Map::new();
        fields.insert("event_name".to_owned(), json!(event));
        fields.insert("target_details".to_owned(), json!(target));
        self.world.add_record(KIND, home, fields, author, self.now);
    }
}

fn entity(cx: &Cx<'_>, event: &Record) -> Value {
    let author = cx.world.users.get(&event.author);
    let (kind, id) = match event.home {
        Home::User(id) => ("User", id),
        Home::Group(id) => ("Group", id),
        Home::Project(id) => ("Project", id),
        _ => ("Gitlab::Audit::InstanceScope", 1),
    };
    json!({
        "id": event.id,
        "author_id": event.author,
        "entity_id": id,
        "entity_type": kind,
        "event_name": event.text("event_name"),
        "details": {
            "custom_message": event.text("event_name").replace('_', " "),
            "author_name": author.map(|user| user.name.clone()),
            "author_email": author.map(|user| user.email.clone()),
            "target_id": id,
            "target_type": kind,
            "target_details": event.text("target_details"),
            "event_name": event.text("event_name"),
        },
        "created_at": event.created_at,
    })
}

fn list_all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    list(cx, None)
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    one(cx, None)
}

/// The latest first.
fn list(cx: &Cx<'_>, home: Option<Home>) -> Result<Answer, ApiError> {
    let (after, before) = (
        cx.params.time("created_after")?,
        cx.params.time("created_before")?,
    );
    let kind = cx
        .params
        .choice("entity_type", &["User", "Group", "Project"])?;
    let of_kind = |home: Home| match kind {
        Some("User") => matches!(home, Home::User(_)),
        Some("Group") => matches!(home, Home::Group(_)),
        Some(_) => matches!(home, Home::Project(_)),
        None => true,
    };
    let between = |at: Timestamp| {
        after.is_none_or(|bound| at > bound) && before.is_none_or(|bound| at < bound)
    };
    let events = cx.world.records_of_kind(KIND).rev();
    let found: Vec<&Record> = events
        .filter(|event| home.is_none_or(|home| event.home == home))
        .filter(|event| of_kind(event.home) && between(event.created_at))
        .collect();
    pagination::offset(cx, &found, |event| entity(cx, event))
}

fn one(cx: &Cx<'_>, home: Option<Home>) -> Result<Answer, ApiError> {
    let id = cx.number("event_id", "Audit Event")?;
    let event = cx.world.record(KIND, id);
    let event = event.filter(|event| home.is_none_or(|home| event.home == home));
    let event = event.ok_or_else(|| ApiError::not_found("Audit Event"))?;
    Ok(Answer::json(&entity(cx, event)))
}
