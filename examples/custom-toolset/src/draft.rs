//! The next release notes: what was committed since the last tag.
//! <https://docs.gitlab.com/api/commits/#list-repository-commits>

use async_trait::async_trait;
use gitlab_mcp_core::gitlab::{ApiRequest, RequestError};
use gitlab_mcp_core::register_tool;
use gitlab_mcp_core::tool::{Context, ErrorCode, Facts, ProjectId, Tool, ToolError, ToolOutput};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;

use crate::ReleaseNotes;

/// Draft the notes of the next release: every change since the last tag, and whom to thank.
/// Nothing is published.
#[derive(Debug, Deserialize, JsonSchema)]
struct DraftReleaseNotes {
    /// Project ID or path.
    project_id: ProjectId,
    /// Version the notes are for, for example `v2.1.0`.
    version: String,
    /// Branch, tag or commit that will be released (the default branch).
    #[serde(default = "head")]
    r#ref: String,
}

fn head() -> String {
    "HEAD".to_owned()
}

/// What the draft needs of a tag.
#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

/// What the draft needs of a commit.
#[derive(Debug, Deserialize)]
struct Commit {
    short_id: String,
    title: String,
    author_name: String,
    #[serde(default)]
    parent_ids: Vec<String>,
}

#[async_trait]
impl Tool for DraftReleaseNotes {
    const NAME: &'static str = "draft_release_notes";
    type Set = ReleaseNotes;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let tags: Vec<Tag> = context.read(self.last_tag()?).await?;
        let since = tags.first().map(|tag| tag.name.as_str());
        let commits = context.all_pages(self.commits_since(since)?).await?;
        let mut commits: Vec<Commit> =
            serde_json::from_value(commits).map_err(|error| not_commits(&error))?;
        commits.retain(|commit| !commit.is_merge());
        let mut about = Map::new();
        about.insert("version".to_owned(), self.version.as_str().into());
        about.insert("since".to_owned(), since.into());
        about.insert("changes".to_owned(), commits.len().into());
        // Titles are written by GitLab's users: a text block is framed as such, JSON would not be.
        Ok(context.text_block(about, &draft(&self.version, since, &commits)))
    }
}

register_tool!(DraftReleaseNotes);

impl DraftReleaseNotes {
    fn project(&self) -> [(&str, &str); 1] {
        [("project_id", self.project_id.as_str())]
    }

    /// GitLab lists the newest tag first.
    fn last_tag(&self) -> Result<ApiRequest, RequestError> {
        let request = ApiRequest::get("projects/{project_id}/repository/tags", &self.project())?;
        Ok(request.query("per_page", 1))
    }

    fn commits_since(&self, tag: Option<&str>) -> Result<ApiRequest, RequestError> {
        let request = ApiRequest::get("projects/{project_id}/repository/commits", &self.project())?;
        let range = match tag {
            Some(tag) => format!("{tag}..{}", self.r#ref),
            None => self.r#ref.clone(),
        };
        Ok(request.query("ref_name", range))
    }
}

impl Commit {
    /// A merge repeats what the merged commits say themselves.
    fn is_merge(&self) -> bool {
        self.parent_ids.len() > 1
    }
}

fn not_commits(error: &serde_json::Error) -> ToolError {
    ToolError::new(
        ErrorCode::UpstreamInvalid,
        format!("GitLab's list of commits could not be read: {error}"),
        "try again; if it stays so, list the commits instead",
    )
}

/// The notes as Markdown.
fn draft(version: &str, since: Option<&str>, commits: &[Commit]) -> String {
    let mut lines = vec![format!("## {version}"), String::new()];
    if commits.is_empty() {
        lines.push("Nothing has changed.".to_owned());
        return lines.join("\n");
    }
    if let Some(tag) = since {
        lines.push(format!("Changes since {tag}:"));
        lines.push(String::new());
    }
    lines.extend(
        commits
            .iter()
            .map(|commit| format!("- {} ({})", commit.title, commit.short_id)),
    );
    let mut authors: Vec<&str> = commits.iter().map(|one| one.author_name.as_str()).collect();
    authors.sort_unstable();
    authors.dedup();
    lines.push(String::new());
    lines.push(format!("With thanks to {}.", authors.join(", ")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(short_id: &str, title: &str, author_name: &str, parents: usize) -> Commit {
        Commit {
            short_id: short_id.to_owned(),
            title: title.to_owned(),
            author_name: author_name.to_owned(),
            parent_ids: vec![String::new(); parents],
        }
    }

    #[test]
    fn changes_are_listed_and_each_author_is_thanked_once() {
        let commits = [
            commit("a1b2c3d4", "Search by label", "Bob", 1),
            commit("b2c3d4e5", "Keep the cursor", "Alice", 1),
            commit("c3d4e5f6", "Tidy up", "Bob", 1),
        ];
        let expected = "## v2.1.0\n\nChanges since v2.0.0:\n\n\
            - Search by label (a1b2c3d4)\n\
            - Keep the cursor (b2c3d4e5)\n\
            - Tidy up (c3d4e5f6)\n\n\
            With thanks to Alice, Bob.";
        assert_eq!(draft("v2.1.0", Some("v2.0.0"), &commits), expected);
    }

    #[test]
    fn a_project_without_tags_and_changes_has_a_draft_too() {
        let expected = "## v0.1.0\n\nNothing has changed.";
        assert_eq!(draft("v0.1.0", None, &[]), expected);
    }

    #[test]
    fn only_a_commit_with_several_parents_is_a_merge() {
        for (parents, is_merge) in [(0, false), (1, false), (2, true)] {
            assert_eq!(commit("", "", "", parents).is_merge(), is_merge);
        }
    }

    #[test]
    fn the_range_begins_at_the_last_tag() {
        let arguments = serde_json::json!({ "project_id": "group/project", "version": "v2.1.0" });
        let tool: DraftReleaseNotes = serde_json::from_value(arguments).unwrap();
        let project = "GET projects/group%2Fproject/repository";
        assert_eq!(
            tool.last_tag().unwrap().to_string(),
            format!("{project}/tags?per_page=1")
        );
        for (tag, range) in [(Some("v2.0.0"), "v2.0.0..HEAD"), (None, "HEAD")] {
            assert_eq!(
                tool.commits_since(tag).unwrap().to_string(),
                format!("{project}/commits?ref_name={range}")
            );
        }
    }
}
