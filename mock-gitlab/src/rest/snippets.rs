//! Snippets, personal and of projects. <https://docs.gitlab.com/api/snippets/>

mod files;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::users::basic_by_id;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{GUEST, MAINTAINER, REPORTER};
use crate::world::{Home, Project, Record, Visibility};

pub(super) const KIND: &str = "snippet";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("snippets", own).also(&["read_user"]);
    table.get("snippets/public", public);
    table.get("snippets/all", all);
    table.get("projects/:id/snippets", of_project);
    table.post("snippets", create);
    table.post("projects/:id/snippets", create);
    for one in ["snippets/:snippet_id", "projects/:id/snippets/:snippet_id"] {
        table.get(one, get);
        table.put(one, update);
        table.delete(one, delete);
        table.get(&format!("{one}/raw"), files::first);
        table.get(&format!("{one}/files/:ref/:file_path/raw"), files::one);
        table.get(&format!("{one}/user_agent_detail"), user_agent);
    }
}

/// Whether the caller may see a snippet.
fn sees(cx: &Cx<'_>, snippet: &Record) -> bool {
    if cx.is_admin() || cx.caller.user == Some(snippet.author) {
        return true;
    }
    let visibility = Visibility::parse(snippet.text("visibility"));
    let open = match visibility {
        Some(Visibility::Public) => true,
        Some(Visibility::Internal) => cx.caller.user.is_some(),
        _ => false,
    };
    match snippet.home {
        Home::Project(id) => cx.world.projects.get(&id).is_some_and(|project| {
            let member = cx.level_in(project) >= GUEST;
            cx.sees_project(project) && (open || member)
        }),
        _ => open,
    }
}

fn changes(cx: &Cx<'_>, snippet: &Record) -> bool {
    if cx.is_admin() || cx.caller.user == Some(snippet.author) {
        return true;
    }
    match snippet.home {
        Home::Project(id) => {
            let project = cx.world.projects.get(&id);
            project.is_some_and(|project| cx.level_in(project) >= MAINTAINER)
        }
        _ => false,
    }
}

/// The snippet of the path, visible to the caller.
pub(crate) fn find(cx: &Cx<'_>) -> Result<Record, ApiError> {
    let hidden = || ApiError::not_found("Snippet");
    let home = if cx.path.get("id").is_empty() {
        None
    } else {
        Some(Home::Project(cx.project()?.id))
    };
    let id = cx.number("snippet_id", "Snippet")?;
    let snippet = cx.world.record(KIND, id).ok_or_else(hidden)?;
    let fits = match home {
        Some(home) => snippet.home == home,
        None => matches!(snippet.home, Home::User(_)),
    };
    if fits && sees(cx, snippet) {
        Ok(snippet.clone())
    } else {
        Err(hidden())
    }
}

/// How a snippet looks from outside.
fn entity(cx: &Cx<'_>, snippet: &Record) -> Value {
    let (project, path) = match snippet.home {
        Home::Project(id) => {
            let project = cx.world.projects.get(&id);
            let path = project.map_or_else(String::new, |one| cx.world.project_path(one));
            (Some(id), format!("/{path}/-/snippets/{}", snippet.id))
        }
        _ => (None, format!("/-/snippets/{}", snippet.id)),
    };
    let url = cx.site.url(&path);
    let files = files::of(snippet);
    let listed: Vec<Value> = files
        .iter()
        .map(|(path, _)| json!({ "path": path, "raw_url": format!("{url}/raw/main/{path}") }))
        .collect();
    json!({
        "id": snippet.id,
        "title": snippet.text("title"),
        "description": snippet.fields.get("description"),
        "visibility": snippet.text("visibility"),
        "author": basic_by_id(cx, snippet.author),
        "created_at": snippet.created_at,
        "updated_at": snippet.updated_at,
        "project_id": project,
        "web_url": url,
        "raw_url": format!("{url}/raw"),
        "ssh_url_to_repo": format!("git@{}:snippets/{}.git", cx.site.host(), snippet.id),
        "http_url_to_repo": format!("{}.git", cx.site.url(&format!("/snippets/{}", snippet.id))),
        "file_name": files.first().map_or("", |(path, _)| path.as_str()),
        "files": listed,
        "imported": false,
        "imported_from": "none",
        "repository_storage": "default",
    })
}

fn answer(cx: &Cx<'_>, fits: impl Fn(&Record) -> bool) -> Result<Answer, ApiError> {
    let after = cx.params.time("created_after")?;
    let before = cx.params.time("created_before")?;
    let rows = cx.world.records_of_kind(KIND).rev().filter(|snippet| {
        fits(snippet)
            && sees(cx, snippet)
            && after.is_none_or(|bound| snippet.created_at >= bound)
            && before.is_none_or(|bound| snippet.created_at <= bound)
    });
    let rows: Vec<&Record> = rows.collect();
    pagination::offset(cx, &rows, |snippet| entity(cx, snippet))
}

fn own(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?.id;
    answer(cx, |snippet| snippet.author == user)
}

fn public(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    answer(cx, |snippet| {
        matches!(snippet.home, Home::User(_)) && snippet.text("visibility") == "public"
    })
}

fn all(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    answer(cx, |_| true)
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = enabled_project(cx)?;
    answer(cx, |snippet| snippet.home == Home::Project(project.id))
}

/// Snippets can be switched off for a project.
fn enabled_project(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    let off = project.settings.get("snippets_enabled") == Some(&json!(false))
        || project.settings.get("snippets_access_level") == Some(&json!("disabled"));
    if off {
        Err(ApiError::forbidden())
    } else {
        Ok(project)
    }
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let snippet = find(cx)?;
    Ok(Answer::json(&entity(cx, &snippet)))
}

fn visibility(cx: &Cx<'_>) -> Result<Option<&'static str>, ApiError> {
    cx.params
        .choice("visibility", &["private", "internal", "public"])
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let user = cx.user()?;
    let home = if cx.path.get("id").is_empty() {
        Home::User(user.id)
    } else {
        let project = enabled_project(cx)?;
        // Reporters and above write snippets.
        let level = cx.level_in(&project);
        if level < REPORTER {
            return Err(ApiError::forbidden());
        }
        Home::Project(project.id)
    };
    let title = cx.params.required("title")?;
    let files = files::given(cx)?;
    let mut fields = Fields::new();
    fields.insert("title".to_owned(), json!(title));
    fields.insert(
        "description".to_owned(),
        json!(cx.params.text("description")),
    );
    let visibility = visibility(cx)?.unwrap_or("internal");
    fields.insert("visibility".to_owned(), json!(visibility));
    let id = cx.world.add_record(KIND, home, fields, user.id, cx.now);
    let snippet = cx.world.record_mut(KIND, id).ok_or_else(ApiError::gone)?;
    files::store(snippet, &files);
    let snippet = snippet.clone();
    Ok(Answer::created(&entity(cx, &snippet)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let mut snippet = find(cx)?;
    if !changes(cx, &snippet) {
        return Err(ApiError::forbidden());
    }
    if let Some(title) = cx.params.filled("title") {
        snippet.set("title", title);
    }
    if cx.params.has("description") {
        snippet.set("description", json!(cx.params.text("description")));
    }
    if let Some(visibility) = visibility(cx)? {
        snippet.set("visibility", visibility);
    }
    let files = files::changed(cx, files::of(&snippet))?;
    files::store(&mut snippet, &files);
    snippet.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &snippet));
    cx.world.records.insert((KIND, snippet.id), snippet);
    Ok(answer)
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let snippet = find(cx)?;
    if !changes(cx, &snippet) {
        return Err(ApiError::forbidden());
    }
    cx.world.remove_record(KIND, snippet.id);
    let noteable = crate::world::Noteable::Snippet(snippet.id);
    cx.world.remove_notes_on(&noteable);
    Ok(Answer::no_content())
}

/// Kept only by instances that check for spam.
fn user_agent(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    find(cx)?;
    if cx.is_admin() {
        Err(ApiError::not_found("UserAgentDetail"))
    } else {
        Err(ApiError::forbidden())
    }
}
