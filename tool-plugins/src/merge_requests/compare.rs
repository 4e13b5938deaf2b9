//! Comparing refs: <https://docs.gitlab.com/api/repositories/#compare-branches-tags-or-commits>

use serde_json::{Value, json};

use super::MergeRequests;
use crate::diff::{Exclusions, FileDiff, render};
use crate::prelude::*;

/// Compare two branches, tags or commits: the commits and the diff between them.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetBranchDiffs {
    /// Project ID or path.
    project_id: ProjectId,
    /// Where the comparison starts.
    from: String,
    /// Where it ends.
    to: String,
    /// Compare the two directly instead of from their merge base.
    straight: Option<bool>,
    /// Leave out files whose path matches one of these regular expressions.
    excluded_file_patterns: Option<Vec<String>>,
}

#[async_trait]
impl Tool for GetBranchDiffs {
    const NAME: &'static str = "get_branch_diffs";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read().answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let excluded = Exclusions::parse(self.excluded_file_patterns.as_deref())?;
        let request = ApiRequest::get(
            "projects/{project_id}/repository/compare",
            &[("project_id", self.project_id.as_str())],
        )?;
        let request = request.query("from", self.from).query("to", self.to);
        let answer = context
            .send(request.maybe_query("straight", self.straight))
            .await?;
        let compare: Value = answer.json()?;
        let (kept, left_out) = excluded.apply(FileDiff::all(&compare));
        let (mut about, text) = render(&kept);
        let titles = compare
            .get("commits")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let titles: Vec<Value> = titles
            .map(|commit| json!({ "id": commit.get("short_id"), "title": commit.get("title") }))
            .collect();
        about.insert("commits".to_owned(), titles.into());
        about.insert("files_left_out".to_owned(), left_out.into());
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetBranchDiffs);
