//! Protected tags. <https://docs.gitlab.com/api/protected_tags/>

use serde_json::{Value, json};

use super::conventions::resources::{
    Field, Fields, Key, Place, Resource, Spec, create, delete, get, list,
};
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Record;
use crate::world::access::{DEVELOPER, MAINTAINER, NO_ACCESS, name};

struct ProtectedTags;

impl Resource for ProtectedTags {
    const SPEC: Spec = Spec {
        kind: "protected tag",
        word: "ProtectedTag",
        fields: &[Field::text("name").required()],
        key: Key::Field("name"),
        parameter: "name",
        unique: &["name"],
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/protected_tags";
    let one = "projects/:id/protected_tags/:name";
    table.get(all, |cx| list(cx, &ProtectedTags::SPEC));
    table.post(all, |cx| create(cx, &ProtectedTags::SPEC));
    table.get(one, |cx| get(cx, &ProtectedTags::SPEC));
    table.delete(one, |cx| delete(cx, &ProtectedTags::SPEC));
}

fn check(
    cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let mut levels = Vec::new();
    let several = cx.params.objects("allowed_to_create").unwrap_or_default();
    for one in &several {
        let level = one.integer("access_level")?;
        levels.push(json!({
            "id": cx.world.next_id("protected tag level"),
            "access_level": level,
            "access_level_description": level.map(described),
            "user_id": one.id("user_id")?,
            "group_id": one.id("group_id")?,
        }));
    }
    let level = cx.params.integer("create_access_level")?;
    if levels.is_empty() || level.is_some() {
        let level = level.unwrap_or(i64::from(MAINTAINER));
        let known = [NO_ACCESS, DEVELOPER, MAINTAINER].map(i64::from);
        if !known.contains(&level) {
            return Err(ApiError::not_a_choice("create_access_level"));
        }
        levels.push(json!({
            "id": cx.world.next_id("protected tag level"),
            "access_level": level,
            "access_level_description": described(level),
            "deploy_key_id": null,
            "user_id": null,
            "group_id": null,
        }));
    }
    fields.insert("create_access_levels".to_owned(), Value::Array(levels));
    Ok(())
}

fn described(level: i64) -> &'static str {
    u8::try_from(level).map_or("No one", name)
}

fn view(_cx: &Cx<'_>, tag: &Record, all: &mut Fields) {
    all.remove("id");
    let levels = tag.fields.get("create_access_levels").cloned();
    all.insert("create_access_levels".to_owned(), json!(levels));
}
