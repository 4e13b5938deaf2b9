//! How groups look, and the settings they have.

use serde_json::{Map, Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::{avatars, custom_attributes};
use crate::world::{Group, Subject};

/// What a setting is until somebody changes it.
fn defaults() -> Map<String, Value> {
    let all = json!({
        "share_with_group_lock": false,
        "require_two_factor_authentication": false,
        "two_factor_grace_period": 48,
        "project_creation_level": "developer",
        "auto_devops_enabled": null,
        "subgroup_creation_level": "maintainer",
        "emails_disabled": false,
        "emails_enabled": true,
        "show_diff_preview_in_email": true,
        "mentions_disabled": null,
        "lfs_enabled": true,
        "math_rendering_limits_enabled": true,
        "lock_math_rendering_limits_enabled": false,
        "default_branch": null,
        "default_branch_protection": 2,
        "request_access_enabled": true,
        "shared_runners_setting": "enabled",
        "wiki_access_level": "enabled",
        "max_artifacts_size": null,
        "membership_lock": false,
        "prevent_sharing_groups_outside_hierarchy": false,
        "prevent_forking_outside_group": null,
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

const CHOICES: [(&str, &[&str]); 4] = [
    (
        "project_creation_level",
        &["noone", "owner", "maintainer", "developer", "administrator"],
    ),
    ("subgroup_creation_level", &["owner", "maintainer"]),
    (
        "shared_runners_setting",
        &[
            "disabled_and_unoverridable",
            "disabled_and_overridable",
            "disabled_with_override",
            "enabled",
        ],
    ),
    ("wiki_access_level", &["enabled", "private", "disabled"]),
];

/// The settings a request gives, by the types of their defaults.
pub(super) fn settings(cx: &Cx<'_>) -> Result<Map<String, Value>, ApiError> {
    let params = &cx.params;
    let mut changes = Map::new();
    for (name, words) in CHOICES {
        if let Some(word) = params.choice(name, words)? {
            changes.insert(name.to_owned(), json!(word));
        }
    }
    for (name, default) in defaults() {
        if changes.contains_key(&name) || !params.has(&name) {
            continue;
        }
        let value = match default {
            Value::Bool(_) => params.flag(&name)?.map(Value::from),
            Value::Number(_) => params.integer(&name)?.map(Value::from),
            Value::Null => Some(params.get(&name).cloned().unwrap_or_default()),
            _ => None,
        };
        changes.extend(value.map(|value| (name, value)));
    }
    Ok(changes)
}

/// Whether outsiders may ask to be let in.
pub(crate) fn takes_requests(group: &Group) -> bool {
    group.settings.get("request_access_enabled") != Some(&json!(false))
}

/// How a group looks from outside.
pub(crate) fn entity(cx: &Cx<'_>, group: &Group) -> Value {
    let mut all = match short(cx, group) {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    all.extend(defaults());
    all.extend(group.settings.clone());
    let more = json!({
        "path": group.path,
        "description": group.description,
        "visibility": group.visibility.name(),
        "archived": group.archived,
        "created_at": group.created_at,
        "parent_id": group.parent,
        "organization_id": 1,
        "marked_for_deletion_on": group.marked_for_deletion_on,
    });
    if let Value::Object(more) = more {
        all.extend(more);
    }
    let attributes = custom_attributes::shown(cx, Subject::Group(group.id));
    if let Ok(Some(attributes)) = attributes {
        all.insert("custom_attributes".to_owned(), attributes);
    }
    Value::Object(all)
}

/// What anyone may know who sees a project of the group.
pub(crate) fn short(cx: &Cx<'_>, group: &Group) -> Value {
    let path = cx.world.group_path(group.id);
    json!({
        "id": group.id,
        "web_url": cx.site.url(&format!("/groups/{path}")),
        "name": group.name,
        "avatar_url": avatars::url(cx.site, "group", group.id, group.avatar.as_ref()),
        "full_name": cx.world.group_name(group.id),
        "full_path": path,
    })
}
