//! Lists of issues: everywhere, of a group, of a project.

use std::cmp::Ordering;

use super::entity;
use super::filter::{Filter, Traits};
use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::world::Issue;

const ORDERS: [&str; 11] = [
    "created_at",
    "updated_at",
    "due_date",
    "label_priority",
    "milestone_due",
    "popularity",
    "priority",
    "relative_position",
    "title",
    "weight",
    "id",
];

/// Everywhere; the caller's own unless `scope` says otherwise.
pub(super) fn everywhere(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    answer(cx, "created_by_me", |cx, issue| {
        let project = cx.world.projects.get(&issue.project);
        project.is_some_and(|project| cx.sees_project(project))
    })
}

pub(super) fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let below = cx.world.projects_below(group.id);
    let visible = below.filter(|project| cx.sees_project(project));
    let projects: Vec<u64> = visible.map(|project| project.id).collect();
    answer(cx, "all", |_, issue| projects.contains(&issue.project))
}

pub(super) fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = cx.project()?;
    answer(cx, "all", |_, issue| issue.project == project.id)
}

fn answer(
    cx: &Cx<'_>,
    scope: &'static str,
    belongs: impl Fn(&Cx<'_>, &Issue) -> bool,
) -> Result<Answer, ApiError> {
    let filter = Filter::read(cx)?;
    let own = Own::read(cx, scope)?;
    let rows = cx.world.issues.values().filter(|issue| {
        belongs(cx, issue)
            && shown(cx, issue)
            && own.fits(cx, issue)
            && filter.fits(cx, &traits(issue))
    });
    let mut rows: Vec<&Issue> = rows.collect();
    sort(cx, &mut rows)?;
    if cx.params.text("pagination").as_deref() == Some("keyset") {
        let cursor = |issue: &&Issue| format!("{:016x}", issue.id);
        return pagination::by_cursor(cx, &rows, "cursor", cursor, |issue| entity(cx, issue));
    }
    pagination::offset(cx, &rows, |issue| entity(cx, issue))
}

/// Whether the caller may see an issue of a project they see.
pub(crate) fn shown(cx: &Cx<'_>, issue: &Issue) -> bool {
    let project = cx.world.projects.get(&issue.project);
    let level = project.map_or(0, |project| cx.level_in(project));
    cx.world.shows_issue(issue, cx.caller.user, level)
}

fn traits(issue: &Issue) -> Traits<'_> {
    Traits {
        iid: issue.iid,
        author: issue.author,
        assignees: &issue.assignees,
        labels: &issue.labels,
        milestone: issue.milestone,
        title: &issue.title,
        description: &issue.description,
        created_at: issue.created_at,
        updated_at: issue.updated_at,
        awards: &issue.awards,
    }
}

/// Filters only issues have.
struct Own {
    state: Option<&'static str>,
    scope: Option<&'static str>,
    confidential: Option<bool>,
    kind: Option<&'static str>,
    due: Option<&'static str>,
    weight: Option<String>,
}

impl Own {
    fn read(cx: &Cx<'_>, scope: &'static str) -> Result<Self, ApiError> {
        let params = &cx.params;
        let scopes = [
            "created_by_me",
            "assigned_to_me",
            "all",
            "created-by-me",
            "assigned-to-me",
        ];
        Ok(Self {
            state: params.choice("state", &["opened", "closed", "all"])?,
            scope: params.choice("scope", &scopes)?.or(Some(scope)),
            confidential: params.flag("confidential")?,
            kind: params.choice(
                "issue_type",
                &[
                    "issue",
                    "incident",
                    "test_case",
                    "requirement",
                    "task",
                    "ticket",
                ],
            )?,
            due: params.choice(
                "due_date",
                &[
                    "0",
                    "any",
                    "today",
                    "tomorrow",
                    "overdue",
                    "week",
                    "month",
                    "next_month_and_previous_two_weeks",
                ],
            )?,
            weight: params.filled("weight"),
        })
    }

    fn fits(&self, cx: &Cx<'_>, issue: &Issue) -> bool {
        let me = cx.caller.user;
        let scope = match self.scope {
            Some("created_by_me" | "created-by-me") => Some(issue.author) == me,
            Some("assigned_to_me" | "assigned-to-me") => {
                me.is_some_and(|me| issue.assignees.contains(&me))
            }
            _ => true,
        };
        let weight = self
            .weight
            .as_ref()
            .is_none_or(|wanted| match issue.weight {
                None => wanted.eq_ignore_ascii_case("none"),
                Some(weight) => wanted.eq_ignore_ascii_case("any") || *wanted == weight.to_string(),
            });
        scope
            && weight
            && self
                .state
                .is_none_or(|state| state == "all" || issue.state == state)
            && self
                .confidential
                .is_none_or(|wanted| issue.confidential == wanted)
            && self.kind.is_none_or(|kind| issue.issue_type == kind)
            && self.due.is_none_or(|word| due(word, issue, cx.now))
    }
}

fn due(word: &str, issue: &Issue, now: Timestamp) -> bool {
    let Some(day) = &issue.due_date else {
        return word == "0";
    };
    let offset = |days: u64| {
        now.plus(std::time::Duration::from_secs(days * 86_400))
            .date()
    };
    let past = |days: u64| {
        now.minus(std::time::Duration::from_secs(days * 86_400))
            .date()
    };
    match word {
        "any" => true,
        "today" => *day == now.date(),
        "tomorrow" => *day == offset(1),
        "overdue" => *day < now.date() && issue.state == "opened",
        "week" => *day >= now.date() && *day <= offset(7),
        "month" => *day >= now.date() && *day <= offset(30),
        "next_month_and_previous_two_weeks" => *day >= past(14) && *day <= offset(60),
        _ => false,
    }
}

fn sort(cx: &Cx<'_>, rows: &mut [&Issue]) -> Result<(), ApiError> {
    let order = cx
        .params
        .choice("order_by", &ORDERS)?
        .unwrap_or("created_at");
    let ascending = cx.params.ascending(false)?;
    let milestone_due = |issue: &Issue| {
        let milestone = issue.milestone.and_then(|id| cx.world.milestones.get(&id));
        milestone.and_then(|milestone| milestone.due_date.clone())
    };
    let priority = |issue: &Issue| {
        let labels = cx
            .world
            .labels
            .values()
            .filter(|label| issue.labels.contains(&label.name));
        labels
            .filter_map(|label| label.priority)
            .min()
            .unwrap_or(i64::MAX)
    };
    let compare = |one: &Issue, two: &Issue| -> Ordering {
        match order {
            "updated_at" => one.updated_at.cmp(&two.updated_at),
            "due_date" => one.due_date.cmp(&two.due_date),
            "title" => one.title.cmp(&two.title),
            "weight" => one.weight.cmp(&two.weight),
            "popularity" => one.awards.len().cmp(&two.awards.len()),
            "milestone_due" => milestone_due(one).cmp(&milestone_due(two)),
            "priority" | "label_priority" => priority(one).cmp(&priority(two)),
            "relative_position" | "id" => one.id.cmp(&two.id),
            _ => one.created_at.cmp(&two.created_at),
        }
    };
    rows.sort_by(|one, two| {
        let order = compare(one, two).then(one.id.cmp(&two.id));
        if ascending { order } else { order.reverse() }
    });
    Ok(())
}
