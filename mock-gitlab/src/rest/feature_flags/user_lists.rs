//! Lists of users feature flags are on for.
//! <https://docs.gitlab.com/api/feature_flag_user_lists/>

use serde_json::{Value, json};

use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::conventions::resources::{
    Field, Fields, Key, Place, Resource, Spec, in_project, render, routes_without_list, rows,
};
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::{Home, Record};

struct UserLists;

impl Resource for UserLists {
    const SPEC: Spec = Spec {
        kind: "feature flag user list",
        fields: &[
            Field::text("name").required(),
            Field::text("user_xids").required(),
        ],
        read: DEVELOPER,
        write: DEVELOPER,
        key: Key::Field("iid"),
        parameter: "iid",
        unique: &["name"],
        check,
        view,
        ..Spec::USUAL
    };
}

pub(super) fn routes(table: &mut RouteTable) {
    let all = "projects/:id/feature_flags_user_lists";
    table.get(all, |cx| {
        let place = in_project(cx)?;
        cx.user()?;
        if place.level < DEVELOPER {
            return Err(ApiError::forbidden());
        }
        let search = cx.params.filled("search").unwrap_or_default();
        let search = search.to_lowercase();
        let mut found = rows(cx, &UserLists::SPEC, &place);
        found.retain(|list| list.text("name").to_lowercase().contains(&search));
        pagination::offset(cx, &found, |list| render(cx, &UserLists::SPEC, list))
    });
    routes_without_list::<UserLists>(table, all);
}

#[expect(clippy::unnecessary_wraps, reason = "the type that every check has")]
fn check(
    cx: &mut Cx<'_>,
    place: &Place,
    fields: &mut Fields,
    former: Option<&Record>,
) -> Result<(), ApiError> {
    if let (None, Home::Project(project)) = (former, place.home) {
        let iid = cx.world.next_iid(project, "feature flag user list");
        fields.insert("iid".to_owned(), json!(iid));
    }
    Ok(())
}

fn view(cx: &Cx<'_>, list: &Record, all: &mut Fields) {
    all.insert("iid".to_owned(), json!(list.number("iid")));
    let Home::Project(id) = list.home else { return };
    all.insert("project_id".to_owned(), json!(id));
    let project = cx.world.projects.get(&id);
    let path = project.map_or_else(String::new, |one| cx.world.project_path(one));
    let path = cx.site.url(&format!(
        "/{path}/-/feature_flags_user_lists/{}",
        list.number("iid")
    ));
    all.insert("path".to_owned(), Value::String(path.clone()));
    all.insert("edit_path".to_owned(), json!(format!("{path}/edit")));
}
