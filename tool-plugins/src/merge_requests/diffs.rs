//! Diffs: <https://docs.gitlab.com/api/merge_requests/#list-merge-request-diffs>

use serde_json::{Map, Value, json};

use super::MergeRequests;
use super::target::Target;
use crate::diff::{Exclusions, FileDiff, render_within};
use crate::model::text_of;
use crate::prelude::*;

const DIFFS: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/diffs";
const CHANGES: &str = "projects/{project_id}/merge_requests/{merge_request_iid}/changes";

/// Get the diff of a merge request, without files you name.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetMergeRequestDiffs {
    #[serde(flatten)]
    target: Target,
    /// Leave out files whose path matches one of these regular expressions.
    #[schemars(extend("x-aliases" = ["exclude_patterns"]))]
    excluded_file_patterns: Option<Vec<String>>,
    /// Leave out lock files.
    exclude_lockfiles: Option<bool>,
    /// Leave out generated files.
    exclude_generated: Option<bool>,
    /// Diffs in unified form.
    unidiff: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

/// List the changed files of a merge request: paths and line counts.
#[derive(Debug, Deserialize, JsonSchema)]
struct ListMergeRequestChangedFiles {
    #[serde(flatten)]
    target: Target,
    /// Leave out files whose path matches one of these regular expressions.
    excluded_file_patterns: Option<Vec<String>>,
}

/// Get one page of the file diffs of a merge request.
#[derive(Debug, Deserialize, JsonSchema)]
struct ListMergeRequestDiffs {
    #[serde(flatten)]
    target: Target,
    /// Diffs in unified form.
    unidiff: Option<bool>,
    #[serde(flatten)]
    page: Paged,
}

/// Get the diffs of some files of a merge request.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetMergeRequestFileDiff {
    #[serde(flatten)]
    target: Target,
    /// Paths, old or new.
    #[schemars(length(min = 1))]
    file_paths: Vec<String>,
    /// Diffs in unified form.
    unidiff: Option<bool>,
}

/// Every file of the diff; GitLab before 15.7 knows only the other route.
async fn all(
    target: &Target,
    iid: &str,
    unidiff: Option<bool>,
    context: &Context,
) -> Result<Value, ToolError> {
    let request = target.get(DIFFS, iid)?.maybe_query("unidiff", unidiff);
    match context.all_pages(request).await {
        Err(error) if error.status == Some(404) => {
            Ok(context.send(target.get(CHANGES, iid)?).await?.json()?)
        }
        diffs => diffs,
    }
}

/// One file of the diff.
pub(super) async fn file(
    target: &Target,
    iid: &str,
    path: &str,
    context: &Context,
) -> Result<Value, ToolError> {
    let diffs = all(target, iid, None, context).await?;
    let file = FileDiff::all(&diffs)
        .into_iter()
        .find(|file| file.is_about(path));
    file.map(|file| file.json().clone()).ok_or_else(|| {
        ToolError::argument(
            "position/path",
            format!("`{path}` is not changed; list_merge_request_changed_files names the files"),
        )
    })
}

/// What a merge should be bound to: the head this diff was read at.
fn note_head(about: &mut Map<String, Value>, merge_request: &Value) {
    if let Some(sha) = text_of(merge_request, "sha") {
        about.insert("head_sha".to_owned(), sha.into());
    }
}

#[async_trait]
impl Tool for GetMergeRequestDiffs {
    const NAME: &'static str = "get_merge_request_diffs";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let exclusions = Exclusions::parse(self.excluded_file_patterns.as_deref())?
            .and(self.exclude_lockfiles, self.exclude_generated);
        let (iid, merge_request) = self.target.read(context).await?;
        let diffs = if self.page.page.is_some() {
            let request = self.target.get(DIFFS, &iid)?;
            let request = self.page.of(request.maybe_query("unidiff", self.unidiff));
            context.send(request).await?.json()?
        } else {
            all(&self.target, &iid, self.unidiff, context).await?
        };
        let (kept, left_out) = exclusions.apply(FileDiff::all(&diffs));
        let (mut about, text) = render_within(&kept, context.settings.result_bytes);
        note_head(&mut about, &merge_request);
        about.insert("files_left_out".to_owned(), left_out.into());
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetMergeRequestDiffs);

#[async_trait]
impl Tool for ListMergeRequestChangedFiles {
    const NAME: &'static str = "list_merge_request_changed_files";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let exclusions = Exclusions::parse(self.excluded_file_patterns.as_deref())?;
        let (iid, merge_request) = self.target.read(context).await?;
        let diffs = all(&self.target, &iid, None, context).await?;
        let (kept, left_out) = exclusions.apply(FileDiff::all(&diffs));
        let files: Vec<Value> = kept.iter().map(FileDiff::summary).collect();
        let mut output = context.shown(files.into(), &Self::FACTS);
        if let Some(about) = output.structured.as_mut().and_then(Value::as_object_mut) {
            note_head(about, &merge_request);
            about.insert("files_left_out".to_owned(), left_out.into());
        }
        Ok(output)
    }
}

register_tool!(ListMergeRequestChangedFiles);

#[async_trait]
impl Tool for ListMergeRequestDiffs {
    const NAME: &'static str = "list_merge_request_diffs";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read().paged(Paging::Offset).answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let iid = self.target.iid(context).await?;
        let request = self.target.get(DIFFS, &iid)?;
        let request = self.page.of(request.maybe_query("unidiff", self.unidiff));
        let answer = context.send(request).await?;
        let diffs = answer.json()?;
        let (mut about, text) =
            render_within(&FileDiff::all(&diffs), context.settings.result_bytes);
        about.insert("next_page".to_owned(), json!(answer.number("x-next-page")));
        about.insert("total".to_owned(), json!(answer.number("x-total")));
        Ok(context.text_block(about, &text))
    }
}

register_tool!(ListMergeRequestDiffs);

/// The named files of a diff, and the names that are not in it.
fn chosen<'a>(diffs: &'a Value, paths: &[String]) -> (Vec<FileDiff<'a>>, Vec<String>) {
    let files = FileDiff::all(diffs);
    let missing = |path: &&String| !files.iter().any(|file| file.is_about(path));
    let missing = paths.iter().filter(missing).cloned().collect();
    let wanted = |file: &FileDiff<'_>| paths.iter().any(|path| file.is_about(path));
    (files.into_iter().filter(wanted).collect(), missing)
}

#[async_trait]
impl Tool for GetMergeRequestFileDiff {
    const NAME: &'static str = "get_merge_request_file_diff";
    type Set = MergeRequests;
    const FACTS: Facts = Facts::read().answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let (iid, merge_request) = self.target.read(context).await?;
        let diffs = all(&self.target, &iid, self.unidiff, context).await?;
        let (files, missing) = chosen(&diffs, &self.file_paths);
        let (mut about, text) = render_within(&files, context.settings.result_bytes);
        note_head(&mut about, &merge_request);
        if !missing.is_empty() {
            about.insert("not_changed".to_owned(), json!(missing));
        }
        Ok(context.text_block(about, &text))
    }
}

register_tool!(GetMergeRequestFileDiff);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_chosen_by_either_path_and_missing_ones_named() {
        let diffs = json!([
            { "old_path": "a", "new_path": "b", "diff": "" },
            { "old_path": "c", "new_path": "c", "diff": "" },
        ]);
        let paths = ["a", "b", "d"].map(str::to_owned);
        let (files, missing) = chosen(&diffs, &paths);
        assert_eq!(files.iter().map(FileDiff::path).collect::<Vec<_>>(), ["b"]);
        assert_eq!(missing, ["d"]);
    }
}
