//! Hooks of the whole instance. <https://docs.gitlab.com/api/system_hooks/>
//!
//! Nothing leaves the mock: a test answers with what would have been sent.

use serde_json::{Value, json};

use super::conventions::resources::{
    ADMIN, Field, Fields, Place, Resource, Spec, find, in_instance, routes as five,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;

struct OfInstance;

impl Resource for OfInstance {
    const SPEC: Spec = Spec {
        kind: "system hook",
        word: "System hook",
        place: in_instance,
        fields: &[
            Field::text("url").required(),
            Field::text("name"),
            Field::text("description"),
            Field::text("token").secret(),
            Field::flag("push_events", false),
            Field::flag("tag_push_events", false),
            Field::flag("merge_requests_events", false),
            Field::flag("repository_update_events", true),
            Field::flag("enable_ssl_verification", true),
            Field::text("push_events_branch_filter"),
            Field::choice(
                "branch_filter_strategy",
                &["wildcard", "regex", "all_branches"],
            ),
        ],
        read: ADMIN,
        write: ADMIN,
        parameter: "hook_id",
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfInstance>(table, "hooks");
    table.post("hooks/:hook_id", test);
}

fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let url = fields
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !url.starts_with("http://") && !url.starts_with("https://") {
        let text = "is blocked: Only allowed schemes are http, https";
        return Err(ApiError::validation("url", text));
    }
    Ok(())
}

fn view(_cx: &Cx<'_>, hook: &Record, all: &mut Fields) {
    all.insert("created_at".to_owned(), json!(hook.created_at));
    all.insert("alert_status".to_owned(), json!("executable"));
    all.insert("disabled_until".to_owned(), Value::Null);
    all.insert("url_variables".to_owned(), json!([]));
}

fn test(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    find(cx, &OfInstance::SPEC, &in_instance(cx)?)?;
    Ok(Answer::created(&json!({
        "project_id": 1,
        "owner_email": "example@gitlabhq.com",
        "owner_name": "Someone",
        "name": "Ruby",
        "path": "ruby",
        "event_name": "project_create",
    })))
}
