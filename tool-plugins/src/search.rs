//! Search: <https://docs.gitlab.com/api/search/>

use crate::prelude::*;

mod code;

toolset!(
    /// Search in code, issues, merge requests and more.
    Search, "search", "Search in code, issues, merge requests and more.", default = false
);

words!(GlobalScope: WikiBlobs, Blobs, Commits, Notes, Projects, Issues, WorkItems, MergeRequests,
    Milestones, SnippetTitles, Users);
words!(GroupScope: Projects, Issues, MergeRequests, Milestones, Users, WikiBlobs, Commits, Blobs,
    Notes, WorkItems);
words!(ProjectScope: Issues, MergeRequests, Milestones, Notes, WikiBlobs, Commits, Blobs, Users,
    WorkItems);
words!(FoundState: All, Opened, Closed, Merged);
words!(FoundOrder: CreatedAt);

/// Search one kind of object everywhere.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "search", toolset = Search, facts = Facts::read().paged(Paging::Offset))]
struct SearchGlobal {
    /// What to search; blobs, commits, notes and `wiki_blobs` need advanced search.
    scope: GlobalScope,
    /// Text to find.
    search: String,
    /// State of issues or merge requests.
    state: Option<FoundState>,
    /// Only confidential issues, or only others.
    confidential: Option<bool>,
    /// Sort key.
    order_by: Option<FoundOrder>,
    /// Direction.
    sort: Option<Order>,
    #[serde(flatten)]
    page: Paged,
}

/// Search one kind of object in a project.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/search", toolset = Search,
    facts = Facts::read().paged(Paging::Offset))]
struct SearchProject {
    /// Project ID or path.
    project_id: ProjectId,
    /// What to search.
    scope: ProjectScope,
    /// Text to find.
    search: String,
    /// Branch or tag, for blobs, commits and `wiki_blobs`.
    r#ref: Option<String>,
    /// State of issues or merge requests.
    state: Option<FoundState>,
    /// Only confidential issues, or only others.
    confidential: Option<bool>,
    /// Sort key.
    order_by: Option<FoundOrder>,
    /// Direction.
    sort: Option<Order>,
    #[serde(flatten)]
    page: Paged,
}

/// Search one kind of object in a group.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "groups/{group_id}/search", toolset = Search,
    facts = Facts::read().paged(Paging::Offset))]
struct SearchGroup {
    /// Group ID or path.
    group_id: GroupId,
    /// What to search; blobs, commits, notes and `wiki_blobs` need advanced search.
    scope: GroupScope,
    /// Text to find.
    search: String,
    /// State of issues or merge requests.
    state: Option<FoundState>,
    /// Only confidential issues, or only others.
    confidential: Option<bool>,
    /// Sort key.
    order_by: Option<FoundOrder>,
    /// Direction.
    sort: Option<Order>,
    #[serde(flatten)]
    page: Paged,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn one_kind_of_object_is_searched_in_its_place() {
        let all = json!({ "scope": "merge_requests", "search": "a b", "state": "opened" });
        assert_eq!(
            request::<SearchGlobal>(&all),
            "GET search?scope=merge_requests&search=a b&state=opened"
        );
        let project =
            json!({ "project_id": "a/b", "scope": "blobs", "search": "x", "ref": "main" });
        assert_eq!(
            request::<SearchProject>(&project),
            "GET projects/a%2Fb/search?scope=blobs&search=x&ref=main"
        );
        let group = json!({ "group_id": "a", "scope": "users", "search": "kim" });
        assert_eq!(
            request::<SearchGroup>(&group),
            "GET groups/a/search?scope=users&search=kim"
        );
    }
}
