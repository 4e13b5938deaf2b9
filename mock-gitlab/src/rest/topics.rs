//! Topics of the instance. <https://docs.gitlab.com/api/topics/>

use serde_json::{Value, json};

use super::avatars;
use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::Topic;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("topics", list);
    table.post("topics", create);
    table.get("topics/:topic_id", get);
    table.put("topics/:topic_id", update);
    table.delete("topics/:topic_id", delete);
    table.post("topics/merge", merge);
}

fn entity(cx: &Cx<'_>, topic: &Topic) -> Value {
    json!({
        "id": topic.id,
        "name": topic.name,
        "title": topic.title,
        "description": topic.description,
        "total_projects_count": projects(cx, &topic.name),
        "organization_id": 1,
        "avatar_url": avatars::url(cx.site, "topic", topic.id, topic.avatar.as_ref()),
    })
}

fn projects(cx: &Cx<'_>, name: &str) -> usize {
    let projects = cx.world.projects.values();
    let has = |topics: &[String]| topics.iter().any(|topic| topic == name);
    projects.filter(|project| has(&project.topics)).count()
}

/// The most used first.
fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let unused = cx.params.is_set("without_projects")?;
    let fits = |topic: &&Topic| {
        let named = topic.name.to_lowercase().contains(&search)
            || topic.title.to_lowercase().contains(&search);
        named && (!unused || projects(cx, &topic.name) == 0)
    };
    let mut found: Vec<&Topic> = cx.world.topics.values().filter(fits).collect();
    found.sort_by_key(|topic| (std::cmp::Reverse(projects(cx, &topic.name)), topic.id));
    pagination::offset(cx, &found, |topic| entity(cx, topic))
}

fn find(cx: &Cx<'_>, id: u64) -> Result<Topic, ApiError> {
    let found = cx.world.topics.get(&id).cloned();
    found.ok_or_else(|| ApiError::not_found("Topic"))
}

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let topic = find(cx, cx.number("topic_id", "Topic")?)?;
    Ok(Answer::json(&entity(cx, &topic)))
}

/// Names are unique whatever their case; the title may not be blank.
fn check(cx: &Cx<'_>, topic: &Topic) -> Result<(), ApiError> {
    let mut others = cx
        .world
        .topics
        .values()
        .filter(|other| other.id != topic.id);
    if others.any(|other| other.name.eq_ignore_ascii_case(&topic.name)) {
        return Err(ApiError::validation("name", "has already been taken"));
    }
    if topic.name.len() > 255 {
        return Err(ApiError::validation(
            "name",
            "is too long (maximum is 255 characters)",
        ));
    }
    Ok(())
}

fn create(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let topic = Topic {
        id: 0,
        name: cx.params.required("name")?,
        title: cx.params.required("title")?,
        description: cx.params.text("description"),
        avatar: avatars::changed(cx, None)?,
    };
    check(cx, &topic)?;
    let topic = Topic {
        id: cx.world.next_id("topic"),
        ..topic
    };
    cx.world.topics.insert(topic.id, topic.clone());
    Ok(Answer::created(&entity(cx, &topic)))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let mut topic = find(cx, cx.number("topic_id", "Topic")?)?;
    let former = topic.name.clone();
    topic.name = cx.params.filled("name").unwrap_or(topic.name);
    topic.title = cx.params.filled("title").unwrap_or(topic.title);
    if cx.params.has("description") {
        topic.description = cx.params.text("description");
    }
    topic.avatar = avatars::changed(cx, topic.avatar)?;
    check(cx, &topic)?;
    rename(cx, &former, &topic.name);
    cx.world.topics.insert(topic.id, topic.clone());
    Ok(Answer::json(&entity(cx, &topic)))
}

/// Projects carry topics by name.
fn rename(cx: &mut Cx<'_>, former: &str, name: &str) {
    for project in cx.world.projects.values_mut() {
        if former == name || !project.topics.iter().any(|topic| topic == former) {
            continue;
        }
        project
            .topics
            .retain(|topic| topic != former && topic != name);
        project.topics.push(name.to_owned());
    }
}

fn delete(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let topic = find(cx, cx.number("topic_id", "Topic")?)?;
    for project in cx.world.projects.values_mut() {
        project.topics.retain(|name| *name != topic.name);
    }
    cx.world.topics.remove(&topic.id);
    Ok(Answer::no_content())
}

/// The projects of the source move to the target, and the source goes.
fn merge(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.admin()?;
    let source = find(cx, cx.params.required_id("source_topic_id")?)?;
    let target = find(cx, cx.params.required_id("target_topic_id")?)?;
    if source.id == target.id {
        return Err(ApiError::bad_request(
            "The source topic and the target topic are identical.",
        ));
    }
    rename(cx, &source.name, &target.name);
    cx.world.topics.remove(&source.id);
    Ok(Answer::created(&entity(cx, &target)))
}
