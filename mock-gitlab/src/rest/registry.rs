//! The container registry: image repositories and their tags. Images come from
//! `docker push` at GitLab; here a test puts them into the world
//! ([`World::push_image`](crate::world::World::push_image)).
//! <https://docs.gitlab.com/api/container_registry/>

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER, REPORTER};
use crate::world::{Home, Project, Record, Visibility};
use regex::Regex;

const KIND: &str = "image repository";
const TAG: &str = "image tag";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/registry/repositories", of_project);
    table.get("groups/:id/registry/repositories", of_group);
    table.get("registry/repositories/:repository_id", by_id);
    let one = "projects/:id/registry/repositories/:repository_id";
    table.delete(one, delete);
    table.get(&format!("{one}/tags"), tags);
    table.delete(&format!("{one}/tags"), delete_tags);
    table.get(&format!("{one}/tags/:tag_name"), tag);
    table.delete(&format!("{one}/tags/:tag_name"), delete_tag);
}

fn readable(cx: &Cx<'_>) -> Result<Project, ApiError> {
    let project = cx.project()?;
    if sees(cx, &project) {
        Ok(project)
    } else {
        Err(ApiError::forbidden())
    }
}

fn sees(cx: &Cx<'_>, project: &Project) -> bool {
    match project.visibility {
        Visibility::Private => cx.level_in(project) >= REPORTER,
        _ => cx.sees_project(project),
    }
}

fn entity(cx: &Cx<'_>, repository: &Record) -> Result<Value, ApiError> {
    let Home::Project(id) = repository.home else {
        return Ok(Value::Null);
    };
    let name = repository.text("name");
    let project = cx.world.projects.get(&id);
    let mut path = project.map_or_else(String::new, |one| cx.world.project_path(one));
    if !name.is_empty() {
        path = format!("{path}/{name}");
    }
    let tags: Vec<&Record> = tags_of(cx, repository);
    let mut value = json!({
        "id": repository.id,
        "name": name,
        "path": path,
        "project_id": id,
        "location": format!("registry.{}/{path}", cx.site.host()),
        "created_at": repository.created_at,
        "cleanup_policy_started_at": null,
        "status": null,
    });
    if let Value::Object(all) = &mut value {
        if cx.params.is_set("tags_count")? {
            all.insert("tags_count".to_owned(), json!(tags.len()));
        }
        if cx.params.is_set("tags")? {
            let location = format!("registry.{}/{path}", cx.site.host());
            let short = tags.iter().map(|tag| short(tag, &path, &location));
            all.insert("tags".to_owned(), short.collect());
        }
    }
    Ok(value)
}

fn tags_of<'a>(cx: &'a Cx<'_>, repository: &Record) -> Vec<&'a Record> {
    let tags = cx.world.records_in(TAG, Home::Record(KIND, repository.id));
    let mut tags: Vec<&Record> = tags.collect();
    tags.sort_by_key(|tag| tag.text("name"));
    tags
}

fn short(tag: &Record, path: &str, location: &str) -> Value {
    let name = tag.text("name");
    json!({
        "name": name,
        "path": format!("{path}:{name}"),
        "location": format!("{location}:{name}"),
    })
}

fn page(cx: &Cx<'_>, rows: &[&Record]) -> Result<Answer, ApiError> {
    // The parameters are looked at before the first row, so that none is no excuse.
    cx.params.is_set("tags")?;
    cx.params.is_set("tags_count")?;
    pagination::offset(cx, rows, |one| entity(cx, one).unwrap_or(Value::Null))
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows: Vec<&Record> = rows.collect();
    page(cx, &rows)
}

fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let projects = cx.world.projects_below(group.id);
    let projects = projects.filter(|project| sees(cx, project));
    let projects: Vec<u64> = projects.map(|project| project.id).collect();
    let rows = cx.world.records_of_kind(KIND);
    let rows = rows.filter(|one| matches!(one.home, Home::Project(id) if projects.contains(&id)));
    let rows: Vec<&Record> = rows.collect();
    page(cx, &rows)
}

fn by_id(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let hidden = || ApiError::not_found("Container Repository");
    let id = cx.number("repository_id", "Container Repository")?;
    let found = cx.world.record(KIND, id).ok_or_else(hidden)?;
    let project = match found.home {
        Home::Project(id) => cx.world.projects.get(&id),
        _ => None,
    };
    if !project.is_some_and(|project| sees(cx, project)) {
        return Err(hidden());
    }
    Ok(Answer::json(&entity(cx, found)?))
}

fn find(cx: &Cx<'_>, project: &Project) -> Result<Record, ApiError> {
    let id = cx.number("repository_id", "Repository")?;
    let found = cx.world.record(KIND, id);
    let found = found.filter(|one| one.home == Home::Project(project.id));
    found
        .cloned()
        .ok_or_else(|| ApiError::not_found("Repository"))
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let repository = find(cx, &project)?;
    cx.world.remove_record(KIND, repository.id);
    Ok(Answer::json_with(202, &json!(202)))
}

fn place(cx: &Cx<'_>, project: &Project, repository: &Record) -> (String, String) {
    let path = cx.world.project_path(project);
    let path = match repository.text("name") {
        "" => path,
        name => format!("{path}/{name}"),
    };
    let location = format!("registry.{}/{path}", cx.site.host());
    (path, location)
}

fn tags(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let repository = find(cx, &project)?;
    let (path, location) = place(cx, &project, &repository);
    let rows = tags_of(cx, &repository);
    if cx.params.text("pagination").as_deref() == Some("keyset") {
        let cursor = |tag: &&Record| tag.text("name").to_owned();
        return pagination::by_cursor(cx, &rows, "last", cursor, |tag| {
            short(tag, &path, &location)
        });
    }
    pagination::offset(cx, &rows, |tag| short(tag, &path, &location))
}

fn find_tag(cx: &Cx<'_>, repository: &Record) -> Result<Record, ApiError> {
    let name = cx.path.get("tag_name");
    let tags = tags_of(cx, repository);
    let found = tags.into_iter().find(|tag| tag.text("name") == name);
    found.cloned().ok_or_else(|| ApiError::not_found("Tag"))
}

fn tag(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = readable(cx)?;
    let repository = find(cx, &project)?;
    let (path, location) = place(cx, &project, &repository);
    let tag = find_tag(cx, &repository)?;
    let mut value = short(&tag, &path, &location);
    if let Value::Object(all) = &mut value {
        let revision = tag.text("digest");
        all.insert("revision".to_owned(), json!(revision));
        all.insert("short_revision".to_owned(), json!(revision.get(..9)));
        let digest = format!("sha256:{revision}");
        all.insert("digest".to_owned(), json!(digest));
        all.insert("created_at".to_owned(), json!(tag.created_at));
        all.insert("total_size".to_owned(), json!(tag.number("total_size")));
    }
    Ok(Answer::json(&value))
}

fn delete_tag(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let repository = find(cx, &project)?;
    let tag = find_tag(cx, &repository)?;
    cx.world.remove_record(TAG, tag.id);
    Ok(Answer::json(&json!(200)))
}

/// Those whose whole name fits `name_regex_delete`, but `latest` and what `name_regex_keep`,
/// `keep_n` and `older_than` keep.
fn delete_tags(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let repository = find(cx, &project)?;
    let regex = |name: &str| match cx.params.filled(name) {
        None => Ok(None),
        Some(text) => Regex::new(&format!("^(?:{text})$"))
            .map(Some)
            .map_err(|_| ApiError::error(400, &format!("{name} is an invalid regexp"))),
    };
    let delete = match regex("name_regex_delete")? {
        Some(regex) => regex,
        None => regex("name_regex")?.ok_or_else(|| ApiError::missing("name_regex_delete"))?,
    };
    let keep = regex("name_regex_keep")?;
    let keep_n = cx.params.id("keep_n")?.unwrap_or(0);
    let older_than = match cx.params.filled("older_than") {
        None => None,
        Some(text) => Some(age(&text).ok_or_else(|| ApiError::invalid("older_than"))?),
    };
    let mut tags = tags_of(cx, &repository);
    tags.retain(|tag| {
        let name = tag.text("name");
        name != "latest"
            && delete.is_match(name)
            && !keep.as_ref().is_some_and(|keep| keep.is_match(name))
    });
    tags.sort_by_key(|tag| (tag.created_at, tag.id));
    let kept = usize::try_from(keep_n).unwrap_or(usize::MAX);
    tags.truncate(tags.len().saturating_sub(kept));
    let bound = older_than.map(|age| cx.now.minus(age));
    let old = tags
        .iter()
        .filter(|tag| bound.is_none_or(|bound| tag.created_at < bound));
    let gone: Vec<u64> = old.map(|tag| tag.id).collect();
    for id in gone {
        cx.world.remove_record(TAG, id);
    }
    Ok(Answer::json_with(202, &json!(202)))
}

/// `7d`, `12h`, `1month`.
fn age(text: &str) -> Option<std::time::Duration> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: u64 = text.get(..letters)?.trim().parse().ok()?;
    let seconds = match text.get(letters..)?.trim() {
        "h" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        "month" | "months" => 2_592_000,
        _ => return None,
    };
    number
        .checked_mul(seconds)
        .map(std::time::Duration::from_secs)
}
