//! Labels of projects and groups. <https://docs.gitlab.com/api/labels/>

mod subscriptions;

use serde_json::{Value, json};

use super::conventions::pagination;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::PLANNER;
use crate::world::{Label, Namespace, Owner};

pub(crate) fn routes(table: &mut RouteTable) {
    subscriptions::routes(table);
    table.get("projects/:id/labels", |cx| list(cx, project));
    table.post("projects/:id/labels", |cx| create(cx, project));
    table.get("projects/:id/labels/:label_id", |cx| get(cx, project));
    table.put("projects/:id/labels/:label_id", |cx| update(cx, project));
    table.delete("projects/:id/labels/:label_id", |cx| delete(cx, project));
    // The older form, still used by clients: the label stands in the body.
    table.put("projects/:id/labels", |cx| update(cx, project));
    table.delete("projects/:id/labels", |cx| delete(cx, project));
    table.put("groups/:id/labels", |cx| update(cx, group));
    table.delete("groups/:id/labels", |cx| delete(cx, group));
    table.get("groups/:id/labels", |cx| list(cx, group));
    table.post("groups/:id/labels", |cx| create(cx, group));
    table.get("groups/:id/labels/:label_id", |cx| get(cx, group));
    table.put("groups/:id/labels/:label_id", |cx| update(cx, group));
    table.delete("groups/:id/labels/:label_id", |cx| delete(cx, group));
}

/// Whose labels a route is about, the groups above, and the caller's level.
struct Place {
    owner: Owner,
    above: Vec<u64>,
    level: u8,
}

type Resolve = fn(&Cx<'_>) -> Result<Place, ApiError>;

fn project(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let project = cx.project()?;
    let above = match project.namespace {
        Namespace::Group(id) => cx.world.ancestry(id).map(|group| group.id).collect(),
        Namespace::User(_) => Vec::new(),
    };
    Ok(Place {
        owner: Owner::Project(project.id),
        above,
        level: cx.level_in(&project),
    })
}

fn group(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let group = cx.group()?;
    let above = cx
        .world
        .ancestry(group.id)
        .skip(1)
        .map(|group| group.id)
        .collect();
    Ok(Place {
        owner: Owner::Group(group.id),
        above,
        level: cx.level_in_group(&group),
    })
}

fn entity(cx: &Cx<'_>, label: &Label) -> Value {
    let is_project = matches!(label.owner, Owner::Project(_));
    let mut value = json!({
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "description_html": label.description,
        "text_color": "#FFFFFF",
        "color": label.color,
        "archived": false,
        "subscribed": subscriptions::follows(cx, label),
        "priority": label.priority,
        "is_project_label": is_project,
    });
    if let (Value::Object(all), Ok(Some(true))) = (&mut value, cx.params.flag("with_counts")) {
        let has = |labels: &[String]| labels.contains(&label.name);
        let issues = |state: &str| {
            cx.world
                .issues
                .values()
                .filter(|i| i.state == state && has(&i.labels))
                .count()
        };
        let mrs = cx.world.merge_requests.values();
        let mrs = mrs
            .filter(|mr| mr.state == "opened" && has(&mr.labels))
            .count();
        all.insert("open_issues_count".to_owned(), json!(issues("opened")));
        all.insert("closed_issues_count".to_owned(), json!(issues("closed")));
        all.insert("open_merge_requests_count".to_owned(), json!(mrs));
    }
    value
}

/// Own labels, and unless told otherwise those of the groups above.
fn labels<'a>(cx: &'a Cx<'_>, place: &Place) -> Result<Vec<&'a Label>, ApiError> {
    let inherited = cx.params.flag("include_ancestor_groups")?.unwrap_or(true);
    let fits = |label: &&Label| {
        let above = matches!(label.owner, Owner::Group(id) if place.above.contains(&id));
        label.owner == place.owner || (inherited && above)
    };
    let mut found: Vec<&Label> = cx.world.labels.values().filter(fits).collect();
    found.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(found)
}

fn list(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = resolve(cx)?;
    let search = cx
        .params
        .filled("search")
        .unwrap_or_default()
        .to_lowercase();
    let mut found = labels(cx, &place)?;
    found.retain(|label| {
        let description = label
            .description
            .as_deref()
            .unwrap_or_default()
            .to_lowercase();
        label.name.to_lowercase().contains(&search) || description.contains(&search)
    });
    pagination::offset(cx, &found, |label| entity(cx, label))
}

/// By number or by name.
fn find(cx: &Cx<'_>, place: &Place) -> Result<Label, ApiError> {
    let in_path = cx.path.get("label_id").to_owned();
    let reference = match ["label_id", "name"]
        .into_iter()
        .find_map(|name| cx.params.filled(name))
    {
        Some(named) if in_path.is_empty() => named,
        _ => in_path,
    };
    let by = |label: &&&Label| label.id.to_string() == reference || label.name == reference;
    let found = labels(cx, place)?
        .iter()
        .find(by)
        .map(|label| (*label).clone());
    found.ok_or_else(|| ApiError::not_found("Label"))
}

fn get(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = resolve(cx)?;
    let label = find(cx, &place)?;
    Ok(Answer::json(&entity(cx, &label)))
}

fn writable(cx: &Cx<'_>, resolve: Resolve) -> Result<Place, ApiError> {
    let place = resolve(cx)?;
    if place.level < PLANNER {
        Err(ApiError::forbidden())
    } else {
        Ok(place)
    }
}

fn create(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = writable(cx, resolve)?;
    let name = cx.params.required("name")?;
    let color = color(&cx.params.required("color")?)?;
    if labels(cx, &place)?.iter().any(|label| label.name == name) {
        return Err(ApiError::conflict("Label already exists"));
    }
    let label = Label {
        id: cx.world.next_id("label"),
        owner: place.owner,
        name,
        color,
        description: cx.params.text("description"),
        priority: cx.params.integer("priority")?,
    };
    cx.world.labels.insert(label.id, label.clone());
    Ok(Answer::created(&entity(cx, &label)))
}

fn update(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = writable(cx, resolve)?;
    let mut label = find(cx, &place)?;
    let former = label.name.clone();
    let given = ["new_name", "color", "description", "priority", "archived"];
    if !given.iter().any(|name| cx.params.has(name)) {
        return Err(ApiError::error(
            400,
            "new_name, color, description, priority, archived are missing, at least one parameter must be provided",
        ));
    }
    if let Some(name) = cx.params.filled("new_name") {
        label.name = name;
    }
    if let Some(text) = cx.params.filled("color") {
        label.color = color(&text)?;
    }
    if cx.params.has("description") {
        label.description = cx.params.text("description");
    }
    if cx.params.has("priority") {
        label.priority = cx.params.integer("priority")?;
    }
    rename(cx, &former, &label);
    cx.world.labels.insert(label.id, label.clone());
    Ok(Answer::json(&entity(cx, &label)))
}

/// Issues and merge requests carry labels by name: changes those of the projects in which
/// the label stands.
fn on_carriers(cx: &mut Cx<'_>, owner: Owner, change: impl Fn(&mut Vec<String>)) {
    let world = &mut *cx.world;
    let projects: Vec<u64> = match owner {
        Owner::Project(id) => vec![id],
        Owner::Group(id) => world.projects_below(id).map(|below| below.id).collect(),
    };
    let issues = world.issues.values_mut();
    let issues = issues.filter(|issue| projects.contains(&issue.project));
    issues.for_each(|issue| change(&mut issue.labels));
    let merge_requests = world.merge_requests.values_mut();
    let merge_requests = merge_requests.filter(|mr| projects.contains(&mr.project));
    merge_requests.for_each(|mr| change(&mut mr.labels));
}

fn rename(cx: &mut Cx<'_>, former: &str, label: &Label) {
    on_carriers(cx, label.owner, |names| {
        for name in names.iter_mut().filter(|name| *name == former) {
            name.clone_from(&label.name);
        }
    });
}

/// What carried the label does so no more.
fn delete(cx: &mut Cx<'_>, resolve: Resolve) -> Result<Answer, ApiError> {
    let place = writable(cx, resolve)?;
    let label = find(cx, &place)?;
    on_carriers(cx, label.owner, |names| {
        names.retain(|name| *name != label.name);
    });
    cx.world.labels.remove(&label.id);
    Ok(Answer::no_content())
}

/// `#rrggbb`, `#rgb`, or one of the names CSS knows (a few of them).
fn color(text: &str) -> Result<String, ApiError> {
    const NAMED: [(&str, &str); 8] = [
        ("red", "#FF0000"),
        ("green", "#008000"),
        ("blue", "#0000FF"),
        ("yellow", "#FFFF00"),
        ("orange", "#FFA500"),
        ("purple", "#800080"),
        ("black", "#000000"),
        ("white", "#FFFFFF"),
    ];
    if let Some((_, hex)) = NAMED
        .iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
    {
        return Ok((*hex).to_owned());
    }
    let digits = text
        .strip_prefix('#')
        .filter(|rest| rest.chars().all(|c| c.is_ascii_hexdigit()));
    match digits.map(str::len) {
        Some(3 | 6) => Ok(text.to_owned()),
        _ => Err(ApiError::validation("color", "must be a valid color code")),
    }
}
