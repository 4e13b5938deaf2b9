//! The next release notes: what was merged since the last release.
//! <https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests>

use std::collections::BTreeMap;

use async_trait::async_trait;
use gitlab_mcp_core::gitlab::{ApiRequest, RequestError};
use gitlab_mcp_core::register_tool;
use gitlab_mcp_core::tool::{Context, ErrorCode, Facts, ProjectId, Tool, ToolError, ToolOutput};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;

use crate::ReleaseNotes;

/// Draft the notes of the next release: every merge request merged since the last one, by label.
/// Nothing is published.
#[derive(Debug, Deserialize, JsonSchema)]
struct DraftReleaseNotes {
    /// Project ID or path.
    project_id: ProjectId,
    /// Version the notes are for, for example `v2.1.0`.
    version: String,
    /// Only what was merged into this branch (any branch).
    target_branch: Option<String>,
}

/// What the draft needs of a release.
#[derive(Debug, Deserialize)]
struct Release {
    tag_name: String,
    released_at: String,
}

/// What the draft needs of a merge request that was merged.
#[derive(Debug, Deserialize)]
struct Change {
    iid: u64,
    title: String,
    merged_at: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
}

#[async_trait]
impl Tool for DraftReleaseNotes {
    const NAME: &'static str = "draft_release_notes";
    type Set = ReleaseNotes;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let releases: Vec<Release> = context.read(self.last_release()?).await?;
        let last = releases.first();
        let merged = context.all_pages(self.merged_since(last)?).await?;
        let mut merged: Vec<Change> =
            serde_json::from_value(merged).map_err(|error| not_merge_requests(&error))?;
        merged.retain(|one| one.is_newer_than(last));
        let mut about = Map::new();
        about.insert("version".to_owned(), self.version.as_str().into());
        about.insert("merge_requests".to_owned(), merged.len().into());
        if let Some(last) = last {
            about.insert("since".to_owned(), last.tag_name.as_str().into());
        }
        // Titles are written by GitLab's users: a text block is framed as such, JSON would not be.
        Ok(context.text_block(about, &draft(&self.version, last, &merged)))
    }
}

register_tool!(DraftReleaseNotes);

impl DraftReleaseNotes {
    fn project(&self) -> [(&str, &str); 1] {
        [("project_id", self.project_id.as_str())]
    }

    fn last_release(&self) -> Result<ApiRequest, RequestError> {
        let request = ApiRequest::get("projects/{project_id}/releases", &self.project())?;
        Ok(request.query("per_page", 1))
    }

    fn merged_since(&self, last: Option<&Release>) -> Result<ApiRequest, RequestError> {
        let request = ApiRequest::get("projects/{project_id}/merge_requests", &self.project())?;
        Ok(request
            .query("state", "merged")
            .maybe_query("target_branch", self.target_branch.as_ref())
            .maybe_query("updated_after", last.map(|last| &last.released_at)))
    }
}

impl Change {
    /// GitLab filters by the last update, which can be much later than the merge. Both times come
    /// from one server in one form, so that text order is time order.
    fn is_newer_than(&self, last: Option<&Release>) -> bool {
        let merged_at = self.merged_at.as_deref().unwrap_or_default();
        last.is_none_or(|last| merged_at > last.released_at.as_str())
    }
}

fn not_merge_requests(error: &serde_json::Error) -> ToolError {
    ToolError::new(
        ErrorCode::UpstreamInvalid,
        format!("GitLab's list of merge requests could not be read: {error}"),
        "try again; if it stays so, list the merge requests instead",
    )
}

/// The notes as Markdown: one section for each first label, unlabelled changes last.
fn draft(version: &str, last: Option<&Release>, merged: &[Change]) -> String {
    let mut sections: BTreeMap<(bool, &str), Vec<&Change>> = BTreeMap::new();
    for one in merged {
        let label = one.labels.first().map(String::as_str);
        let section = (label.is_none(), label.unwrap_or("Other changes"));
        sections.entry(section).or_default().push(one);
    }
    let mut lines = vec![format!("## {version}")];
    if let Some(last) = last {
        lines.push(format!("\nChanges since {}.", last.tag_name));
    }
    if sections.is_empty() {
        lines.push("\nNothing was merged.".to_owned());
    }
    for ((_, title), changes) in sections {
        lines.push(format!("\n### {title}\n"));
        lines.extend(
            changes
                .into_iter()
                .map(|change| format!("- {} (!{})", change.title, change.iid)),
        );
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last() -> Release {
        Release {
            tag_name: "v2.0.0".to_owned(),
            released_at: "2026-03-01T00:00:00.000Z".to_owned(),
        }
    }

    fn merged(iid: u64, title: &str, labels: &[&str], merged_at: &str) -> Change {
        Change {
            iid,
            title: title.to_owned(),
            merged_at: Some(merged_at.to_owned()),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        }
    }

    #[test]
    fn changes_stand_under_their_first_label_and_the_rest_comes_last() {
        let time = "2026-03-02T00:00:00.000Z";
        let changes = [
            merged(3, "Tidy up", &[], time),
            merged(1, "Search by label", &["feature", "search"], time),
            merged(2, "Keep the cursor", &["bug"], time),
        ];
        let expected = "## v2.1.0\n\nChanges since v2.0.0.\n\
            \n### bug\n\n- Keep the cursor (!2)\n\
            \n### feature\n\n- Search by label (!1)\n\
            \n### Other changes\n\n- Tidy up (!3)";
        assert_eq!(draft("v2.1.0", Some(&last()), &changes), expected);
    }

    #[test]
    fn a_project_without_releases_and_changes_has_a_draft_too() {
        assert_eq!(
            draft("v0.1.0", None, &[]),
            "## v0.1.0\n\nNothing was merged."
        );
    }

    #[test]
    fn a_comment_after_the_release_does_not_make_a_change_new() {
        for (merged_at, is_new) in [
            ("2026-02-28T23:59:59.999Z", false),
            ("2026-03-01T00:00:00.001Z", true),
        ] {
            let one = merged(1, "", &[], merged_at);
            assert_eq!(one.is_newer_than(Some(&last())), is_new, "{merged_at}");
            assert!(one.is_newer_than(None));
        }
    }

    #[test]
    fn both_requests_name_the_project() {
        let tool = DraftReleaseNotes {
            project_id: ProjectId("group/project".to_owned()),
            version: "v2.1.0".to_owned(),
            target_branch: Some("main".to_owned()),
        };
        assert_eq!(
            tool.last_release().unwrap().to_string(),
            "GET projects/group%2Fproject/releases?per_page=1"
        );
        let request = tool.merged_since(Some(&last())).unwrap().to_string();
        for part in ["state=merged", "target_branch=main", "updated_after=2026"] {
            assert!(request.contains(part), "{request}");
        }
    }
}
