//! Commits: <https://docs.gitlab.com/api/commits/>

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

words!(HistoryOrder: Default, Topo);

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
    /// Diffs in unified form.
    unidiff: Option<bool>,
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
        let first = first.maybe_query("unidiff", self.unidiff);
        let files = if self.full_diff == Some(true) {
            context.all_pages(first).await?
        } else {
            context.send(self.page.of(first)).await?.json()?
        };
        let (about, text) = render(&FileDiff::all(&files));
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetCommitDiff);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::request;

    #[test]
    fn commits_are_listed_and_read() {
        assert_eq!(
            request::<ListCommits>(&json!({ "project_id": 1, "path": "src", "order": "TOPO" })),
            "GET projects/1/repository/commits?path=src&order=topo"
        );
        assert_eq!(
            request::<GetCommit>(&json!({ "project_id": 1, "sha": "feat/a", "stats": false })),
            "GET projects/1/repository/commits/feat%2Fa?stats=false"
        );
    }
}
