//! Activity: <https://docs.gitlab.com/api/events/>

use super::Users;
use crate::prelude::*;

words!(EventAction: Approved, Closed, Commented, Created, Destroyed, Expired, Joined, Left, Merged,
    Pushed, Reopened, Updated);
words!(EventTarget: Issue, Milestone, MergeRequest, Note, Project, Snippet, User, Wiki, Design);
words!(EventScope: All);

const EVENT: &[&str] = &[
    "id",
    "project_id",
    "action_name",
    "target_id",
    "target_iid",
    "target_type",
    "target_title",
    "created_at",
    "note",
    "push_data",
    "author_username",
];

/// List your own activity.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "events", toolset = Users,
    facts = Facts::read().paged(Paging::Offset).fields(EVENT))]
struct ListEvents {
    /// What was done.
    #[schemars(extend("x-aliases" = ["event_action"]))]
    action: Option<EventAction>,
    /// To what.
    target_type: Option<EventTarget>,
    /// Before this date, YYYY-MM-DD.
    before: Option<String>,
    /// After this date, YYYY-MM-DD.
    after: Option<String>,
    /// Everything in your projects, by anybody.
    scope: Option<EventScope>,
    /// Direction by time.
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
    fn activity_is_filtered_in_the_query() {
        assert_eq!(
            request::<ListEvents>(
                &json!({ "event_action": "pushed", "after": "2026-01-01", "sort": "ASC" })
            ),
            "GET events?action=pushed&after=2026-01-01&sort=asc"
        );
    }
}
