//! Projects, groups and namespaces.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::connection::{issue_rows, list};
use super::resolvers::{Resolver, address, segment, text, texts};
use super::session::one;
use super::shape::{gid, id, number, number_of};
use super::work_items::{self, Place};
use crate::context::Cx;
use crate::world::CachedBlob;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Project.fullPath", |_, project, _| {
        Ok(project
            .get("path_with_namespace")
            .cloned()
            .unwrap_or_default())
    }),
    ("Project.namespace", |cx, project, _| {
        Ok(namespace(cx, project))
    }),
    ("Project.group", group_of),
    ("Project.repository", |_, project, _| {
        Ok(json!({ "_project": id(project) }))
    }),
    ("Repository.rootRef", |cx, parent, _| {
        let repository = cx.world.repositories.get(&number(parent, "_project"));
        Ok(json!(repository.map(|one| one.default_branch.clone())))
    }),
    ("Repository.exists", |cx, parent, _| {
        Ok(json!(
            cx.world
                .repositories
                .contains_key(&number(parent, "_project"))
        ))
    }),
    ("Repository.empty", |cx, parent, _| {
        let repository = cx.world.repositories.get(&number(parent, "_project"));
        Ok(json!(
            repository.is_none_or(crate::world::Repository::is_empty)
        ))
    }),
    ("Repository.branchNames", branch_names),
    ("Repository.blobs", blobs),
    ("Project.maxAccessLevel", |cx, project, _| {
        Ok(access(level(cx, project)))
    }),
    ("Project.userPermissions", permissions),
    ("Project.issue", |cx, project, arguments| {
        Ok(below(cx, project, "issues", arguments))
    }),
    ("Project.issues", issues_of_project),
    ("Project.workItems", issues_of_project),
    ("Project.workItemTypes", |_, _, arguments| {
        Ok(work_items::types(arguments))
    }),
    ("Project.mergeRequest", |cx, project, arguments| {
        Ok(below(cx, project, "merge_requests", arguments))
    }),
    ("Project.mergeRequests", |_, project, arguments| {
        Ok(merge_requests(
            &format!("/projects/{}", id(project)),
            arguments,
        ))
    }),
    ("Project.labels", |_, project, arguments| {
        Ok(labels(&format!("/projects/{}", id(project)), arguments))
    }),
    ("Project.milestones", |_, project, arguments| {
        Ok(milestones(&format!("/projects/{}", id(project)), arguments))
    }),
    ("Project.projectMembers", |_, project, arguments| {
        let pairs = [("query", text(arguments, "search"))];
        Ok(list(address(
            &format!("/projects/{}/members/all", id(project)),
            &pairs,
        )))
    }),
    ("ProjectMember.user", |_, member, _| Ok(user_of(member))),
    ("GroupMember.user", |_, member, _| Ok(user_of(member))),
    ("ProjectMember.accessLevel", |_, member, _| {
        Ok(access(
            u8::try_from(number(member, "access_level")).unwrap_or(0),
        ))
    }),
    ("GroupMember.accessLevel", |_, member, _| {
        Ok(access(
            u8::try_from(number(member, "access_level")).unwrap_or(0),
        ))
    }),
    ("Group.parent", |cx, group, _| {
        match number(group, "parent_id") {
            0 => Ok(Value::Null),
            parent => Ok(one(cx, &format!("/groups/{parent}"))),
        }
    }),
    ("Group.projects", |_, group, arguments| {
        Ok(projects_of(id(group), arguments))
    }),
    ("Namespace.projects", |_, parent, arguments| {
        Ok(match number(parent, "_group") {
            0 => json!([]),
            group => projects_of(group, arguments),
        })
    }),
    ("Group.descendantGroups", |_, group, arguments| {
        let pairs = [("search", text(arguments, "search"))];
        Ok(list(address(
            &format!("/groups/{}/descendant_groups", id(group)),
            &pairs,
        )))
    }),
    ("Group.issues", issues_of_group),
    ("Group.workItems", issues_of_group),
    ("Group.workItem", |_, _, _| Ok(Value::Null)),
    ("Group.workItemTypes", |_, _, arguments| {
        Ok(work_items::types(arguments))
    }),
    ("Namespace.workItemTypes", |_, _, arguments| {
        Ok(work_items::types(arguments))
    }),
    ("Namespace.workItem", |cx, parent, arguments| {
        Ok(match number(parent, "_project") {
            0 => Value::Null,
            project => below(cx, &json!({ "_id": project }), "issues", arguments),
        })
    }),
    ("Namespace.workItems", issues_of_namespace),
    ("Group.mergeRequests", |_, group, arguments| {
        Ok(merge_requests(&format!("/groups/{}", id(group)), arguments))
    }),
    ("Group.labels", |_, group, arguments| {
        Ok(labels(&format!("/groups/{}", id(group)), arguments))
    }),
    ("Group.milestones", |_, group, arguments| {
        Ok(milestones(&format!("/groups/{}", id(group)), arguments))
    }),
    ("Group.groupMembers", |_, group, arguments| {
        let pairs = [("query", text(arguments, "search"))];
        Ok(list(address(
            &format!("/groups/{}/members/all", id(group)),
            &pairs,
        )))
    }),
    ("Group.dependencyProxySetting", dependency_proxy),
    ("Group.dependencyProxyBlobs", |cx, group, _| {
        Ok(cached(cx, group).map(blob_entry).collect())
    }),
    ("Group.dependencyProxyBlobCount", |cx, group, _| {
        Ok(json!(cached(cx, group).count()))
    }),
    ("Group.dependencyProxyTotalSize", |_, _, _| {
        Ok(json!("0 Bytes"))
    }),
    ("Label.title", |_, label, _| {
        Ok(label.get("name").cloned().unwrap_or_default())
    }),
];

fn namespace(cx: &mut Cx<'_>, project: &Value) -> Value {
    let namespace = project.get("namespace").cloned().unwrap_or_default();
    match namespace.get("kind").and_then(Value::as_str) {
        Some("group") => {
            let group = one(cx, &format!("/groups/{}", number(&namespace, "id")));
            super::query::of_group(group)
        }
        _ => json!({
            "id": gid("Namespaces::UserNamespace", number(&namespace, "id")),
            "name": namespace.get("name"),
            "path": namespace.get("path"),
            "fullPath": namespace.get("full_path"),
            "fullName": namespace.get("name"),
        }),
    }
}

fn group_of(cx: &mut Cx<'_>, project: &Value, _: &Arguments) -> Resolved {
    let namespace = project.get("namespace").cloned().unwrap_or_default();
    if namespace.get("kind").and_then(Value::as_str) != Some("group") {
        return Ok(Value::Null);
    }
    Ok(one(cx, &format!("/groups/{}", number(&namespace, "id"))))
}

fn level(cx: &Cx<'_>, project: &Value) -> u8 {
    let project = cx.world.projects.get(&id(project));
    project.map_or(0, |project| cx.level_in(project))
}

/// An access level in both of its spellings.
fn access(level: u8) -> Value {
    let name = match level {
        5 => "MINIMAL_ACCESS",
        10 => "GUEST",
        15 => "PLANNER",
        20 => "REPORTER",
        25 => "SECURITY_MANAGER",
        30 => "DEVELOPER",
        40 => "MAINTAINER",
        50 => "OWNER",
        60 => "ADMIN",
        _ => "NO_ACCESS",
    };
    json!({ "integerValue": level, "stringValue": name })
}

fn permissions(cx: &mut Cx<'_>, project: &Value, _: &Arguments) -> Resolved {
    let level = level(cx, project);
    Ok(json!({
        "readProject": true,
        "createIssue": level >= crate::world::access::GUEST,
        "pushCode": level >= crate::world::access::DEVELOPER,
        "adminProject": level >= crate::world::access::MAINTAINER,
    }))
}

fn user_of(member: &Value) -> Value {
    let mut user = member.clone();
    if let Value::Object(all) = &mut user {
        let id = all.remove("_id").unwrap_or_default();
        all.insert("id".to_owned(), id);
    }
    user
}

/// One issue or merge request of a project by `iid`.
fn below(cx: &mut Cx<'_>, project: &Value, kind: &str, arguments: &Arguments) -> Value {
    let iid: Option<u64> = text(arguments, "iid").and_then(|iid| iid.parse().ok());
    iid.map_or(Value::Null, |iid| {
        one(cx, &format!("/projects/{}/{kind}/{iid}", id(project)))
    })
}

fn issues_of_project(cx: &mut Cx<'_>, project: &Value, arguments: &Arguments) -> Resolved {
    let ids = work_items::wanted(cx, Some(Place::Project(id(project))), arguments)?;
    Ok(issue_rows(ids))
}

fn issues_of_group(cx: &mut Cx<'_>, group: &Value, arguments: &Arguments) -> Resolved {
    let ids = work_items::wanted(cx, Some(Place::Group(id(group))), arguments)?;
    Ok(issue_rows(ids))
}

fn issues_of_namespace(cx: &mut Cx<'_>, parent: &Value, arguments: &Arguments) -> Resolved {
    let place = match (number(parent, "_project"), number(parent, "_group")) {
        (0, 0) => return Ok(json!([])),
        (0, group) => Place::Group(group),
        (project, _) => Place::Project(project),
    };
    Ok(issue_rows(work_items::wanted(cx, Some(place), arguments)?))
}

fn merge_requests(place: &str, arguments: &Arguments) -> Value {
    let labels = texts(arguments, "labels").map(|names| names.join(","));
    let mut pairs = vec![
        ("scope", Some("all")),
        ("state", text(arguments, "state")),
        ("author_username", text(arguments, "authorUsername")),
        ("assignee_username", text(arguments, "assigneeUsername")),
        ("reviewer_username", text(arguments, "reviewerUsername")),
        ("labels", labels.as_deref()),
    ];
    let iids = texts(arguments, "iids").unwrap_or_default();
    let sources = texts(arguments, "sourceBranches").unwrap_or_default();
    let targets = texts(arguments, "targetBranches").unwrap_or_default();
    pairs.extend(iids.iter().map(|iid| ("iids[]", Some(iid.as_str()))));
    pairs.extend(
        sources
            .iter()
            .take(1)
            .map(|name| ("source_branch", Some(name.as_str()))),
    );
    pairs.extend(
        targets
            .iter()
            .take(1)
            .map(|name| ("target_branch", Some(name.as_str()))),
    );
    list(address(&format!("{place}/merge_requests"), &pairs))
}

fn labels(place: &str, arguments: &Arguments) -> Value {
    let search = text(arguments, "searchTerm").or_else(|| text(arguments, "title"));
    let above = arguments
        .get("includeAncestorGroups")
        .and_then(Value::as_bool);
    let above = if above == Some(true) { "true" } else { "false" };
    let pairs = [("search", search), ("include_ancestor_groups", Some(above))];
    list(address(&format!("{place}/labels"), &pairs))
}

fn milestones(place: &str, arguments: &Arguments) -> Value {
    let state = text(arguments, "state");
    let pairs = [
        ("state", state),
        ("title", text(arguments, "title")),
        ("search", text(arguments, "searchTitle")),
    ];
    list(address(&format!("{place}/milestones"), &pairs))
}

fn projects_of(group: u64, arguments: &Arguments) -> Value {
    let inside = arguments.get("includeSubgroups").and_then(Value::as_bool);
    let inside = if inside == Some(true) {
        "true"
    } else {
        "false"
    };
    let pairs = [
        ("search", text(arguments, "search")),
        ("include_subgroups", Some(inside)),
    ];
    list(address(&format!("/groups/{group}/projects"), &pairs))
}

fn branch_names(cx: &mut Cx<'_>, parent: &Value, arguments: &Arguments) -> Resolved {
    let wanted = text(arguments, "searchPattern").unwrap_or("*");
    let size = |name: &str| usize::try_from(number(&json!(arguments), name)).unwrap_or(0);
    let repository = cx.world.repositories.get(&number(parent, "_project"));
    let names = repository.into_iter().flat_map(|one| one.branches.keys());
    let names = names.filter(|name| crate::glob::star(wanted, name));
    Ok(json!(
        names
            .skip(size("offset"))
            .take(size("limit").min(100))
            .collect::<Vec<_>>()
    ))
}

fn blobs(cx: &mut Cx<'_>, parent: &Value, arguments: &Arguments) -> Resolved {
    let project = number(parent, "_project");
    let reference = text(arguments, "ref").unwrap_or("HEAD").to_owned();
    let mut rows = Vec::new();
    for path in texts(arguments, "paths")
        .unwrap_or_default()
        .into_iter()
        .take(100)
    {
        let address = format!("/projects/{project}/repository/files/{}", segment(&path));
        let file = one(
            cx,
            &super::resolvers::address(&address, &[("ref", Some(&reference))]),
        );
        if file.is_null() {
            continue;
        }
        let content = file
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(content);
        let content = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        rows.push(json!({
            "id": gid("Gitlab::Graphql::Representation::TreeEntry", 0),
            "oid": file.get("blob_id"),
            "name": file.get("file_name"),
            "path": path,
            "size": file.get("size").map(ToString::to_string),
            "rawBlob": content,
            "rawTextBlob": content,
            "lastCommitSha": file.get("last_commit_id"),
            "mode": "100644",
        }));
    }
    Ok(Value::Array(rows))
}

fn cached<'a>(cx: &'a Cx<'_>, group: &Value) -> impl Iterator<Item = &'a CachedBlob> {
    let proxy = cx.world.dependency_proxies.get(&id(group));
    proxy.into_iter().flat_map(|proxy| &proxy.blobs)
}

fn blob_entry(blob: &CachedBlob) -> Value {
    json!({
        "fileName": blob.file_name,
        "size": blob.size.to_string(),
        "createdAt": blob.created_at,
        "updatedAt": blob.created_at,
    })
}

fn dependency_proxy(cx: &mut Cx<'_>, group: &Value, _: &Arguments) -> Resolved {
    let proxy = cx.world.dependency_proxies.get(&id(group));
    Ok(json!({
        "enabled": proxy.is_none_or(|proxy| proxy.enabled),
        "identity": proxy.and_then(|proxy| proxy.identity.clone()),
    }))
}

/// The number of a project in an argument that is a global id.
pub(super) fn number_in(id: &str) -> Option<u64> {
    number_of(id, &["Project"])
}
