//! Making a project from an archive. <https://docs.gitlab.com/api/project_import_export/>

use serde_json::{Value, json};

use super::{bundle, named, progress};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::resources::Fields;
use crate::rest::projects::change::{check_new_path, namespace_for_new};
use crate::rest::settings;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Label, Milestone, Namespace, NewProject, Owner, Project, Visibility};

const KIND: &str = "import";

pub(super) fn routes(table: &mut RouteTable) {
    table.post("projects/import", from_file);
    table.post("projects/remote-import", from_address);
    table.post("projects/remote-import-s3", from_bucket);
    table.get("projects/:id/import", status);
}

/// Administrators name the sources an instance imports from; a fresh one has none.
fn source_is_open(cx: &Cx<'_>) -> Result<(), ApiError> {
    cx.user()?;
    let sources = settings::changed(cx.world, "import_sources").and_then(Value::as_array);
    let open = sources.is_some_and(|all| all.iter().any(|one| one == "gitlab_project"));
    if open {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn from_file(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    source_is_open(cx)?;
    let path = cx.params.required("path")?;
    let file = cx.params.file("file").cloned();
    let file = file.ok_or_else(|| ApiError::missing("file"))?;
    let files = bundle::unpack(&file.content);
    let project = make(cx, &path)?;
    let error = match files {
        None => Some("Invalid file"),
        Some(files) => {
            let whole = files.get("tree/project.json").unwrap_or(&Value::Null);
            let repository = files.get("repository.json").and_then(bundle::repository);
            match repository {
                Some(repository) => {
                    cx.world.repositories.insert(project.id, repository);
                    fill(cx, &project, whole);
                    None
                }
                None => Some("Invalid repository"),
            }
        }
    };
    let user = cx.user()?.id;
    let mut fields = Fields::new();
    fields.insert("error".to_owned(), json!(error));
    let home = Home::Project(project.id);
    cx.world.add_record(KIND, home, fields, user, cx.now);
    let project = cx.project_named(&project.id.to_string())?;
    Ok(Answer::created(&entity(cx, &project)))
}

/// The project the archive goes into: an empty one, or with `overwrite` one that is there.
fn make(cx: &mut Cx<'_>, path: &str) -> Result<Project, ApiError> {
    let user = cx.user()?;
    let namespace = namespace_for_new(cx, "namespace")?;
    let namespace = match namespace {
        Some(namespace) => namespace,
        None => namespace_for_new(cx, "namespace_id")?.unwrap_or(Namespace::User(user.id)),
    };
    let name = cx.params.filled("name").unwrap_or_else(|| path.to_owned());
    if cx.params.is_set("overwrite")? {
        let projects = cx.world.projects.values();
        let mut same = projects.filter(|one| one.namespace == namespace && one.path == path);
        if let Some(former) = same.next().cloned() {
            cx.require(&former, crate::world::access::OWNER)?;
            cx.world.remove_project(former.id);
        }
    }
    if check_new_path(cx, namespace, path, &name).is_err() {
        return Err(ApiError::bad_request(
            "Name has already been taken, The project namespace name has already been taken, Path has already been taken",
        ));
    }
    let new = NewProject {
        name: &name,
        path,
        namespace,
        description: "",
        visibility: Visibility::Private,
    };
    let id = cx.world.add_project(new, user.id, cx.now);
    cx.project_named(&id.to_string())
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn fill(cx: &mut Cx<'_>, project: &Project, whole: &Value) {
    let (now, author, owner) = (cx.now, project.creator, Owner::Project(project.id));
    if let Some(project) = cx.world.projects.get_mut(&project.id) {
        project.description = text(whole, "description");
        let visibility = Visibility::parse(&text(whole, "visibility"));
        project.visibility = visibility.unwrap_or(Visibility::Private);
        let topics = list(whole, "topics").filter_map(Value::as_str);
        project.topics = topics.map(str::to_owned).collect();
        if let Some(settings) = whole.get("settings").and_then(Value::as_object) {
            project.settings.clone_from(settings);
        }
    }
    let branch = cx.world.repositories.get(&project.id);
    let branch = branch.map(|repository| repository.default_branch.clone());
    cx.world
        .protect_branch(project.id, branch.as_deref().unwrap_or("main"));
    for label in list(whole, "labels") {
        let id = cx.world.next_id("label");
        let label = Label {
            id,
            owner,
            name: text(label, "name"),
            color: text(label, "color"),
            description: label
                .get("description")
                .and_then(Value::as_str)
                .map(str::to_owned),
            priority: label.get("priority").and_then(Value::as_i64),
        };
        cx.world.labels.insert(id, label);
    }
    for milestone in list(whole, "milestones") {
        let id = cx.world.next_id("milestone");
        let iid = cx.world.next_iid(project.id, "milestone");
        let due = milestone.get("due_date").and_then(Value::as_str);
        let milestone = Milestone {
            id,
            iid,
            owner,
            title: text(milestone, "title"),
            description: text(milestone, "description"),
            state: text(milestone, "state"),
            due_date: due.map(str::to_owned),
            start_date: None,
            created_at: now,
            updated_at: now,
        };
        cx.world.milestones.insert(id, milestone);
    }
    for issue in list(whole, "issues") {
        let id = cx
            .world
            .add_issue(project.id, author, &text(issue, "title"), now);
        if let Some(made) = cx.world.issues.get_mut(&id) {
            made.description = text(issue, "description");
            made.state = text(issue, "state");
            let labels = list(issue, "labels").filter_map(Value::as_str);
            made.labels = labels.map(str::to_owned).collect();
        }
    }
}

fn entity(cx: &Cx<'_>, project: &Project) -> Value {
    let import = cx
        .world
        .records_in(KIND, Home::Project(project.id))
        .next_back();
    let error = import.and_then(|import| import.fields.get("error")?.as_str());
    let status = import.map_or("none", |import| {
        match (progress(import.created_at, cx.now), error) {
            ("queued", _) => "scheduled",
            ("started", _) => "started",
            (_, Some(_)) => "failed",
            _ => "finished",
        }
    });
    let mut value = named(cx, project);
    if let Value::Object(all) = &mut value {
        all.insert("import_status".to_owned(), json!(status));
        all.insert("import_type".to_owned(), json!("gitlab_project"));
        all.insert("correlation_id".to_owned(), Value::Null);
        all.insert("failed_relations".to_owned(), json!([]));
        let shown = error.filter(|_| status == "failed");
        all.insert("import_error".to_owned(), json!(shown));
        all.insert("stats".to_owned(), Value::Null);
    }
    value
}

fn status(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    Ok(Answer::json(&entity(cx, &project)))
}

fn from_address(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    source_is_open(cx)?;
    cx.params.required("path")?;
    let url = cx.params.required("url")?;
    if !url.starts_with("https://") {
        return Err(ApiError::bad_request(
            "File url is blocked: Only allowed schemes are https",
        ));
    }
    // Nothing leaves the mock: no address answers.
    Err(ApiError::bad_request("Failed to open the remote file"))
}

fn from_bucket(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    source_is_open(cx)?;
    for name in ["region", "access_key_id", "secret_access_key", "path"] {
        cx.params.required(name)?;
    }
    let bucket = cx.params.required("bucket_name")?;
    let key = cx.params.required("file_key")?;
    let text = format!("Failed to open '{key}' in '{bucket}': no such bucket");
    Err(ApiError::bad_request(&text))
}
