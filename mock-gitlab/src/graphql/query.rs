//! The roots of queries.

use serde_json::{Map, Value, json};

use super::connection::{issue, issue_rows, list};
use super::resolvers::{Resolver, address, segment, text, texts};
use super::session::one;
use super::shape::{gid, id, number, number_of};
use super::{Refusal, notes};
use crate::context::Cx;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Query.currentUser", |cx, _, _| Ok(one(cx, "/user"))),
    ("Query.user", user),
    ("Query.users", users),
    ("Query.echo", echo),
    ("Query.metadata", metadata),
    ("Query.project", project),
    ("Query.projects", projects),
    ("Query.group", |cx, _, arguments| {
        Ok(by_path(cx, "groups", arguments))
    }),
    ("Query.groups", groups),
    ("Query.namespace", namespace),
    ("Query.issue", |cx, _, arguments| {
        Ok(number_of(
            text(arguments, "id").unwrap_or_default(),
            &["Issue", "WorkItem"],
        )
        .map_or(Value::Null, |id| issue(cx, id)))
    }),
    ("Query.workItem", |cx, _, arguments| {
        Ok(number_of(
            text(arguments, "id").unwrap_or_default(),
            &["WorkItem", "Issue"],
        )
        .map_or(Value::Null, |id| issue(cx, id)))
    }),
    ("Query.issues", issues),
    ("Query.mergeRequest", merge_request),
    ("Query.milestone", milestone),
    ("Query.note", |cx, _, arguments| {
        Ok(notes::by_gid(cx, text(arguments, "id").unwrap_or_default()))
    }),
    ("Query.todo", |cx, _, arguments| {
        let wanted = number_of(text(arguments, "id").unwrap_or_default(), &["Todo"]);
        Ok(wanted.map_or(Value::Null, |id| todo(cx, id)))
    }),
    ("Query.ciCatalogResource", |_, _, _| Ok(Value::Null)),
    ("Query.ciCatalogResources", |_, _, _| Ok(json!([]))),
    ("UserCore.active", |_, user, _| Ok(is_active(user))),
    ("CurrentUser.active", |_, me, _| Ok(is_active(me))),
    ("CurrentUser.todos", |cx, _, _| Ok(todos(cx))),
    ("UserCore.assignedMergeRequests", |_, me, arguments| {
        Ok(requests(me, "assignee_id", arguments))
    }),
    ("UserCore.authoredMergeRequests", |_, me, arguments| {
        Ok(requests(me, "author_id", arguments))
    }),
    ("CurrentUser.assignedMergeRequests", |_, me, arguments| {
        Ok(requests(me, "assignee_id", arguments))
    }),
    ("CurrentUser.authoredMergeRequests", |_, me, arguments| {
        Ok(requests(me, "author_id", arguments))
    }),
    (
        "CurrentUser.reviewRequestedMergeRequests",
        |_, me, arguments| Ok(requests(me, "reviewer_id", arguments)),
    ),
];

fn is_active(user: &Value) -> Value {
    json!(user.get("state").and_then(Value::as_str) == Some("active"))
}

fn requests(user: &Value, role: &str, arguments: &Arguments) -> Value {
    let who = id(user).to_string();
    let pairs = [
        ("scope", Some("all")),
        (role, Some(who.as_str())),
        ("state", text(arguments, "state")),
    ];
    list(address("/merge_requests", &pairs))
}

fn user(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let by_id = text(arguments, "id").and_then(|id| number_of(id, &["User"]));
    let by_name = text(arguments, "username");
    let by_name = by_name.and_then(|name| cx.world.find_user(name).map(|user| user.id));
    Ok(by_id
        .or(by_name)
        .map_or(Value::Null, |id| one(cx, &format!("/users/{id}"))))
}

fn users(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    if cx.caller.user.is_none() {
        return Err(Refusal::Missing);
    }
    let ids = texts(arguments, "ids");
    let names = texts(arguments, "usernames");
    let search = text(arguments, "search").map(str::to_lowercase);
    let admins = arguments.get("admins").and_then(Value::as_bool) == Some(true);
    let admin = cx.is_admin();
    let wanted = |user: &&crate::world::User| {
        ids.as_ref().is_none_or(|ids| {
            ids.iter()
                .any(|id| number_of(id, &["User"]) == Some(user.id))
        }) && names.as_ref().is_none_or(|names| {
            names
                .iter()
                .any(|name| user.username.eq_ignore_ascii_case(name))
        }) && search
            .as_ref()
            .is_none_or(|text| crate::rest::users::matches_search(user, text, admin))
            && (!admins || user.admin)
    };
    let found = cx.world.users.values().filter(wanted);
    Ok(found
        .map(|user| crate::rest::users::basic(cx.site, user))
        .collect())
}

fn echo(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let said = text(arguments, "text").unwrap_or_default();
    let name = cx.caller.user.and_then(|id| cx.world.users.get(&id));
    let who = name.map_or_else(|| "nil".to_owned(), |user| format!("\"{}\"", user.username));
    Ok(json!(format!("{who} says: {said}")))
}

fn metadata(cx: &mut Cx<'_>, _: &Value, _: &Arguments) -> Resolved {
    if cx.caller.user.is_none() {
        return Ok(Value::Null);
    }
    let version = &cx.site.version;
    Ok(json!({
        "version": version,
        "revision": "7f3c2a9d1e0",
        "enterprise": version.ends_with("-ee"),
        "kas": { "enabled": false },
        "featureFlags": [],
    }))
}

fn by_path(cx: &mut Cx<'_>, kind: &str, arguments: &Arguments) -> Value {
    let path = text(arguments, "fullPath").unwrap_or_default();
    // A path, not a number: GraphQL finds nothing under "1".
    if path.parse::<u64>().is_ok() {
        return Value::Null;
    }
    one(cx, &format!("/{kind}/{}", segment(path)))
}

fn project(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    Ok(by_path(cx, "projects", arguments))
}

fn projects(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let named = texts(arguments, "fullPaths").or_else(|| {
        let ids = texts(arguments, "ids")?;
        let numbers = ids.iter().filter_map(|id| number_of(id, &["Project"]));
        Some(numbers.map(|id| id.to_string()).collect())
    });
    if let Some(named) = named {
        let found = named
            .iter()
            .map(|name| one(cx, &format!("/projects/{}", segment(name))));
        return Ok(found.filter(|project| !project.is_null()).collect());
    }
    let member = arguments.get("membership").and_then(Value::as_bool);
    let pairs = [
        ("search", text(arguments, "search")),
        ("membership", member.filter(|flag| *flag).map(|_| "true")),
        ("search_namespaces", Some("true")),
    ];
    Ok(list(address("/projects", &pairs)))
}

fn groups(_: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let top = arguments.get("topLevelOnly").and_then(Value::as_bool);
    let owned = arguments.get("ownedOnly").and_then(Value::as_bool);
    let pairs = [
        ("search", text(arguments, "search")),
        ("all_available", Some("true")),
        ("top_level_only", top.filter(|flag| *flag).map(|_| "true")),
        ("owned", owned.filter(|flag| *flag).map(|_| "true")),
    ];
    Ok(list(address("/groups", &pairs)))
}

/// A group, a user, or the namespace every project has of its own.
fn namespace(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let group = by_path(cx, "groups", arguments);
    if !group.is_null() {
        return Ok(of_group(group));
    }
    let project = by_path(cx, "projects", arguments);
    if !project.is_null() {
        return Ok(of_project(&project));
    }
    let path = text(arguments, "fullPath").unwrap_or_default();
    let user = cx
        .world
        .find_user(path)
        .filter(|_| cx.caller.user.is_some());
    Ok(user.map_or(Value::Null, |user| {
        json!({
            "id": gid("Namespaces::UserNamespace", user.namespace_id),
            "name": user.name,
            "path": user.username,
            "fullPath": user.username,
            "fullName": user.name,
            "visibility": "public",
            "_user": user.id,
        })
    }))
}

/// A group as a namespace.
pub(super) fn of_group(mut group: Value) -> Value {
    let number = number(&group, "id");
    if let Value::Object(all) = &mut group {
        all.insert("_group".to_owned(), json!(number));
        all.insert("id".to_owned(), json!(gid("Group", number)));
    }
    group
}

/// A project as a namespace.
pub(super) fn of_project(project: &Value) -> Value {
    let number = number(project, "id");
    json!({
        "id": gid("Namespaces::ProjectNamespace", number),
        "name": project.get("name"),
        "path": project.get("path"),
        "fullPath": project.get("path_with_namespace"),
        "fullName": project.get("name_with_namespace"),
        "description": project.get("description"),
        "visibility": project.get("visibility"),
        "_project": number,
    })
}

fn issues(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let ids = super::work_items::wanted(cx, None, arguments)?;
    Ok(issue_rows(ids))
}

fn merge_request(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let wanted = number_of(text(arguments, "id").unwrap_or_default(), &["MergeRequest"]);
    let found = wanted.and_then(|id| cx.world.merge_requests.get(&id));
    let Some((project, iid)) = found.map(|request| (request.project, request.iid)) else {
        return Ok(Value::Null);
    };
    Ok(one(
        cx,
        &format!("/projects/{project}/merge_requests/{iid}"),
    ))
}

fn milestone(cx: &mut Cx<'_>, _: &Value, arguments: &Arguments) -> Resolved {
    let wanted = number_of(text(arguments, "id").unwrap_or_default(), &["Milestone"]);
    let found = wanted.and_then(|id| cx.world.milestones.get(&id));
    let Some((id, owner)) = found.map(|milestone| (milestone.id, milestone.owner)) else {
        return Ok(Value::Null);
    };
    let place = match owner {
        crate::world::Owner::Project(project) => format!("projects/{project}"),
        crate::world::Owner::Group(group) => format!("groups/{group}"),
    };
    Ok(one(cx, &format!("/{place}/milestones/{id}")))
}

/// One of the caller's own to-do items.
pub(super) fn todo(cx: &mut Cx<'_>, id: u64) -> Value {
    let own = cx
        .world
        .todos
        .get(&id)
        .filter(|todo| Some(todo.user) == cx.caller.user);
    own.map_or(Value::Null, |todo| {
        json!({
            "id": todo.id,
            "body": todo.body,
            "state": if todo.done { "done" } else { "pending" },
            "author": cx.world.users.get(&todo.author).map(|user| crate::rest::users::basic(cx.site, user)),
            "createdAt": todo.created_at,
            "targetType": "ISSUE",
        })
    })
}

fn todos(cx: &mut Cx<'_>) -> Value {
    let ids: Vec<u64> = cx.world.todos.keys().rev().copied().collect();
    let rows = ids.into_iter().map(|id| todo(cx, id));
    rows.filter(|row| !row.is_null()).collect()
}
