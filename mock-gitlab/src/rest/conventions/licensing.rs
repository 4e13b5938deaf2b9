//! Which routes need a licence, and how an instance without it refuses them.
//! The tier stands at the top of each page of <https://docs.gitlab.com/api/rest/>.

use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::Route;
use crate::site::Plan;

/// How a missing licence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// 403: the feature is there, and nobody may use it.
    Forbidden,
    /// 404: the feature is not there.
    NotFound,
    /// 405 of the one route that says what is missing.
    NoChart,
}

type Row = (Plan, Refusal, &'static str);

/// Routes, and all below them.
const LICENSED: [Row; 26] = [
    // <https://docs.gitlab.com/api/epics/>: "a 403 status code is returned".
    (Plan::Premium, Refusal::Forbidden, "groups/:id/epics"),
    (Plan::Premium, Refusal::Forbidden, "groups/:id/iterations"),
    (Plan::Premium, Refusal::Forbidden, "projects/:id/iterations"),
    (Plan::Premium, Refusal::Forbidden, "audit_events"),
    (Plan::Premium, Refusal::Forbidden, "groups/:id/audit_events"),
    (
        Plan::Premium,
        Refusal::Forbidden,
        "projects/:id/audit_events",
    ),
    (
        Plan::Premium,
        Refusal::Forbidden,
        "projects/:id/merge_trains",
    ),
    (Plan::Premium, Refusal::Forbidden, "service_accounts"),
    (
        Plan::Premium,
        Refusal::Forbidden,
        "groups/:id/service_accounts",
    ),
    (Plan::Premium, Refusal::NotFound, "groups/:id/hooks"),
    (Plan::Premium, Refusal::NotFound, "groups/:id/wikis"),
    (
        Plan::Premium,
        Refusal::NotFound,
        "groups/:id/protected_branches",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "groups/:id/protected_environments",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/protected_environments",
    ),
    (Plan::Premium, Refusal::NotFound, "projects/:id/push_rule"),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/approval_rules",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/merge_requests/:iid/approval_rules",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/merge_requests/:iid/approval_state",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/issues/:iid/resource_iteration_events",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/issues/:iid/resource_weight_events",
    ),
    (
        Plan::Premium,
        Refusal::NotFound,
        "projects/:id/releases/:tag_name/evidence",
    ),
    (
        Plan::Premium,
        Refusal::NoChart,
        "projects/:id/milestones/:milestone_id/burndown_events",
    ),
    (
        Plan::Premium,
        Refusal::NoChart,
        "groups/:id/milestones/:milestone_id/burndown_events",
    ),
    (Plan::Ultimate, Refusal::NotFound, "groups/:id/member_roles"),
    (Plan::Ultimate, Refusal::NotFound, "member_roles"),
    (
        Plan::Ultimate,
        Refusal::NotFound,
        "projects/:id/external_status_checks",
    ),
];

/// Scopes that only a search engine beside GitLab answers, outside of projects.
const ADVANCED: [&str; 4] = ["blobs", "commits", "wiki_blobs", "notes"];

/// The row of a route; none needs no licence.
fn row(pattern: &str) -> Option<Row> {
    let inside = pattern.strip_prefix("/api/v4/")?;
    let covers = |place: &str| {
        let rest = inside.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    LICENSED.into_iter().find(|(_, _, place)| covers(place))
}

/// Refuses what the plan of the instance does not hold. What the caller may not see is not
/// there, licence or not.
pub(crate) fn check(cx: &Cx<'_>, route: &Route) -> Result<(), ApiError> {
    let plan = cx.site.plan;
    if plan == Plan::Ultimate {
        return Ok(());
    }
    if plan < Plan::Premium {
        needs_no_search_engine(cx, route.pattern())?;
    }
    let Some((_, refusal, place)) = row(route.pattern()).filter(|(needed, ..)| plan < *needed)
    else {
        return Ok(());
    };
    if place.starts_with("groups/:id") {
        cx.group()?;
    } else if place.starts_with("projects/:id") {
        cx.project()?;
    } else {
        cx.user()?;
    }
    Err(match refusal {
        Refusal::Forbidden => ApiError::forbidden(),
        Refusal::NotFound => ApiError::gone(),
        Refusal::NoChart => ApiError::message(405, "Milestone does not support burndown chart"),
    })
}

/// <https://docs.gitlab.com/api/search/#advanced-search>
fn needs_no_search_engine(cx: &Cx<'_>, pattern: &str) -> Result<(), ApiError> {
    let wide = [
        "/api/v4/search",
        "/api/v4/groups/:id/search",
        "/api/v4/groups/:id/-/search",
    ];
    let scope = cx.params.filled("scope").unwrap_or_default();
    if wide.contains(&pattern) && ADVANCED.contains(&scope.as_str()) {
        let text = "Scope supported only with advanced search or exact code search";
        return Err(ApiError::error(400, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_covers_a_route() {
        let table = crate::rest::table();
        for (_, _, place) in LICENSED {
            let covered = |path: &str| row(path).is_some_and(|(_, _, own)| own == place);
            assert!(
                table.listing().any(|(_, path)| covered(path)),
                "{place} is no route"
            );
        }
    }

    #[test]
    fn a_neighbour_with_a_longer_name_is_free() {
        assert_eq!(row("/api/v4/projects/:id/push_rules"), None);
        assert_eq!(row("/api/v4/projects/:id/hooks"), None);
        let below = row("/api/v4/groups/:id/epics/:epic_iid/issues");
        assert_eq!(below, Some(LICENSED[0]));
    }
}
