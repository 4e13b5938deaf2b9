//! Which projects and groups may reach a project with their job tokens.
//! <https://docs.gitlab.com/api/project_job_token_scopes/>

use serde_json::{Value, json};

use super::conventions::pagination;
use super::conventions::resources::Fields;
use super::{groups, projects, settings};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::MAINTAINER;
use crate::world::{Home, Project, Record};

pub(crate) fn routes(table: &mut RouteTable) {
    let base = "projects/:id/job_token_scope";
    table.get(base, get);
    table.patch(base, update);
    table.get(&format!("{base}/allowlist"), |cx| list(cx, &PROJECTS));
    table.post(&format!("{base}/allowlist"), |cx| add(cx, &PROJECTS));
    table.delete(&format!("{base}/allowlist/:target_id"), |cx| {
        remove(cx, &PROJECTS)
    });
    table.get(&format!("{base}/groups_allowlist"), |cx| list(cx, &GROUPS));
    table.post(&format!("{base}/groups_allowlist"), |cx| add(cx, &GROUPS));
    table.delete(&format!("{base}/groups_allowlist/:target_id"), |cx| {
        remove(cx, &GROUPS)
    });
}

/// One of the two lists.
struct List {
    kind: &'static str,
    /// The parameter that names what is to be let in.
    target: &'static str,
    word: &'static str,
}

const PROJECTS: List = List {
    kind: "job token project",
    target: "target_project_id",
    word: "Project",
};
const GROUPS: List = List {
    kind: "job token group",
    target: "target_group_id",
    word: "Group",
};

fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let inbound = project.settings.get("ci_inbound_job_token_scope_enabled");
    // Instances enforce the allowlist unless an administrator says otherwise.
    let enforced = settings::changed(cx.world, "enforce_ci_inbound_job_token_scope_enabled");
    let enforced = enforced.and_then(Value::as_bool).unwrap_or(true);
    let outbound = project.settings.get("ci_job_token_scope_enabled");
    Ok(Answer::json(&json!({
        "inbound_enabled": enforced || inbound.and_then(Value::as_bool).unwrap_or(true),
        "outbound_enabled": outbound.and_then(Value::as_bool).unwrap_or(false),
    })))
}

fn update(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let enabled = cx.params.flag("enabled")?;
    let enabled = enabled.ok_or_else(|| ApiError::missing("enabled"))?;
    if let Some(project) = cx.world.projects.get_mut(&project.id) {
        let name = "ci_inbound_job_token_scope_enabled".to_owned();
        project.settings.insert(name, json!(enabled));
    }
    Ok(Answer::no_content())
}

fn of<'a>(cx: &'a Cx<'_>, project: &Project, which: &List) -> Vec<&'a Record> {
    cx.world
        .records_in(which.kind, Home::Project(project.id))
        .collect()
}

/// The project itself always stands first among the projects.
fn list(cx: &mut Cx<'_>, which: &List) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let mut targets: Vec<u64> = Vec::new();
    if which.kind == PROJECTS.kind {
        targets.push(project.id);
    }
    targets.extend(
        of(cx, &project, which)
            .iter()
            .map(|one| one.number("target")),
    );
    targets.retain(|id| match which.kind {
        "job token project" => cx.world.projects.contains_key(id),
        _ => cx.world.groups.contains_key(id),
    });
    pagination::offset(cx, &targets, |id| {
        if which.kind == PROJECTS.kind {
            let project = cx.world.projects.get(id);
            project.map_or(Value::Null, |project| projects::short(cx, project))
        } else {
            let group = cx.world.groups.get(id);
            group.map_or(Value::Null, |group| {
                let all = groups::entity(cx, group);
                json!({ "id": group.id, "web_url": all.get("web_url"), "name": group.name,
                        "full_name": all.get("full_name"), "full_path": all.get("full_path") })
            })
        }
    })
}

fn add(cx: &mut Cx<'_>, which: &List) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let author = cx.user()?.id;
    let target = cx.params.required_id(which.target)?;
    // What the caller does not see cannot be let in.
    let name = target.to_string();
    let found = match which.kind {
        "job token project" => cx.project_named(&name).map(|found| found.id),
        _ => cx.group_named(&name).map(|found| found.id),
    };
    let missing = || ApiError::not_found(which.word);
    let target = found.map_err(|_| missing())?;
    let known = of(cx, &project, which);
    if known.iter().any(|one| one.number("target") == target)
        || (which.kind == PROJECTS.kind && target == project.id)
    {
        let text = if which.kind == PROJECTS.kind {
            "This project is already in the job token allowlist."
        } else {
            "This group is already in the job token allowlist."
        };
        return Err(ApiError::bad_request(text));
    }
    let mut fields = Fields::new();
    fields.insert("target".to_owned(), json!(target));
    let home = Home::Project(project.id);
    cx.world
        .add_record(which.kind, home, fields, author, cx.now);
    let mut value = json!({ "source_project_id": project.id });
    if let Value::Object(all) = &mut value {
        all.insert(which.target.to_owned(), json!(target));
    }
    Ok(Answer::created(&value))
}

fn remove(cx: &mut Cx<'_>, which: &List) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let target = cx.number("target_id", which.word)?;
    if target == project.id && which.kind == PROJECTS.kind {
        let text = "Source project cannot be removed from the job token scope";
        return Err(ApiError::bad_request(text));
    }
    let known = of(cx, &project, which);
    let entry = known.iter().find(|one| one.number("target") == target);
    let id = entry.map(|one| one.id);
    let id = id.ok_or_else(|| ApiError::not_found(which.word))?;
    cx.world.remove_record(which.kind, id);
    Ok(Answer::no_content())
}
