//! Lists of merge requests: everywhere, of a group, of a project.

use serde_json::{Value, json};

use super::entity;
use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;
use crate::rest::issues::filter::{Filter, Traits, Wanted, people};
use crate::world::MergeRequest;

/// Everywhere; the caller's own unless `scope` says otherwise.
pub(super) fn everywhere(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    answer(cx, "created_by_me", |cx, request| {
        let project = cx.world.projects.get(&request.project);
        project.is_some_and(|project| cx.reads_code(project))
    })
}

pub(super) fn of_group(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let group = cx.group()?;
    let below = cx.world.projects_below(group.id);
    let visible = below.filter(|project| cx.reads_code(project));
    let projects: Vec<u64> = visible.map(|project| project.id).collect();
    answer(cx, "all", |_, request| projects.contains(&request.project))
}

pub(super) fn of_project(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let project = super::readable(cx)?;
    answer(cx, "all", |_, request| request.project == project.id)
}

fn answer(
    cx: &Cx<'_>,
    scope: &'static str,
    belongs: impl Fn(&Cx<'_>, &MergeRequest) -> bool,
) -> Result<Answer, ApiError> {
    let filter = Filter::read(cx)?;
    let own = Own::read(cx, scope)?;
    let rows = cx.world.merge_requests.values().filter(|request| {
        belongs(cx, request) && own.fits(cx, request) && filter.fits(cx, &traits(request))
    });
    let mut rows: Vec<&MergeRequest> = rows.collect();
    sort(cx, &mut rows)?;
    let simple = cx.params.choice("view", &["simple", "full"])? == Some("simple");
    pagination::offset(cx, &rows, |request| {
        if simple {
            short(cx, request)
        } else {
            entity(cx, request)
        }
    })
}

/// `view=simple`.
fn short(cx: &Cx<'_>, request: &MergeRequest) -> Value {
    let mut value = json!({});
    if let (Value::Object(few), Value::Object(mut all)) = (&mut value, entity(cx, request)) {
        let names = [
            "id",
            "iid",
            "project_id",
            "title",
            "description",
            "state",
            "created_at",
            "updated_at",
            "web_url",
        ];
        for name in names {
            few.insert(name.to_owned(), all.remove(name).unwrap_or_default());
        }
    }
    value
}

fn traits(request: &MergeRequest) -> Traits<'_> {
    Traits {
        iid: request.iid,
        author: request.author,
        assignees: &request.assignees,
        labels: &request.labels,
        milestone: request.milestone,
        title: &request.title,
        description: &request.description,
        created_at: request.created_at,
        updated_at: request.updated_at,
        awards: &request.awards,
    }
}

/// Filters only merge requests have.
struct Own {
    state: Option<&'static str>,
    scope: Option<&'static str>,
    draft: Option<bool>,
    source: Option<String>,
    target: Option<String>,
    reviewer: Option<Wanted<u64>>,
    approved: Option<Wanted<u64>>,
}

impl Own {
    fn read(cx: &Cx<'_>, scope: &'static str) -> Result<Self, ApiError> {
        let params = &cx.params;
        let states = ["opened", "closed", "locked", "merged", "all"];
        let scopes = [
            "created_by_me",
            "assigned_to_me",
            "reviews_for_me",
            "all",
            "created-by-me",
            "assigned-to-me",
        ];
        let wip = params
            .choice("wip", &["yes", "no"])?
            .map(|word| word == "yes");
        let approved = match people(cx, params, "approved_by")? {
            Some(wanted) => Some(wanted),
            None => params.ids("approved_by_ids")?.map(Wanted::One),
        };
        let approved = match (approved, params.list("approved_by_usernames")) {
            (None, Some(names)) => Some(Wanted::One(
                names
                    .iter()
                    .filter_map(|name| cx.world.find_user(name))
                    .map(|user| user.id)
                    .collect(),
            )),
            (approved, _) => approved,
        };
        Ok(Self {
            state: params.choice("state", &states)?,
            scope: params.choice("scope", &scopes)?.or(Some(scope)),
            draft: params.flag("draft")?.or(wip),
            source: params.filled("source_branch"),
            target: params.filled("target_branch"),
            reviewer: people(cx, params, "reviewer")?,
            approved,
        })
    }

    fn fits(&self, cx: &Cx<'_>, request: &MergeRequest) -> bool {
        let me = cx.caller.user;
        let scope = match self.scope {
            Some("created_by_me" | "created-by-me") => Some(request.author) == me,
            Some("assigned_to_me" | "assigned-to-me") => {
                me.is_some_and(|me| request.assignees.contains(&me))
            }
            Some("reviews_for_me") => me.is_some_and(|me| request.reviewers.contains(&me)),
            _ => true,
        };
        scope
            && self
                .state
                .is_none_or(|state| state == "all" || request.state == state)
            && self.draft.is_none_or(|wanted| request.is_draft() == wanted)
            && self
                .source
                .as_ref()
                .is_none_or(|branch| request.source_branch == *branch)
            && self
                .target
                .as_ref()
                .is_none_or(|branch| request.target_branch == *branch)
            && self
                .reviewer
                .as_ref()
                .is_none_or(|who| who.fits(&request.reviewers))
            && self
                .approved
                .as_ref()
                .is_none_or(|who| who.fits(&request.approved_by))
    }
}

fn sort(cx: &Cx<'_>, rows: &mut [&MergeRequest]) -> Result<(), ApiError> {
    let orders = [
        "created_at",
        "updated_at",
        "merged_at",
        "title",
        "label_priority",
        "milestone_due",
        "popularity",
        "priority",
    ];
    let order = cx
        .params
        .choice("order_by", &orders)?
        .unwrap_or("created_at");
    let ascending = cx.params.ascending(false)?;
    rows.sort_by(|one, two| {
        let compared = match order {
            "updated_at" => one.updated_at.cmp(&two.updated_at),
            "merged_at" => one.merged_at.cmp(&two.merged_at),
            "title" => one.title.cmp(&two.title),
            "popularity" => one.awards.len().cmp(&two.awards.len()),
            "milestone_due" => one.milestone.cmp(&two.milestone),
            _ => one.created_at.cmp(&two.created_at),
        };
        let compared = compared.then(one.id.cmp(&two.id));
        if ascending {
            compared
        } else {
            compared.reverse()
        }
    });
    Ok(())
}
