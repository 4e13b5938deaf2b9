//! Issues: <https://docs.gitlab.com/api/issues/>

use serde_json::{Map, Value};

use crate::model::{body_of, item_of, with_changes};
use crate::prelude::*;

mod list;
mod notes;

toolset!(
    /// Issues, their comments and links.
    Issues, "issues", "Issues, their comments and links.", default = true
);

const ONE: &str = "projects/{project_id}/issues/{issue_iid}";

words!(IssueType: Issue, Incident, TestCase, Task);
words!(StateEvent: Close, Reopen);

/// What is told about an issue after a change.
const CHANGED: [&str; 7] = [
    "id",
    "iid",
    "title",
    "state",
    "labels",
    "updated_at",
    "web_url",
];

/// Open an issue.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/issues", toolset = Issues)]
struct CreateIssue {
    /// Project ID or path.
    project_id: ProjectId,
    /// Title.
    title: String,
    /// Description in Markdown.
    description: Option<Markdown>,
    /// User IDs.
    assignee_ids: Option<Vec<u64>>,
    /// Label names.
    labels: Option<Labels>,
    /// Milestone ID.
    milestone_id: Option<u64>,
    /// Sort of issue (issue).
    issue_type: Option<IssueType>,
    /// Weight.
    weight: Option<u32>,
}

/// Get one issue.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetIssue {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
    /// Keep all details of the milestone.
    full_response: Option<bool>,
}

/// A milestone is told by its name unless somebody wants all of it.
fn trim_milestone(issue: &mut Map<String, Value>) {
    if let Some(Value::Object(milestone)) = issue.get_mut("milestone") {
        milestone.retain(|name, _| matches!(name.as_str(), "id" | "iid" | "title"));
    }
}

#[async_trait]
impl Tool for GetIssue {
    const NAME: &'static str = "get_issue";
    type Set = Issues;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let iid = self.issue_iid.0.to_string();
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("issue_iid", &iid),
        ];
        let answer = context.send(ApiRequest::get(ONE, &segments)?).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        if self.full_response != Some(true)
            && let Some(issue) = item_of(&mut output)
        {
            trim_milestone(issue);
        }
        Ok(output)
    }
}

register_tool!(GetIssue);

/// Edit, close, reopen, assign or label an issue.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct UpdateIssue {
    /// Project ID or path.
    #[serde(skip_serializing)]
    project_id: ProjectId,
    /// Number of the issue in the project.
    #[serde(skip_serializing)]
    issue_iid: Iid,
    /// Title.
    title: Option<String>,
    /// Description in Markdown.
    description: Option<Markdown>,
    /// User IDs; replaces all, empty removes all.
    assignee_ids: Option<Vec<u64>>,
    /// Visible to members only.
    confidential: Option<bool>,
    /// Only members may comment.
    discussion_locked: Option<bool>,
    /// YYYY-MM-DD; empty removes it.
    due_date: Option<String>,
    /// Label names; replaces all.
    labels: Option<Labels>,
    /// Milestone ID; 0 removes it.
    milestone_id: Option<u64>,
    /// Close or reopen.
    state_event: Option<StateEvent>,
    /// Weight; null removes it.
    #[serde(default)]
    weight: Clearable<u32>,
    /// Sort of issue.
    issue_type: Option<IssueType>,
    /// Answer with the whole issue.
    #[serde(skip_serializing)]
    full_response: Option<bool>,
    /// Labels to add.
    add_labels: Option<Labels>,
    /// Labels to take away.
    remove_labels: Option<Labels>,
}

impl UpdateIssue {
    fn request(&self) -> Result<ApiRequest, RequestError> {
        let mut body = body_of(self);
        let cleared = matches!(self.weight, Clearable::Clear);
        if cleared {
            body.insert("weight".to_owned(), Value::Null);
        }
        let iid = self.issue_iid.0.to_string();
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("issue_iid", &iid),
        ];
        let request = ApiRequest::new(Method::Put, ApiPath::fill(ONE, &segments)?);
        let request = if body.is_empty() {
            request
        } else {
            request.json(body.into())
        };
        with_changes(request, "title")
    }
}

#[async_trait]
impl Tool for UpdateIssue {
    const NAME: &'static str = "update_issue";
    type Set = Issues;
    const FACTS: Facts = Facts::write().idempotent();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let answer = context.send(self.request()?).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        if self.full_response != Some(true)
            && let Some(issue) = item_of(&mut output)
        {
            issue.retain(|name, _| CHANGED.contains(&name.as_str()));
        }
        Ok(output)
    }
}

register_tool!(UpdateIssue);

/// Delete an issue for good.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(DELETE, "projects/{project_id}/issues/{issue_iid}", toolset = Issues,
    facts = Facts::delete().answers(Answers::Nothing))]
struct DeleteIssue {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
}

/// List the issues linked to an issue.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/issues/{issue_iid}/links", toolset = Issues,
    facts = Facts::read().fields(LINKED))]
struct ListIssueLinks {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the issue in the project.
    issue_iid: Iid,
}

const LINKED: &[&str] = &[
    "issue_link_id",
    "link_type",
    "id",
    "iid",
    "project_id",
    "title",
    "state",
    "assignees",
    "labels",
    "web_url",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn an_issue_is_opened_with_labels_as_comma_text() {
        assert_eq!(
            request::<CreateIssue>(&json!({
                "project_id": "a/b", "title": "Crash", "labels": ["bug", "p1"],
                "assignee_ids": "3", "issue_type": "INCIDENT",
            })),
            r#"POST projects/a%2Fb/issues {"title":"Crash","assignee_ids":[3],"labels":"bug,p1","issue_type":"incident"}"#
        );
    }

    #[test]
    fn a_quick_action_in_a_description_is_refused_with_its_line() {
        let answer = request::<CreateIssue>(
            &json!({ "project_id": 1, "title": "t", "description": "text\n/close" }),
        );
        assert!(answer.contains("/description: line 2"), "{answer}");
    }

    #[test]
    fn an_update_sends_what_is_given_and_null_clears() {
        let update = |fields: Value| {
            let tool: UpdateIssue = serde_json::from_value(fields).unwrap();
            tool.request().map(|request| request.to_string())
        };
        assert_eq!(
            update(
                json!({ "project_id": "1", "issue_iid": 2, "weight": null, "labels": [],
                "assignee_ids": [], "state_event": "close", "full_response": true })
            )
            .unwrap(),
            r#"PUT projects/1/issues/2 {"assignee_ids":[],"labels":"","state_event":"close","weight":null}"#
        );
        assert!(update(json!({ "project_id": "1", "issue_iid": 2 })).is_err());
    }

    #[test]
    fn issues_are_deleted_and_their_links_listed_by_number() {
        let one = json!({ "project_id": 1, "issue_iid": "#2" });
        assert_eq!(request::<DeleteIssue>(&one), "DELETE projects/1/issues/2");
        assert_eq!(
            request::<ListIssueLinks>(&one),
            "GET projects/1/issues/2/links"
        );
    }

    #[test]
    fn a_milestone_is_told_by_its_name() {
        let mut issue = json!({ "milestone": { "id": 1, "title": "v1", "description": "long" } });
        trim_milestone(issue.as_object_mut().unwrap());
        assert_eq!(issue, json!({ "milestone": { "id": 1, "title": "v1" } }));
    }
}
