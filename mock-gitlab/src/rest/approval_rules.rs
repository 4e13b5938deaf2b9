//! Approval settings and rules of projects, and rules of single merge requests.
//! <https://docs.gitlab.com/api/merge_request_approvals/>

use serde_json::{Value, json};

use super::conventions::resources::{
    Field, Fields, Place, Resource, Spec, create, delete, routes as five, update,
};
use super::users::basic_by_id;
use super::{groups, merge_requests};
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{DEVELOPER, MAINTAINER};
use crate::world::{APPROVAL_RULE, Home, Record};

const FIELDS: &[Field] = &[
    Field::text("name").required(),
    Field::choice("rule_type", &["regular", "any_approver", "report_approver"]).fixed(),
    Field::number("approvals_required").required(),
    Field::flag("applies_to_all_protected_branches", false),
];

struct OfProject;

impl Resource for OfProject {
    const SPEC: Spec = Spec {
        kind: APPROVAL_RULE,
        word: "",
        fields: FIELDS,
        read: DEVELOPER,
        write: MAINTAINER,
        parameter: "rule_id",
        unique: &["name"],
        times: false,
        check,
        view,
        ..Spec::USUAL
    };
}

struct OfMergeRequest;

impl Resource for OfMergeRequest {
    const SPEC: Spec = Spec {
        place: in_merge_request,
        write: DEVELOPER,
        ..OfProject::SPEC
    };
}

pub(crate) fn routes(table: &mut RouteTable) {
    five::<OfProject>(table, "projects/:id/approval_rules");
    table.get("projects/:id/approvals", settings);
    table.post("projects/:id/approvals", change_settings);
    let all = "projects/:id/merge_requests/:iid/approval_rules";
    table.post(all, |cx| create(cx, &OfMergeRequest::SPEC));
    let one = "projects/:id/merge_requests/:iid/approval_rules/:rule_id";
    table.get(one, one_of_merge_request);
    table.put(one, |cx| update(cx, &OfMergeRequest::SPEC));
    table.delete(one, |cx| delete(cx, &OfMergeRequest::SPEC));
}

fn in_merge_request(cx: &Cx<'_>) -> Result<Place, ApiError> {
    let request = merge_requests::find(cx)?;
    let project = cx.project()?;
    Ok(Place {
        home: Home::MergeRequest(request.id),
        level: cx.level_in(&project),
    })
}

fn check(
    cx: &mut Cx<'_>,
    place: &Place,
    fields: &mut Fields,
    _former: Option<&Record>,
) -> Result<(), ApiError> {
    let wanted = fields.get("approvals_required").and_then(Value::as_i64);
    if !wanted.is_some_and(|wanted| (0..=100).contains(&wanted)) {
        return Err(ApiError::not_a_choice("approvals_required"));
    }
    let mut ids = cx.params.ids("user_ids")?;
    if let Some(names) = cx.params.list("usernames") {
        let found = names.iter().filter_map(|name| cx.world.find_user(name));
        ids.get_or_insert_default()
            .extend(found.map(|user| user.id));
    }
    if let Some(ids) = ids {
        let members = members(cx, place);
        let ids: Vec<u64> = ids.into_iter().filter(|id| members.contains(id)).collect();
        fields.insert("user_ids".to_owned(), json!(ids));
    }
    if let Some(ids) = cx.params.ids("group_ids")? {
        let sees = |id: &u64| {
            let group = cx.world.groups.get(id);
            group.is_some_and(|group| cx.sees_group(group))
        };
        let ids: Vec<u64> = ids.into_iter().filter(sees).collect();
        fields.insert("group_ids".to_owned(), json!(ids));
    }
    if let Some(ids) = cx.params.ids("protected_branch_ids")? {
        fields.insert("protected_branch_ids".to_owned(), json!(ids));
    }
    Ok(())
}

/// Only members of the project can be approvers.
fn members(cx: &Cx<'_>, place: &Place) -> Vec<u64> {
    let project = match place.home {
        Home::Project(id) => Some(id),
        Home::MergeRequest(id) => {
            let request = cx.world.merge_requests.get(&id);
            request.map(|request| request.project)
        }
        _ => None,
    };
    let project = project.and_then(|id| cx.world.projects.get(&id));
    let level = |user: u64| project.map_or(0, |one| cx.world.project_level(user, one));
    let users = cx.world.users.keys().copied();
    users.filter(|user| level(*user) > 0).collect()
}

fn view(cx: &Cx<'_>, rule: &Record, all: &mut Fields) {
    let ids = |name: &str| {
        let list = rule.fields.get(name).and_then(Value::as_array);
        let list = list.into_iter().flatten();
        list.filter_map(Value::as_u64).collect::<Vec<u64>>()
    };
    let people = |ids: Vec<u64>| {
        let people = ids.into_iter().map(|id| basic_by_id(cx, id));
        people.collect::<Value>()
    };
    let groups = ids("group_ids");
    let groups = groups.iter().filter_map(|id| cx.world.groups.get(id));
    let groups: Value = groups.map(|group| groups::entity(cx, group)).collect();
    all.insert("report_type".to_owned(), Value::Null);
    let eligible = people(cx.world.eligible_approvers(rule));
    all.insert("eligible_approvers".to_owned(), eligible);
    all.insert("users".to_owned(), people(ids("user_ids")));
    all.insert("groups".to_owned(), groups);
    all.insert("contains_hidden_groups".to_owned(), json!(false));
    if let Home::Project(id) = rule.home {
        let wanted = ids("protected_branch_ids");
        let known = cx
            .world
            .projects
            .get(&id)
            .map(|one| &one.protected_branches);
        let known = known.into_iter().flatten();
        let branches = known
            .filter(|branch| wanted.contains(&branch.id))
            .map(|branch| json!({ "id": branch.id, "name": branch.name }));
        all.insert("protected_branches".to_owned(), branches.collect());
    } else {
        all.remove("applies_to_all_protected_branches");
        all.insert("source_rule".to_owned(), Value::Null);
        all.insert("overridden".to_owned(), json!(false));
    }
}

/// The rules of a merge request: its own, or those of the project.
pub(crate) fn for_merge_request(cx: &Cx<'_>, rule: &Record) -> Value {
    super::conventions::resources::render(cx, &OfMergeRequest::SPEC, rule)
}

fn one_of_merge_request(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let request = merge_requests::find(cx)?;
    let id = cx.number("rule_id", "Approval Rule")?;
    let rules = cx.world.rules_for(&request);
    let rule = rules.into_iter().find(|rule| rule.id == id);
    let rule = rule.ok_or_else(ApiError::gone)?;
    Ok(Answer::json(&for_merge_request(cx, rule)))
}

/// Settings of a project, and what they are until somebody changes them.
const SETTINGS: [(&str, bool); 6] = [
    ("reset_approvals_on_push", true),
    ("selective_code_owner_removals", false),
    ("disable_overriding_approvers_per_merge_request", false),
    ("merge_requests_author_approval", false),
    ("merge_requests_disable_committers_approval", false),
    ("require_password_to_approve", false),
];

fn settings(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(DEVELOPER)?;
    let mut all = Fields::new();
    let required = cx.world.approvals_required(project.id);
    all.insert("approvals_before_merge".to_owned(), json!(required));
    for (name, default) in SETTINGS {
        let value = project.settings.get(name).cloned();
        all.insert(name.to_owned(), value.unwrap_or_else(|| json!(default)));
    }
    all.insert("approvers".to_owned(), json!([]));
    all.insert("approver_groups".to_owned(), json!([]));
    Ok(Answer::json(&Value::Object(all)))
}

fn change_settings(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project_as(MAINTAINER)?;
    let mut changes = Fields::new();
    for (name, _) in SETTINGS {
        if let Some(flag) = cx.params.flag(name)? {
            changes.insert(name.to_owned(), json!(flag));
        }
    }
    if let Some(number) = cx.params.id("approvals_before_merge")? {
        changes.insert("approvals_before_merge".to_owned(), json!(number));
    }
    if let Some(project) = cx.world.projects.get_mut(&project.id) {
        project.settings.extend(changes);
    }
    let answer = settings(cx)?;
    Ok(Answer {
        status: 201,
        ..answer
    })
}
