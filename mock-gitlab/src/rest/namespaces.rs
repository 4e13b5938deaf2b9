//! Namespaces: users and groups as places for projects.
//! <https://docs.gitlab.com/api/namespaces/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::projects::namespace;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Namespace;
use crate::world::access::OWNER;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("namespaces", list);
    table.get("namespaces/:id", get);
    table.get("namespaces/:id/exists", exists);
}

/// The personal namespace first, then the groups the caller belongs to.
fn own(cx: &Cx<'_>) -> Result<Vec<Namespace>, ApiError> {
    let user = cx.user()?;
    let groups = cx
        .world
        .groups
        .values()
        .filter(|group| cx.level_in_group(group) > 0);
    let users = cx
        .world
        .users
        .values()
        .filter(|other| other.id == user.id || user.admin);
    Ok(users
        .map(|user| Namespace::User(user.id))
        .chain(groups.map(|group| Namespace::Group(group.id)))
        .collect())
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let search = cx.params.filled("search").map(|text| text.to_lowercase());
    let (owned, top_only) = (
        cx.params.is_set("owned_only")?,
        cx.params.is_set("top_level_only")?,
    );
    let owned = owned || cx.params.is_set("owned")?;
    let mut all = own(cx)?;
    all.retain(|space| {
        let path = cx.world.namespace_path(*space).to_lowercase();
        let is_owned = match space {
            Namespace::User(id) => cx.caller.user == Some(*id),
            Namespace::Group(id) => cx
                .world
                .groups
                .get(id)
                .is_some_and(|group| cx.level_in_group(group) >= OWNER),
        };
        search.as_ref().is_none_or(|text| path.contains(text))
            && (!owned || is_owned)
            && (!top_only || !path.contains('/'))
    });
    pagination::offset(cx, &all, |space| entity(cx, *space))
}

fn entity(cx: &Cx<'_>, space: Namespace) -> Value {
    let mut value = namespace(cx, space);
    if let (Value::Object(all), Namespace::Group(id)) = (&mut value, space) {
        let level = cx
            .world
            .groups
            .get(&id)
            .map_or(0, |group| cx.level_in_group(group));
        if level >= OWNER {
            let members = cx
                .world
                .ancestry(id)
                .map(|group| group.members.len())
                .sum::<usize>();
            all.insert("members_count_with_descendants".to_owned(), json!(members));
        }
        all.insert("root_repository_size".to_owned(), Value::Null);
        all.insert(
            "projects_count".to_owned(),
            json!(cx.world.projects_below(id).count()),
        );
    }
    value
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let reference = cx.path.get("id");
    let hidden = || ApiError::not_found("Namespace");
    let found = own(cx)?.into_iter().find(|space| {
        let id = match space {
            Namespace::User(id) => cx.world.users.get(id).map_or(0, |user| user.namespace_id),
            Namespace::Group(id) => *id,
        };
        id.to_string() == reference
            || cx
                .world
                .namespace_path(*space)
                .eq_ignore_ascii_case(reference)
    });
    Ok(Answer::json(&entity(cx, found.ok_or_else(hidden)?)))
}

/// Whether a path is taken, with free ones to choose from if it is.
fn exists(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let parent = cx.params.id("parent_id")?;
    let path = cx.path.get("id");
    let taken = |path: &str| {
        let mut siblings = cx
            .world
            .groups
            .values()
            .filter(|group| group.parent == parent);
        let user = parent.is_none()
            && cx
                .world
                .users
                .values()
                .any(|u| u.username.eq_ignore_ascii_case(path));
        user || siblings.any(|group| group.path.eq_ignore_ascii_case(path))
    };
    let exists = taken(path);
    let free = (1..1000)
        .map(|number| format!("{path}{number}"))
        .find(|path| !taken(path));
    let suggests: Vec<String> = free.into_iter().filter(|_| exists).collect();
    Ok(Answer::json(
        &json!({ "exists": exists, "suggests": suggests }),
    ))
}
