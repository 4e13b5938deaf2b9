//! Webhooks of projects and groups. <https://docs.gitlab.com/api/project_webhooks/>
//!
//! Nothing leaves the mock: a test of a hook is written down as a delivery.

mod deliveries;

use serde_json::{Map, Value, json};

use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, find, in_group, routes as five,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Home, Record};

const FIELDS: &[Field] = &[
    Field::text("url").required(),
    Field::text("name"),
    Field::text("description"),
    Field::text("token").secret(),
    Field::flag("push_events", true),
    Field::text("push_events_branch_filter"),
    Field::choice(
        "branch_filter_strategy",
        &["wildcard", "regex", "all_branches"],
    ),
    Field::flag("tag_push_events", false),
    Field::flag("merge_requests_events", false),
    Field::flag("issues_events", false),
    Field::flag("confidential_issues_events", false),
    Field::flag("note_events", false),
    Field::flag("confidential_note_events", false),
    Field::flag("job_events", false),
    Field::flag("pipeline_events", false),
    Field::flag("wiki_page_events", false),
    Field::flag("deployment_events", false),
    Field::flag("releases_events", false),
    Field::flag("milestone_events", false),
    Field::flag("feature_flag_events", false),
    Field::flag("emoji_events", false),
    Field::flag("resource_access_token_events", false),
    Field::flag("repository_update_events", false),
    Field::flag("enable_ssl_verification", true),
    Field::text("custom_webhook_template"),
    Field::any("url_variables").secret(),
    Field::any("custom_headers").secret(),
];

const HOOK: Spec = Spec {
    kind: "hook",
    word: "",
    fields: FIELDS,
    parameter: "hook_id",
    check,
    view,
    ..Spec::USUAL
};

struct OfProject;

impl Resource for OfProject {
    const SPEC: Spec = Spec {
        read: MAINTAINER,
        ..HOOK
    };
}

struct OfGroup;

impl Resource for OfGroup {
    const SPEC: Spec = Spec {
        place: in_group,
        read: OWNER,
        write: OWNER,
        ..HOOK
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfProject>(table, "projects/:id/hooks");
    five::<OfGroup>(table, "groups/:id/hooks");
    both::<OfProject>(table, "projects/:id/hooks/:hook_id");
    both::<OfGroup>(table, "groups/:id/hooks/:hook_id");
}

fn both<R: Resource>(table: &mut RouteTable, one: &str) {
    table.post(&format!("{one}/test/:trigger"), |cx| {
        deliveries::test(cx, &R::SPEC)
    });
    table.get(&format!("{one}/events"), |cx| {
        deliveries::list(cx, &R::SPEC)
    });
    table.post(&format!("{one}/events/:event_id/resend"), |cx| {
        deliveries::resend(cx, &R::SPEC)
    });
    let variable = format!("{one}/url_variables/:key");
    table.put(&variable, |cx| set(cx, &R::SPEC, "url_variables"));
    table.delete(&variable, |cx| unset(cx, &R::SPEC, "url_variables"));
    let header = format!("{one}/custom_headers/:key");
    table.put(&header, |cx| set(cx, &R::SPEC, "custom_headers"));
    table.delete(&header, |cx| unset(cx, &R::SPEC, "custom_headers"));
}

/// Whether a hook may point there.
fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        let rest = text.strip_prefix(scheme);
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(' '))
    })
}

fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let url = fields
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !is_url(url) {
        return Err(ApiError::message(422, "Invalid url given"));
    }
    for name in ["url_variables", "custom_headers"] {
        if let Some(list) = cx.params.objects(name) {
            let pairs = list.iter().filter_map(|one| {
                let value = one.text("value").unwrap_or_default();
                Some((one.filled("key")?, Value::String(value)))
            });
            fields.insert(name.to_owned(), Value::Object(pairs.collect()));
        }
    }
    Ok(())
}

fn view(_cx: &Cx<'_>, hook: &Record, all: &mut Fields) {
    all.remove("updated_at");
    match hook.home {
        Home::Project(id) => all.insert("project_id".to_owned(), json!(id)),
        Home::Group(id) => all.insert("group_id".to_owned(), json!(id)),
        _ => None,
    };
    all.insert("alert_status".to_owned(), json!("executable"));
    all.insert("disabled_until".to_owned(), Value::Null);
    // Names are shown, values never.
    for name in ["url_variables", "custom_headers"] {
        let known = hook.fields.get(name).and_then(Value::as_object);
        let keys = known.into_iter().flat_map(Map::keys);
        let keys = keys.map(|key| json!({ "key": key })).collect();
        all.insert(name.to_owned(), keys);
    }
}

fn hook(cx: &Cx<'_>, spec: &Spec) -> Result<Record, ApiError> {
    let place = (spec.place)(cx)?;
    cx.user()?;
    if place.level < spec.write {
        return Err(ApiError::forbidden());
    }
    find(cx, spec, &place)
}

fn set(cx: &mut Cx<'_>, spec: &Spec, field: &str) -> Result<Answer, ApiError> {
    let hook = hook(cx, spec)?;
    let value = cx.params.required("value")?;
    let key = cx.path.get("key").to_owned();
    if let Some(hook) = cx.world.record_mut("hook", hook.id) {
        let all = hook.fields.entry(field).or_insert_with(|| json!({}));
        if !all.is_object() {
            *all = json!({});
        }
        if let Value::Object(all) = all {
            all.insert(key, Value::String(value));
        }
    }
    Ok(Answer::no_content())
}

fn unset(cx: &mut Cx<'_>, spec: &Spec, field: &str) -> Result<Answer, ApiError> {
    let hook = hook(cx, spec)?;
    let key = cx.path.get("key").to_owned();
    let hook = cx.world.record_mut("hook", hook.id);
    let all = hook.and_then(|hook| hook.fields.get_mut(field)?.as_object_mut());
    match all.and_then(|all| all.remove(&key)) {
        Some(_) => Ok(Answer::no_content()),
        None => Err(ApiError::gone()),
    }
}
