//! Releases. <https://docs.gitlab.com/api/releases/>

mod entity;
mod links;

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::repositories::revision;
use super::conventions::resources::Fields;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::DEVELOPER;
use crate::world::repository::Tag;
use crate::world::{Home, Project, Record};
use entity::entity;

const KIND: &str = "release";

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("projects/:id/releases", list).job_token();
    table.post("projects/:id/releases", create).job_token();
    let one = "projects/:id/releases/:tag_name";
    table.get(one, get).job_token();
    table.put(one, update).job_token();
    table.delete(one, delete).job_token();
    table.post(&format!("{one}/evidence"), collect_evidence);
    table.get("projects/:id/releases/permalink/latest", latest);
    table.get("projects/:id/releases/permalink/latest/*rest", latest);
    table.get(&format!("{one}/downloads/*path"), links::download);
    table.get("groups/:id/releases", of_group);
    links::routes(table);
}

/// The release of the path's tag, in a project whose code the caller may read.
fn find(cx: &Cx<'_>) -> Result<(Project, Record), ApiError> {
    let project = cx.readable_project()?;
    let tag = cx.path.get("tag_name");
    let release = of_tag(cx, &project, tag).cloned();
    // Who may see the code learns that there is none; it is not said which part is missing.
    let release = release.ok_or_else(ApiError::gone)?;
    Ok((project, release))
}

fn of_tag<'a>(cx: &'a Cx<'_>, project: &Project, tag: &str) -> Option<&'a Record> {
    cx.world
        .records_in(KIND, Home::Project(project.id))
        .find(|release| release.text("tag_name") == tag)
}

fn sorted<'a>(cx: &Cx<'_>, mut rows: Vec<&'a Record>) -> Result<Vec<&'a Record>, ApiError> {
    let order = cx
        .params
        .choice("order_by", &["released_at", "created_at"])?;
    if order == Some("created_at") {
        rows.sort_by_key(|release| (release.created_at, release.id));
    } else {
        rows.sort_by(|one, two| {
            let key = |row: &Record| (row.text("released_at").to_owned(), row.id);
            key(one).cmp(&key(two))
        });
    }
    if !cx.params.ascending(false)? {
        rows.reverse();
    }
    Ok(rows)
}

fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = sorted(cx, rows.collect())?;
    pagination::offset(cx, &rows, |release| entity(cx, &project, release))
}

fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let projects: Vec<Project> = cx
        .world
        .projects_below(group.id)
        .filter(|project| cx.reads_code(project))
        .cloned()
        .collect();
    let place = |release: &Record| {
        projects
            .iter()
            .find(|project| release.home == Home::Project(project.id))
    };
    let rows = cx.world.records_of_kind(KIND);
    let rows = sorted(cx, rows.filter(|row| place(row).is_some()).collect())?;
    pagination::offset(cx, &rows, |release| {
        place(release).map_or(Value::Null, |project| entity(cx, project, release))
    })
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let (project, release) = find(cx)?;
    Ok(Answer::json(&entity(cx, &project, &release)))
}

/// Redirects to the newest release.
fn latest(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    let rows = cx.world.records_in(KIND, Home::Project(project.id));
    let rows = sorted(cx, rows.collect())?;
    let newest = rows.first().ok_or_else(ApiError::gone)?;
    let tag = percent_encoding::utf8_percent_encode(
        newest.text("tag_name"),
        percent_encoding::NON_ALPHANUMERIC,
    );
    let rest = cx.path.get("rest");
    let slash = if rest.is_empty() { "" } else { "/" };
    let path = format!("/projects/{}/releases/{tag}{slash}{rest}", project.id);
    Ok(Answer::redirect(302, cx.site.api_url(&path)))
}

/// Ids of the milestones a request names.
fn milestones(cx: &Cx<'_>, project: &Project) -> Result<Option<Value>, ApiError> {
    let Some(titles) = cx.params.list("milestones") else {
        return Ok(cx.params.has("milestones").then(|| json!([])));
    };
    let mut ids = Vec::new();
    for title in titles {
        let owner = crate::world::Owner::Project(project.id);
        let found = cx
            .world
            .milestones
            .values()
            .find(|milestone| milestone.title == title && milestone.owner == owner);
        let missing = || ApiError::bad_request(&format!("Milestone(s) not found: {title}"));
        ids.push(found.ok_or_else(missing)?.id);
    }
    Ok(Some(json!(ids)))
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.readable_project()?;
    cx.require(&project, DEVELOPER)?;
    let user = cx.user()?;
    let tag = cx.params.required("tag_name")?;
    if of_tag(cx, &project, &tag).is_some() {
        return Err(ApiError::conflict("Release already exists"));
    }
    make_tag(cx, &project, &tag)?;
    let released_at = cx.params.time("released_at")?.unwrap_or(cx.now);
    let mut fields = Fields::new();
    let name = cx.params.filled("name").unwrap_or_else(|| tag.clone());
    fields.insert("tag_name".to_owned(), json!(tag));
    fields.insert("name".to_owned(), json!(name));
    fields.insert(
        "description".to_owned(),
        json!(cx.params.text("description")),
    );
    fields.insert("released_at".to_owned(), json!(released_at));
    let milestones = milestones(cx, &project)?.unwrap_or_else(|| json!([]));
    fields.insert("milestones".to_owned(), milestones);
    let assets = cx.params.object("assets");
    let links = assets.and_then(|assets| assets.objects("links"));
    let links: Result<Vec<Fields>, ApiError> = links
        .unwrap_or_default()
        .iter()
        .map(links::fields)
        .collect();
    let links = links?;
    let id = cx
        .world
        .add_record(KIND, Home::Project(project.id), fields, user.id, cx.now);
    for link in links {
        let home = Home::Record(KIND, id);
        cx.world
            .add_record(links::KIND, home, link, user.id, cx.now);
    }
    let release = cx.world.record(KIND, id).ok_or_else(ApiError::gone)?;
    Ok(Answer::created(&entity(cx, &project, release)))
}

/// The tag must be there, or a `ref` to make it from.
fn make_tag(cx: &mut Cx<'_>, project: &Project, tag: &str) -> Result<(), ApiError> {
    let person = cx.person(&cx.user()?);
    let message = cx.params.filled("tag_message");
    let name = cx.params.filled("ref");
    let repository = cx.repository(project)?;
    if repository.tags.contains_key(tag) {
        return Ok(());
    }
    let name = name.ok_or_else(|| ApiError::bad_request("Ref is not specified"))?;
    if !super::branches::is_valid_name(tag) {
        return Err(ApiError::message(422, "Tag name invalid"));
    }
    let commit = revision(repository, &name, "Ref")
        .map_err(|_| ApiError::bad_request(&format!("Target {name} is invalid")))?;
    let made = Tag {
        commit: commit.id.clone(),
        tagger: message.is_some().then_some(person),
        message,
        signature: None,
    };
    cx.repository_mut(project)?
        .tags
        .insert(tag.to_owned(), made);
    Ok(())
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let (_, mut release) = find(cx)?;
    let given = [
        "name",
        "description",
        "released_at",
        "milestones",
        "milestone_ids",
    ];
    if !given.iter().any(|name| cx.params.has(name)) {
        let text = format!(
            "{} are missing, at least one parameter must be provided",
            given.join(", ")
        );
        return Err(ApiError::error(400, &text));
    }
    if let Some(name) = cx.params.filled("name") {
        release.set("name", name);
    }
    if cx.params.has("description") {
        release.set("description", json!(cx.params.text("description")));
    }
    if let Some(at) = cx.params.time("released_at")? {
        release.set("released_at", json!(at));
    }
    if let Some(milestones) = milestones(cx, &project)? {
        release.set("milestones", milestones);
    }
    release.updated_at = cx.now;
    let answer = Answer::json(&entity(cx, &project, &release));
    cx.world.records.insert((KIND, release.id), release);
    Ok(answer)
}

/// The tag stays.
fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let (_, release) = find(cx)?;
    let gone = entity(cx, &project, &release);
    cx.world.remove_record(KIND, release.id);
    Ok(Answer::json(&gone))
}

fn collect_evidence(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let (_, mut release) = find(cx)?;
    let sha = cx.world.ids.hex("evidence", 64);
    let mut all = release
        .fields
        .get("evidences")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let path = cx.world.project_path(&project);
    let address = format!(
        "/{path}/-/releases/{}/evidences/{}.json",
        release.text("tag_name"),
        all.len() + 1
    );
    all.push(json!({
        "sha": sha, "filepath": cx.site.url(&address), "collected_at": cx.now,
    }));
    release.set("evidences", Value::Array(all));
    cx.world.records.insert((KIND, release.id), release);
    Ok(Answer::json_with(
        202,
        &json!({ "message": "202 Accepted" }),
    ))
}
