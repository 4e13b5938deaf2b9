//! Lists of issues: <https://docs.gitlab.com/api/issues/#list-issues>

use super::Issues;
use crate::model::{body_of, text_of};
use crate::prelude::*;

const ISSUE: &[&str] = &[
    "id",
    "iid",
    "project_id",
    "title",
    "state",
    "issue_type",
    "author",
    "assignees",
    "labels",
    "due_date",
    "weight",
    "confidential",
    "user_notes_count",
    "created_at",
    "updated_at",
    "closed_at",
    "web_url",
];

const EVERYWHERE: Route = Route {
    method: Method::Get,
    path: "issues",
};
const IN_PROJECT: Route = Route {
    method: Method::Get,
    path: "projects/{project_id}/issues",
};

words!(DueDate: Nothing = "0", Any, Today, Tomorrow, Overdue, Week, Month,
    NextMonthAndPreviousTwoWeeks);
words!(ListedType: Issue, Incident, TestCase, Requirement, Task, Ticket);
words!(Scope: CreatedByMe, AssignedToMe, All);
words!(State: Opened, Closed, All);
words!(IssueOrder: CreatedAt, DueDate, LabelPriority, MilestoneDue, Popularity, Priority,
    RelativePosition, Title, UpdatedAt, Weight);

/// List issues of a project, or of all projects.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct ListIssues {
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
    /// Only confidential ones, or only others.
    confidential: Option<bool>,
    /// ISO 8601.
    created_after: Option<String>,
    /// ISO 8601.
    created_before: Option<String>,
    /// When due; 0 for none.
    due_date: Option<DueDate>,
    /// Names that must all be there; `None` or `Any`.
    labels: Option<Labels>,
    /// Title; `None` or `Any`.
    milestone: Option<String>,
    /// Sort of issue.
    issue_type: Option<ListedType>,
    /// Iteration ID, `None` or `Any`.
    iteration_id: Option<String>,
    /// Whose (all).
    scope: Option<Scope>,
    /// Text in title or description.
    search: Option<String>,
    /// State.
    state: Option<State>,
    /// ISO 8601.
    updated_after: Option<String>,
    /// ISO 8601.
    updated_before: Option<String>,
    /// Labels with color and description.
    with_labels_details: Option<bool>,
    /// Sort key.
    order_by: Option<IssueOrder>,
    /// Direction.
    sort: Option<Order>,
    /// Only these numbers.
    iids: Option<Vec<u64>>,
    #[serde(flatten)]
    page: Paged,
}

impl Endpoint for ListIssues {
    const NAME: &'static str = "list_issues";
    type Set = Issues;
    const ROUTE: Route = EVERYWHERE;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).fields(ISSUE);

    fn request(&self) -> Result<ApiRequest, RequestError> {
        let mut fields = self.clone();
        if fields.assignee_username.is_some() {
            fields.assignee_id = None;
        }
        if fields.author_username.is_some() {
            fields.author_id = None;
        }
        if fields.project_id.is_some() {
            return ApiRequest::from_fields(&IN_PROJECT, &fields);
        }
        // Left alone, GitLab lists only what the caller has created.
        fields.scope = fields.scope.or(Some(Scope::All));
        ApiRequest::from_fields(&EVERYWHERE, &fields)
    }
}

register_endpoint!(ListIssues);

/// List issues assigned to you.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
struct MyIssues {
    /// Project ID or path (all projects).
    project_id: Option<ProjectId>,
    /// State (opened).
    state: Option<State>,
    /// Names that must all be there.
    labels: Option<Labels>,
    /// Title of the milestone.
    milestone: Option<String>,
    /// Text in title or description.
    search: Option<String>,
    /// ISO 8601.
    created_after: Option<String>,
    /// ISO 8601.
    created_before: Option<String>,
    /// ISO 8601.
    updated_after: Option<String>,
    /// ISO 8601.
    updated_before: Option<String>,
    #[serde(flatten)]
    page: Paged,
}

impl MyIssues {
    fn request(&self, username: &str) -> Result<ApiRequest, RequestError> {
        let mut fields = self.clone();
        fields.state = fields.state.or(Some(State::Opened));
        let route = match fields.project_id {
            Some(_) => IN_PROJECT,
            None => EVERYWHERE,
        };
        let request = ApiRequest::from_fields(&route, &fields)?;
        Ok(request
            .query("scope", "all")
            .query("assignee_username[]", username))
    }
}

/// The user behind the credential; a job token acts for the user who started the job.
async fn own_name(context: &Context) -> Result<String, ToolError> {
    let user = match context.send(ApiRequest::get("user", &[])?).await {
        Ok(answer) => answer.json()?,
        Err(error) => match context.send(ApiRequest::get("job", &[])?).await {
            Ok(answer) => answer.json()?.get("user").cloned().unwrap_or_default(),
            Err(_) => return Err(error),
        },
    };
    text_of(&user, "username")
        .map(str::to_owned)
        .ok_or_else(|| ToolError::argument("assignee", "this credential belongs to no user"))
}

#[async_trait]
impl Tool for MyIssues {
    const NAME: &'static str = "my_issues";
    type Set = Issues;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).fields(ISSUE);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let request = self.request(&own_name(context).await?)?;
        let answer = context.send(request).await?;
        context.envelope(&answer, &Self::FACTS, &body_of(&self))
    }
}

register_tool!(MyIssues);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn issues_of_a_project_have_a_route_of_their_own() {
        assert_eq!(
            request::<ListIssues>(
                &json!({ "project_id": "a/b", "state": "opened", "due_date": "0", "iids": [1, 2] })
            ),
            "GET projects/a%2Fb/issues?due_date=0&state=opened&iids[]=1&iids[]=2"
        );
    }

    #[test]
    fn without_a_project_everybodys_issues_are_meant() {
        assert_eq!(
            request::<ListIssues>(&json!({ "labels": "bug,p1" })),
            "GET issues?labels=bug,p1&scope=all"
        );
        assert_eq!(
            request::<ListIssues>(&json!({ "scope": "created_by_me" })),
            "GET issues?scope=created_by_me"
        );
    }

    #[test]
    fn a_name_wins_over_a_number() {
        assert_eq!(
            request::<ListIssues>(
                &json!({ "project_id": 1, "author_id": 1, "author_username": "kim",
                "assignee_id": 2, "assignee_username": "ada" })
            ),
            "GET projects/1/issues?assignee_username[]=ada&author_username=kim"
        );
    }

    #[test]
    fn my_issues_are_the_open_ones_assigned_to_me() {
        let mine: MyIssues = serde_json::from_value(json!({ "milestone": "v1" })).unwrap();
        assert_eq!(
            mine.request("kim").unwrap().to_string(),
            "GET issues?state=opened&milestone=v1&scope=all&assignee_username[]=kim"
        );
    }
}
