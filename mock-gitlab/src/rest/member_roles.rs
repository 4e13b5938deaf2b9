//! Roles with abilities of their own. The mock keeps them; they grant nothing.
//! <https://docs.gitlab.com/api/member_roles/>

use serde_json::json;

use super::conventions::resources::{
    ADMIN, Field, Fields, Place, Resource, Spec, create, delete, in_group, in_instance, list,
};
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::OWNER;
use crate::world::{Home, Record};

const ROLE: Spec = Spec {
    kind: "member role",
    word: "Member Role",
    place: in_instance,
    fields: &[
        Field::text("name").or("Custom"),
        Field::text("description"),
        Field::number("base_access_level").required(),
        Field::flag("admin_cicd_variables", false),
        Field::flag("admin_compliance_framework", false),
        Field::flag("admin_group_member", false),
        Field::flag("admin_merge_request", false),
        Field::flag("admin_push_rules", false),
        Field::flag("admin_terraform_state", false),
        Field::flag("admin_vulnerability", false),
        Field::flag("admin_web_hook", false),
        Field::flag("archive_project", false),
        Field::flag("manage_deploy_tokens", false),
        Field::flag("manage_group_access_tokens", false),
        Field::flag("manage_merge_request_settings", false),
        Field::flag("manage_project_access_tokens", false),
        Field::flag("read_code", false),
        Field::flag("read_dependency", false),
        Field::flag("read_vulnerability", false),
        Field::flag("remove_group", false),
        Field::flag("remove_project", false),
    ],
    read: ADMIN,
    write: ADMIN,
    parameter: "member_role_id",
    times: false,
    check,
    view,
    ..Spec::USUAL
};

struct OfInstance;

impl Resource for OfInstance {
    const SPEC: Spec = ROLE;
}

struct OfGroup;

impl Resource for OfGroup {
    const SPEC: Spec = Spec {
        place: in_group,
        read: OWNER,
        write: OWNER,
        ..ROLE
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    three::<OfInstance>(table, "member_roles");
    three::<OfGroup>(table, "groups/:id/member_roles");
}

fn three<R: Resource>(table: &mut RouteTable, base: &str) {
    table.get(base, |cx| list(cx, &R::SPEC));
    table.post(base, |cx| create(cx, &R::SPEC));
    table.delete(&format!("{base}/:member_role_id"), |cx| {
        delete(cx, &R::SPEC)
    });
}

/// Between minimal access and maintainer; an ability beyond the base level must be given.
fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let level = fields
        .get("base_access_level")
        .and_then(serde_json::Value::as_u64);
    if !matches!(level, Some(5 | 10 | 15 | 20 | 30 | 40)) {
        return Err(ApiError::not_a_choice("base_access_level"));
    }
    if !fields.values().any(|value| *value == json!(true)) {
        return Err(ApiError::validation(
            "base",
            "Cannot create a member role with no enabled permissions",
        ));
    }
    Ok(())
}

fn view(_cx: &Cx<'_>, role: &Record, all: &mut Fields) {
    let group = match role.home {
        Home::Group(id) => Some(id),
        _ => None,
    };
    all.insert("group_id".to_owned(), json!(group));
}
