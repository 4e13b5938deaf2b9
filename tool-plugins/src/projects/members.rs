//! Members: <https://docs.gitlab.com/api/project_members/>

use super::Projects;
use crate::prelude::*;

words!(MemberState: Awaiting, Active);

const ALL: Route = Route {
    method: Method::Get,
    path: "projects/{project_id}/members/all",
};

/// List the members of a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct ListProjectMembers {
    /// Project ID or path.
    project_id: ProjectId,
    /// Text in name, e-mail or user name.
    query: Option<String>,
    /// Only these users.
    user_ids: Option<Vec<u64>>,
    /// All but these users.
    skip_users: Option<Vec<u64>>,
    /// Include members of the groups above.
    #[serde(skip_serializing)]
    include_inheritance: Option<bool>,
    /// Only members in this state; needs `include_inheritance`.
    state: Option<MemberState>,
    #[serde(flatten)]
    page: Paged,
}

impl Endpoint for ListProjectMembers {
    const NAME: &'static str = "list_project_members";
    type Set = Projects;
    const ROUTE: Route = Route {
        method: Method::Get,
        path: "projects/{project_id}/members",
    };
    const FACTS: Facts = Facts::read().paged(Paging::Offset);

    fn request(&self) -> Result<ApiRequest, RequestError> {
        let inherited = self.include_inheritance == Some(true);
        if self.state.is_some() && !inherited {
            return Err(RequestError {
                argument: "state".to_owned(),
                expected: "works only with include_inheritance".to_owned(),
            });
        }
        ApiRequest::from_fields(if inherited { &ALL } else { &Self::ROUTE }, self)
    }
}

register_endpoint!(ListProjectMembers);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn inherited_members_have_a_route_of_their_own() {
        let own = json!({ "project_id": 1, "query": "kim", "user_ids": "2,3" });
        assert_eq!(
            request::<ListProjectMembers>(&own),
            "GET projects/1/members?query=kim&user_ids[]=2&user_ids[]=3"
        );
        let all = json!({ "project_id": 1, "include_inheritance": true, "state": "active" });
        assert_eq!(
            request::<ListProjectMembers>(&all),
            "GET projects/1/members/all?state=active"
        );
    }

    #[test]
    fn a_state_without_inherited_members_is_refused() {
        let answer = request::<ListProjectMembers>(&json!({ "project_id": 1, "state": "active" }));
        assert!(answer.contains("/state: works only with"), "{answer}");
    }
}
