//! Lists of merge requests: <https://docs.gitlab.com/api/merge_requests/#list-merge-requests>

use super::MergeRequests;
use crate::prelude::*;

const MERGE_REQUEST: &[&str] = &[
    "id",
    "iid",
    "project_id",
    "title",
    "state",
    "draft",
    "author",
    "assignees",
    "reviewers",
    "labels",
    "source_branch",
    "target_branch",
    "detailed_merge_status",
    "has_conflicts",
    "user_notes_count",
    "sha",
    "created_at",
    "updated_at",
    "merged_at",
    "web_url",
];

const IN_PROJECT: Route = Route {
    method: Method::Get,
    path: "projects/{project_id}/merge_requests",
};

words!(Scope: CreatedByMe, AssignedToMe, ReviewsForMe, All);
words!(State: Opened, Closed, Locked, Merged, All);
words!(MergeRequestOrder: CreatedAt, LabelPriority, MilestoneDue, Popularity, Priority, Title,
    UpdatedAt, MergedAt);
words!(YesNo: Yes, No);
words!(View: Simple, Full);
words!(SearchIn: Title, Description);

/// List merge requests of a project, or of all projects.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct ListMergeRequests {
    /// Project ID or path (all projects).
    project_id: Option<ProjectId>,
    /// User ID, `None` or `Any`.
    assignee_id: Option<String>,
    /// User names.
    assignee_username: Option<Vec<String>>,
    /// User ID.
    author_id: Option<u64>,
    /// User name.
    author_username: Option<String>,
    /// User ID, `None` or `Any`.
    reviewer_id: Option<String>,
    /// User name.
    reviewer_username: Option<String>,
    /// User names that have all approved.
    approved_by_usernames: Option<Vec<String>>,
    /// ISO 8601.
    created_after: Option<String>,
    /// ISO 8601.
    created_before: Option<String>,
    /// ISO 8601.
    updated_after: Option<String>,
    /// ISO 8601.
    updated_before: Option<String>,
    /// Names that must all be there; `None` or `Any`.
    labels: Option<Labels>,
    /// Title; `None` or `Any`.
    milestone: Option<String>,
    /// Whose (all).
    scope: Option<Scope>,
    /// Text in title or description.
    search: Option<String>,
    /// State.
    state: Option<State>,
    /// Sort key.
    order_by: Option<MergeRequestOrder>,
    /// Direction.
    sort: Option<Order>,
    /// Target branch.
    target_branch: Option<String>,
    /// Source branch.
    source_branch: Option<String>,
    /// Only drafts, or only others.
    wip: Option<YesNo>,
    /// Labels with color and description.
    with_labels_details: Option<bool>,
    /// How much of each GitLab sends.
    view: Option<View>,
    /// Ask GitLab to check anew whether they can be merged.
    with_merge_status_recheck: Option<bool>,
    /// Only those you reacted to with this emoji.
    my_reaction_emoji: Option<String>,
    /// Where search looks.
    r#in: Option<Vec<SearchIn>>,
    /// Values that must not be there.
    not: Option<Not>,
    /// Deployed to this environment.
    environment: Option<String>,
    /// ISO 8601.
    deployed_before: Option<String>,
    /// ISO 8601.
    deployed_after: Option<String>,
    /// User IDs that have all approved, `None` or `Any`.
    approved_by_ids: Option<Vec<String>>,
    #[serde(flatten)]
    page: Paged,
}

#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct Not {
    /// Label names.
    labels: Option<Labels>,
    /// Title of the milestone.
    milestone: Option<String>,
    /// User ID.
    author_id: Option<u64>,
    /// User name.
    author_username: Option<String>,
    /// User ID.
    assignee_id: Option<u64>,
    /// User name.
    assignee_username: Option<String>,
    /// Emoji.
    my_reaction_emoji: Option<String>,
}

impl Endpoint for ListMergeRequests {
    const NAME: &'static str = "list_merge_requests";
    type Set = MergeRequests;
    const ROUTE: Route = Route {
        method: Method::Get,
        path: "merge_requests",
    };
    const FACTS: Facts = Facts::read().paged(Paging::Offset).fields(MERGE_REQUEST);

    fn request(&self) -> Result<ApiRequest, RequestError> {
        let mut fields = self.clone();
        if fields.assignee_username.is_some() {
            fields.assignee_id = None;
        }
        if fields.author_username.is_some() {
            fields.author_id = None;
        }
        if fields.reviewer_username.is_some() {
            fields.reviewer_id = None;
        }
        fields.view = fields.view.filter(|view| *view == View::Simple);
        let places = fields.r#in.take().map(|places| match places.as_slice() {
            [SearchIn::Title] => "title",
            [SearchIn::Description] => "description",
            _ => "title,description",
        });
        let request = if fields.project_id.is_some() {
            ApiRequest::from_fields(&IN_PROJECT, &fields)?
        } else {
            // Left alone, GitLab lists only what the caller has created.
            fields.scope = fields.scope.or(Some(Scope::All));
            ApiRequest::from_fields(&Self::ROUTE, &fields)?
        };
        Ok(request.maybe_query("in", places))
    }
}

register_endpoint!(ListMergeRequests);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn merge_requests_of_a_project_have_a_route_of_their_own() {
        assert_eq!(
            request::<ListMergeRequests>(&json!({ "project_id": "a/b", "state": "opened",
                "reviewer_username": "kim", "reviewer_id": 3, "view": "full", "wip": "NO" })),
            "GET projects/a%2Fb/merge_requests?reviewer_username=kim&state=opened&wip=no"
        );
    }

    #[test]
    fn without_a_project_everybodys_are_meant() {
        assert_eq!(
            request::<ListMergeRequests>(&json!({ "search": "x", "in": ["title"] })),
            "GET merge_requests?scope=all&search=x&in=title"
        );
    }

    #[test]
    fn what_must_not_be_there_is_a_hash() {
        assert_eq!(
            request::<ListMergeRequests>(&json!({ "project_id": 1,
                "not": { "labels": ["a", "b"], "author_username": "kim" } })),
            "GET projects/1/merge_requests?not[labels]=a,b&not[author_username]=kim"
        );
    }
}
