//! Approvals: <https://docs.gitlab.com/api/merge_request_approvals/>

use std::fmt;

use serde_json::{Value, json};

use super::MergeRequests;
use super::target::Target;
use crate::model::text_of;
use crate::prelude::*;

const STATE: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/approval_state";
const APPROVALS: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/approvals";

/// A password on its way to GitLab; prints as nothing.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Approve a merge request.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/merge_requests/{merge_request_iid}/approve",
    toolset = MergeRequests, facts = Facts::write().idempotent())]
struct ApproveMergeRequest {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
    /// Head you have reviewed; refused if it has moved.
    sha: Option<String>,
    /// Your password, where the project asks for it.
    approval_password: Option<Password>,
}

/// Withdraw your own approval.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(POST, "projects/{project_id}/merge_requests/{merge_request_iid}/unapprove",
    toolset = MergeRequests, facts = Facts::write().idempotent())]
struct UnapproveMergeRequest {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
}

/// Find out who has approved a merge request and what is missing.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetMergeRequestApprovalState {
    /// Project ID or path.
    project_id: ProjectId,
    /// Number of the merge request in the project.
    merge_request_iid: Iid,
}

fn names(list: Option<&Value>) -> Vec<&str> {
    let user = |one| text_of(one, "username");
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| user(one).or_else(|| user(one.get("user")?)))
        .collect()
}

/// The rules and who has approved under each.
fn from_rules(state: &Value) -> Option<Value> {
    let rules = state
        .get("rules")?
        .as_array()
        .filter(|rules| !rules.is_empty())?;
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "name": rule.get("name"),
                "type": rule.get("rule_type"),
                "approvals_required": rule.get("approvals_required"),
                "approved": rule.get("approved"),
                "approved_by": names(rule.get("approved_by")),
                "eligible": names(rule.get("eligible_approvers")),
            })
        })
        .collect();
    let open = |rule: &&Value| rule.get("approved").and_then(Value::as_bool) == Some(false);
    let missing: Vec<&Value> = rules
        .iter()
        .filter(open)
        .filter_map(|rule| rule.get("name"))
        .collect();
    Some(json!({
        "source": "approval_state",
        "approved": missing.is_empty(),
        "missing_rules": missing,
        "rules": rules,
    }))
}

/// The counts that every edition knows.
fn from_counts(counts: &Value) -> Value {
    json!({
        "source": "approvals",
        "approved": counts.get("approved"),
        "approvals_required": counts.get("approvals_required"),
        "approvals_left": counts.get("approvals_left"),
        "approved_by": names(counts.get("approved_by")),
    })
}

/// The approvals of a merge request in the form of [`from_counts`].
pub(super) async fn approvals(
    target: &Target,
    iid: &str,
    context: &Context,
) -> Result<Value, ToolError> {
    let answer = context.send(target.get(APPROVALS, iid)?).await?;
    Ok(from_counts(&answer.json()?))
}

#[async_trait]
impl Tool for GetMergeRequestApprovalState {
    const NAME: &'static str = "get_merge_request_approval_state";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let target = Target {
            project_id: self.project_id,
            merge_request_iid: Some(self.merge_request_iid),
            source_branch: None,
        };
        let iid = self.merge_request_iid.0.to_string();
        let rules = match context.send(target.get(STATE, &iid)?).await {
            Ok(answer) => from_rules(&answer.json()?),
            Err(error) if matches!(error.status, Some(402..=404)) => None,
            Err(error) => return Err(error),
        };
        let state = match rules {
            Some(rules) => rules,
            None => approvals(&target, &iid, context).await?,
        };
        Ok(context.shown(state, &Self::FACTS))
    }
}

register_tool!(GetMergeRequestApprovalState);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::request;

    #[test]
    fn an_approval_is_bound_to_the_reviewed_head() {
        let one = json!({ "project_id": 1, "merge_request_iid": 7 });
        let path = "projects/1/merge_requests/7";
        assert_eq!(
            request::<UnapproveMergeRequest>(&one),
            format!("POST {path}/unapprove")
        );
        let mut bound = one;
        bound["sha"] = json!("abc");
        assert_eq!(
            request::<ApproveMergeRequest>(&bound),
            format!(r#"POST {path}/approve {{"sha":"abc"}}"#)
        );
    }

    #[test]
    fn a_password_is_not_printed() {
        let text = format!("{:?}", Password("hunter2".to_owned()));
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn rules_and_counts_have_one_form() {
        let state = json!({ "rules": [
            { "name": "Sec", "rule_type": "regular", "approvals_required": 1, "approved": false,
              "approved_by": [], "eligible_approvers": [{ "username": "ada" }] },
            { "name": "All", "approved": true, "approved_by": [{ "username": "kim" }] },
        ] });
        let told = from_rules(&state).unwrap();
        assert_eq!(told["missing_rules"], json!(["Sec"]));
        assert_eq!(told["rules"][1]["approved_by"], json!(["kim"]));
        assert!(from_rules(&json!({ "rules": [] })).is_none());
        let counts = json!({ "approved": true, "approvals_left": 0,
            "approved_by": [{ "user": { "username": "kim" } }] });
        assert_eq!(from_counts(&counts)["approved_by"], json!(["kim"]));
    }
}
