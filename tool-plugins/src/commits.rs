//! Commits: <https://docs.gitlab.com/api/commits/>

use serde_json::Value;

use crate::branches::Branches;
use crate::diff::{FileDiff, render};
use crate::prelude::*;

const COMMIT: &[&str] = &[
    "id",
    "short_id",
    "title",
    "author_name",
    "authored_date",
    "parent_ids",
    "stats",
    "web_url",
];

/// List the commits of a branch, tag or path, newest first.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/repository/commits", toolset = Branches,
    facts = Facts::read().paged(Paging::Offset).fields(COMMIT))]
struct ListCommits {
    /// Project ID or path.
    project_id: ProjectId,
    /// Branch, tag or range `a..b` (the default branch).
    ref_name: Option<String>,
    /// Only commits after this time (ISO 8601).
    since: Option<String>,
    /// Only commits before this time (ISO 8601).
    until: Option<String>,
    /// Only commits that touch this file or folder.
    path: Option<String>,
    /// Only commits by this author.
    author: Option<String>,
    /// Commits of all branches.
    all: Option<bool>,
    /// Add line counts to each commit.
    with_stats: Option<bool>,
    /// Follow only the first parent of merges.
    first_parent: Option<bool>,
    /// Order of the history.
    order: Option<HistoryOrder>,
    /// Parse Git trailers.
    trailers: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

/// Order of a history.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum HistoryOrder {
    Default,
    Topo,
}

/// Get one commit.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
#[endpoint(GET, "projects/{project_id}/repository/commits/{sha}", toolset = Branches)]
struct GetCommit {
    /// Project ID or path.
    project_id: ProjectId,
    /// Commit hash, branch or tag.
    sha: String,
    /// Add line counts.
    stats: Option<bool>,
}

/// Get the file diffs of a commit as one unified text.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetCommitDiff {
    /// Project ID or path.
    project_id: ProjectId,
    /// Commit hash, branch or tag.
    sha: String,
    /// Walk all pages instead of one.
    full_diff: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

#[async_trait]
impl Tool for GetCommitDiff {
    const NAME: &'static str = "get_commit_diff";
    type Set = Branches;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let first = ApiRequest::get(
            "projects/{project_id}/repository/commits/{sha}/diff",
            &[("project_id", self.project_id.as_str()), ("sha", &self.sha)],
        )?;
        let files = if self.full_diff == Some(true) {
            context.all_pages(first).await?
        } else {
            let page = first.maybe_query("page", self.page.page);
            context
                .send(page.maybe_query("per_page", self.page.per_page))
                .await?
                .json()?
        };
        let (about, text) = render(&FileDiff::all(&files));
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetCommitDiff);

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
    type Set = Branches;
    const FACTS: Facts = Facts::read()
        .answers(Answers::Text)
        .also_in(&["merge_requests"]);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let excluded = crate::diff::Exclusions::parse(self.excluded_file_patterns.as_deref())?;
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
            .map(|commit| serde_json::json!({ "id": commit["short_id"], "title": commit["title"] }))
            .collect();
        about.insert("commits".to_owned(), titles.into());
        about.insert("files_left_out".to_owned(), left_out.into());
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetBranchDiffs);
