//! The caller's to-do list. <https://docs.gitlab.com/api/todos/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::{issues, merge_requests, projects, users};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::{Namespace, Noteable, Todo};

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("todos", list);
    table.post("todos/:todo_id/mark_as_done", mark_one);
    table.post("todos/mark_as_done", mark_all);
}

fn entity(cx: &Cx<'_>, todo: &Todo) -> Value {
    let (kind, target) = match &todo.target {
        Noteable::Issue(id) => (
            "Issue",
            cx.world.issues.get(id).map(|i| issues::entity(cx, i)),
        ),
        Noteable::MergeRequest(id) => {
            let mr = cx.world.merge_requests.get(id);
            ("MergeRequest", mr.map(|mr| merge_requests::entity(cx, mr)))
        }
        Noteable::Commit(_, sha) => ("Commit", Some(json!({ "id": sha }))),
        Noteable::Snippet(id) => ("Snippet", Some(json!({ "id": id }))),
        Noteable::Epic(id) => ("Epic", Some(json!({ "id": id }))),
    };
    let url = target
        .as_ref()
        .and_then(|target| target.get("web_url").cloned());
    let project = cx.world.projects.get(&todo.project);
    json!({
        "id": todo.id,
        "project": project.map(|project| projects::short(cx, project)),
        "author": users::basic_by_id(cx, todo.author),
        "action_name": todo.action,
        "target_type": kind,
        "target": target,
        "target_url": url,
        "body": todo.body,
        "state": if todo.done { "done" } else { "pending" },
        "created_at": todo.created_at,
        "updated_at": todo.created_at,
    })
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let params = &cx.params;
    let done = params.choice("state", &["pending", "done"])? == Some("done");
    let action = params.filled("action");
    let (author, project) = (params.id("author_id")?, params.id("project_id")?);
    let group = params.id("group_id")?;
    let kind = params.filled("type");
    let below = |project: u64, group: u64| {
        cx.world
            .projects
            .get(&project)
            .is_some_and(|project| match project.namespace {
                Namespace::Group(id) => cx.world.lies_below(id, group),
                Namespace::User(_) => false,
            })
    };
    let fits = |todo: &&Todo| {
        let name = match todo.target {
            Noteable::Issue(_) => "Issue",
            Noteable::MergeRequest(_) => "MergeRequest",
            Noteable::Commit(..) => "Commit",
            Noteable::Snippet(_) => "Snippet",
            Noteable::Epic(_) => "Epic",
        };
        todo.user == user.id
            && todo.done == done
            && action.as_ref().is_none_or(|action| todo.action == *action)
            && author.is_none_or(|id| todo.author == id)
            && project.is_none_or(|id| todo.project == id)
            && group.is_none_or(|id| below(todo.project, id))
            && kind.as_ref().is_none_or(|kind| kind == name)
    };
    let mut found: Vec<&Todo> = cx.world.todos.values().filter(fits).collect();
    found.reverse();
    pagination::offset(cx, &found, |todo| entity(cx, todo))
}

fn mark_one(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let id = cx.number("todo_id", "Todo")?;
    let todo = cx
        .world
        .todos
        .get_mut(&id)
        .filter(|todo| todo.user == user.id);
    let todo = todo.ok_or_else(|| ApiError::not_found("Todo"))?;
    todo.done = true;
    let todo = todo.clone();
    Ok(Answer::created(&entity(cx, &todo)))
}

fn mark_all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    for todo in cx
        .world
        .todos
        .values_mut()
        .filter(|todo| todo.user == user.id)
    {
        todo.done = true;
    }
    Ok(Answer::no_content())
}
