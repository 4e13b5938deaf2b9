//! Which merge request is meant: its number, or its source branch.

use gitlab_mcp_core::tool::ErrorCode;
use serde_json::Value;

use crate::prelude::*;

pub(super) const ONE: &str = "projects/{project_id}/merge_requests/{merge_request_iid}";

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct Target {
    /// Project ID or path.
    pub(super) project_id: ProjectId,
    /// Number of the merge request in the project.
    pub(super) merge_request_iid: Option<Iid>,
    /// Source branch, instead of the number.
    #[schemars(extend("x-aliases" = ["branch_name"]))]
    pub(super) source_branch: Option<String>,
}

impl Target {
    /// A GET below the merge request with this number.
    pub(super) fn get(
        &self,
        template: &'static str,
        iid: &str,
    ) -> Result<ApiRequest, RequestError> {
        ApiRequest::get(template, &self.segments(iid))
    }

    /// What fills the holes of a path.
    pub(super) fn segments<'a>(&'a self, iid: &'a str) -> [(&'a str, &'a str); 2] {
        [
            ("project_id", self.project_id.as_str()),
            ("merge_request_iid", iid),
        ]
    }

    /// The number, looked up if only the branch was given.
    pub(super) async fn iid(&self, context: &Context) -> Result<String, ToolError> {
        let branch = match (self.merge_request_iid, &self.source_branch) {
            (Some(iid), _) => return Ok(iid.0.to_string()),
            (None, Some(branch)) => branch,
            (None, None) => {
                return Err(ToolError::argument(
                    "merge_request_iid",
                    "give the number, or source_branch",
                ));
            }
        };
        let request = ApiRequest::get(
            "projects/{project_id}/merge_requests",
            &[("project_id", self.project_id.as_str())],
        )?;
        let request = request
            .query("source_branch", branch)
            .query("state", "opened");
        let found = context.send(request).await?.json()?;
        only_one(&found, branch)
    }

    /// The merge request itself.
    pub(super) async fn read(&self, context: &Context) -> Result<(String, Value), ToolError> {
        let iid = self.iid(context).await?;
        let value = context.send(self.get(ONE, &iid)?).await?.json()?;
        Ok((iid, value))
    }
}

fn only_one(found: &Value, branch: &str) -> Result<String, ToolError> {
    let numbers: Vec<String> = found
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("iid")?.as_u64())
        .map(|iid| iid.to_string())
        .collect();
    match numbers.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(ToolError::new(
            ErrorCode::NotFound,
            format!("no open merge request comes from the branch `{branch}`"),
            "list merge requests with state=all to find closed and merged ones",
        )),
        several => Err(ToolError::argument(
            "source_branch",
            format!(
                "several open merge requests come from this branch; give merge_request_iid, one of {}",
                several.join(", ")
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_branch_names_a_merge_request_only_when_there_is_exactly_one() {
        assert_eq!(only_one(&json!([{ "iid": 7 }]), "topic").unwrap(), "7");
        let none = only_one(&json!([]), "topic").unwrap_err();
        assert_eq!(none.code, ErrorCode::NotFound);
        let several = only_one(&json!([{ "iid": 7 }, { "iid": 9 }]), "topic").unwrap_err();
        assert!(several.to_string().contains("one of 7, 9"), "{several}");
    }
}
