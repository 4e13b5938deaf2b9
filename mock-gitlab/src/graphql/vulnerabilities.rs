//! Vulnerabilities: none without Ultimate.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::resolvers::{Resolver, text, texts};
use super::session::one;
use super::shape::{gid, id, number, number_of};
use crate::context::Cx;
use crate::site::Plan;
use crate::world::Vulnerability;
use crate::world::access::DEVELOPER;

type Arguments = Map<String, Value>;
type Resolved = Result<Value, Refusal>;

/// From the worst to the least.
const SEVERITIES: [&str; 6] = ["critical", "high", "medium", "low", "info", "unknown"];

pub(super) const TABLE: &[(&str, Resolver)] = &[
    ("Query.vulnerabilities", |cx, _, arguments| {
        Ok(listed(cx, arguments, &|_| true))
    }),
    ("Query.vulnerability", |cx, _, arguments| {
        let wanted = number_of(
            text(arguments, "id").unwrap_or_default(),
            &["Vulnerability"],
        );
        Ok(wanted.map_or(Value::Null, |id| single(cx, id)))
    }),
    ("Project.vulnerabilities", |cx, project, arguments| {
        let project = id(project);
        Ok(listed(cx, arguments, &|found| found.project == project))
    }),
    ("Group.vulnerabilities", |cx, group, arguments| {
        let group = id(group);
        let below: Vec<u64> = cx.world.projects_below(group).map(|one| one.id).collect();
        Ok(listed(cx, arguments, &|found| {
            below.contains(&found.project)
        }))
    }),
    ("Project.vulnerabilitySeveritiesCount", counts),
    ("Vulnerability.project", |cx, found, _| {
        Ok(one(cx, &format!("/projects/{}", number(found, "_project"))))
    }),
];

fn seen(cx: &Cx<'_>, found: &Vulnerability) -> bool {
    let project = cx.world.projects.get(&found.project);
    cx.site.plan == Plan::Ultimate && project.is_some_and(|one| cx.level_in(one) >= DEVELOPER)
}

fn listed(
    cx: &mut Cx<'_>,
    arguments: &Arguments,
    belongs: &dyn Fn(&Vulnerability) -> bool,
) -> Value {
    let lower = |name: &str| {
        texts(arguments, name).map(|words| {
            words
                .iter()
                .map(|word| word.to_lowercase())
                .collect::<Vec<_>>()
        })
    };
    let (states, severities, reports) = (lower("state"), lower("severity"), lower("reportType"));
    let projects = texts(arguments, "projectId");
    let fits = |words: &Option<Vec<String>>, word: &String| {
        words.as_ref().is_none_or(|all| all.contains(word))
    };
    let mut rows: Vec<&Vulnerability> = cx
        .world
        .vulnerabilities
        .values()
        .filter(|found| {
            belongs(found)
                && seen(cx, found)
                && fits(&states, &found.state)
                && fits(&severities, &found.severity)
                && fits(&reports, &found.report_type)
                && projects.as_ref().is_none_or(|all| {
                    all.iter()
                        .any(|id| super::projects::number_in(id) == Some(found.project))
                })
        })
        .collect();
    let sort = text(arguments, "sort").unwrap_or("severity_desc");
    let rank = |found: &Vulnerability| SEVERITIES.iter().position(|word| *word == found.severity);
    match sort.rsplit_once('_').map_or("", |(field, _)| field) {
        "detected" => rows.sort_by_key(|found| std::cmp::Reverse(found.detected_at)),
        "state" => rows.sort_by(|one, two| two.state.cmp(&one.state)),
        "title" => rows.sort_by(|one, two| two.title.cmp(&one.title)),
        _ => rows.sort_by_key(|found| rank(found)),
    }
    if sort.ends_with("_asc") {
        rows.reverse();
    }
    rows.iter().map(|found| value(cx, found)).collect()
}

/// One vulnerability, if the caller may see it.
pub(super) fn single(cx: &Cx<'_>, id: u64) -> Value {
    let found = cx
        .world
        .vulnerabilities
        .get(&id)
        .filter(|found| seen(cx, found));
    found.map_or(Value::Null, |found| value(cx, found))
}

fn value(cx: &Cx<'_>, found: &Vulnerability) -> Value {
    let project = cx.world.projects.get(&found.project);
    let path = project.map_or_else(String::new, |project| cx.world.project_path(project));
    let own = format!("/{path}/-/security/vulnerabilities/{}", found.id);
    let changed = |state: &str| found.changed.filter(|_| found.state == state);
    let who = |state: &str| {
        let user = changed(state).and_then(|(_, user)| cx.world.users.get(&user));
        user.map(|user| crate::rest::users::basic(cx.site, user))
    };
    let when = |state: &str| changed(state).map(|(at, _)| at);
    let identifier = json!({
        "name": found.identifier,
        "externalType": found.identifier.split('-').next().unwrap_or_default().to_lowercase(),
        "externalId": found.identifier,
    });
    json!({
        "id": found.id,
        "uuid": format!("00000000-0000-5000-8000-{:012}", found.id),
        "title": found.title,
        "description": found.description,
        "solution": found.solution,
        "severity": found.severity,
        "state": found.state,
        "reportType": found.report_type,
        "detectedAt": found.detected_at,
        "confirmedAt": when("confirmed"),
        "resolvedAt": when("resolved"),
        "dismissedAt": when("dismissed"),
        "confirmedBy": who("confirmed"),
        "resolvedBy": who("resolved"),
        "dismissedBy": who("dismissed"),
        "dismissalReason": found.dismissal_reason,
        "stateComment": found.comment,
        "falsePositive": found.dismissal_reason.as_deref() == Some("false_positive"),
        "web_url": cx.site.url(&own),
        "vulnerabilityPath": own,
        "location": {
            "file": found.location.0,
            "startLine": found.location.1.to_string(),
            "endLine": found.location.1.to_string(),
        },
        "scanner": { "id": gid("Vulnerabilities::Scanner", 1), "name": "Larkspur scanner", "vendor": "Larkspur" },
        "identifiers": [identifier],
        "primaryIdentifier": identifier,
        "userPermissions": { "readVulnerability": true, "adminVulnerability": true },
        "_project": found.project,
    })
}

fn counts(cx: &mut Cx<'_>, project: &Value, _: &Arguments) -> Resolved {
    let project = id(project);
    let count = |severity: &str| {
        let all = cx.world.vulnerabilities.values();
        let fits = |found: &&Vulnerability| {
            found.project == project && found.severity == severity && seen(cx, found)
        };
        all.filter(fits).count()
    };
    Ok(SEVERITIES
        .iter()
        .map(|word| ((*word).to_owned(), json!(count(word))))
        .collect())
}

/// Moves a vulnerability to another state.
pub(super) fn change(cx: &mut Cx<'_>, input: &Value, state: &str) -> Resolved {
    let id = number_of(super::shape::text(input, "id"), &["Vulnerability"]).unwrap_or(0);
    if single(cx, id).is_null() {
        return Err(Refusal::Missing);
    }
    let (now, user) = (cx.now, cx.caller.user.unwrap_or(0));
    if let Some(found) = cx.world.vulnerabilities.get_mut(&id) {
        state.clone_into(&mut found.state);
        found.changed = Some((now, user));
        found.comment = input
            .get("comment")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let reason = input.get("dismissalReason").and_then(Value::as_str);
        found.dismissal_reason = reason
            .filter(|_| state == "dismissed")
            .map(str::to_lowercase);
    }
    Ok(json!({ "errors": [], "vulnerability": single(cx, id) }))
}
