//! Badges of projects and groups. <https://docs.gitlab.com/api/project_badges/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, in_group, in_project, render, routes as five,
    routes_without_list as four,
};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Namespace, Record};

const BADGE: Spec = Spec {
    kind: "badge",
    word: "Badge",
    fields: &[
        Field::text("name"),
        Field::text("link_url").required(),
        Field::text("image_url").required(),
    ],
    read: 0,
    parameter: "badge_id",
    times: false,
    check,
    view,
    ..Spec::USUAL
};

struct OfProject;

impl Resource for OfProject {
    const SPEC: Spec = BADGE;
}

struct OfGroup;

impl Resource for OfGroup {
    const SPEC: Spec = Spec {
        place: in_group,
        ..BADGE
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    // Lists of projects show the badges of the groups above as well.
    table.get("projects/:id/badges", of_project);
    four::<OfProject>(table, "projects/:id/badges");
    five::<OfGroup>(table, "groups/:id/badges");
    table.get("projects/:id/badges/render", |cx| preview(cx, in_project));
    table.get("groups/:id/badges/render", |cx| preview(cx, in_group));
}

fn check(
    _cx: &mut Cx<'_>,
    _place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    for name in ["link_url", "image_url"] {
        let url = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let text = "is blocked: Only allowed schemes are http, https";
            return Err(ApiError::validation(name, text));
        }
    }
    Ok(())
}

fn view(cx: &Cx<'_>, badge: &Record, all: &mut Fields) {
    for name in ["link_url", "image_url"] {
        let text = filled_in(cx, badge.home, badge.text(name));
        all.insert(format!("rendered_{name}"), json!(text));
    }
    let kind = match badge.home {
        Home::Group(_) => "group",
        _ => "project",
    };
    all.insert("kind".to_owned(), json!(kind));
}

/// `%{project_path}` and the like.
fn filled_in(cx: &Cx<'_>, home: Home, text: &str) -> String {
    let Home::Project(id) = home else {
        return text.to_owned();
    };
    let Some(project) = cx.world.projects.get(&id) else {
        return text.to_owned();
    };
    let repository = cx.world.repositories.get(&id);
    let branch = repository.map_or_else(String::new, |one| one.default_branch.clone());
    let head = repository.and_then(|one| one.resolve("HEAD"));
    let sha = head.map_or_else(String::new, |commit| commit.id.clone());
    let namespace = cx.world.namespace_path(project.namespace);
    let root = namespace.split('/').next().unwrap_or_default().to_owned();
    let values = [
        ("%{project_path}", cx.world.project_path(project)),
        ("%{project_title}", project.name.clone()),
        ("%{project_name}", project.path.clone()),
        ("%{project_id}", id.to_string()),
        ("%{project_namespace}", namespace),
        ("%{group_name}", root),
        ("%{gitlab_server}", cx.site.host().to_owned()),
        ("%{default_branch}", branch),
        ("%{commit_sha}", sha),
    ];
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(name, value)
    })
}

fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    let above: Vec<u64> = match project.namespace {
        Namespace::Group(id) => cx.world.ancestry(id).map(|group| group.id).collect(),
        Namespace::User(_) => Vec::new(),
    };
    let name = cx.params.filled("name");
    let badges = cx.world.records_of_kind("badge");
    let badges = badges.filter(|badge| match badge.home {
        Home::Project(id) => id == project.id,
        Home::Group(id) => above.contains(&id),
        _ => false,
    });
    let badges: Vec<&Record> = badges
        .filter(|badge| name.as_ref().is_none_or(|name| badge.text("name") == *name))
        .collect();
    pagination::offset(cx, &badges, |badge| render(cx, &BADGE, badge))
}

fn preview(
    cx: &mut Cx<'_>,
    place: fn(&Cx<'_>) -> Result<Place, ApiError>,
) -> Result<Answer, ApiError> {
    let place = place(cx)?;
    cx.user()?;
    if place.level < MAINTAINER {
        return Err(ApiError::forbidden());
    }
    let (link, image) = (
        cx.params.required("link_url")?,
        cx.params.required("image_url")?,
    );
    Ok(Answer::json(&json!({
        "link_url": link,
        "image_url": image,
        "rendered_link_url": filled_in(cx, place.home, &link),
        "rendered_image_url": filled_in(cx, place.home, &image),
    })))
}
