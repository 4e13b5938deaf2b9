//! Several files in one commit:
//! <https://docs.gitlab.com/api/commits/#create-a-commit-with-multiple-files-and-actions>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::Repositories;
use super::tree::GetRepositoryTree;
use crate::model::text_of;
use crate::prelude::*;

words!(FileAction: Create, Update, Delete, Move, Chmod);
words!(FileEncoding: Text, Base64);

/// Commit changes of several files at once.
#[derive(Debug, Deserialize, JsonSchema)]
struct PushFiles {
    /// Project ID or path.
    project_id: ProjectId,
    /// Branch to commit to.
    branch: String,
    /// The changes.
    #[schemars(length(min = 1))]
    files: Vec<FileChange>,
    /// Message of the commit.
    commit_message: String,
    /// Let `create` replace a file that exists.
    overwrite: Option<bool>,
    /// Create `branch` from this one if it does not exist.
    start_branch: Option<String>,
    /// E-mail of the author.
    author_email: Option<String>,
    /// Author of the commit.
    author_name: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct FileChange {
    /// Path from the root of the repository.
    file_path: String,
    /// What to do (create).
    action: Option<FileAction>,
    /// The whole new content.
    content: Option<String>,
    /// Form of the content (text).
    encoding: Option<FileEncoding>,
    /// Where the file was before a move.
    previous_path: Option<String>,
    /// Executable or not, for chmod.
    execute_filemode: Option<bool>,
    /// Refuse if the file has changed since this commit.
    last_commit_id: Option<String>,
}

impl FileChange {
    fn action(&self) -> FileAction {
        self.action.unwrap_or(FileAction::Create)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A removed or moved file is gone from where it was.
fn deletes(arguments: &Map<String, Value>) -> bool {
    let files = arguments.get("files").and_then(Value::as_array);
    let canonical = |file: &Value| text_of(file, "action").map(|word| word.trim().to_lowercase());
    files
        .into_iter()
        .flatten()
        .filter_map(canonical)
        .any(|action| matches!(action.as_str(), "delete" | "move"))
}

impl PushFiles {
    fn check(&self) -> Result<(), ToolError> {
        if self.files.is_empty() {
            return Err(ToolError::argument("files", "name at least one file"));
        }
        for (index, file) in self.files.iter().enumerate() {
            let action = file.action();
            let lacks_content =
                file.content.is_none() && matches!(action, FileAction::Create | FileAction::Update);
            if lacks_content {
                let place = format!("files/{index}/content");
                return Err(ToolError::argument(&place, "this action needs the content"));
            }
            if action == FileAction::Move && file.previous_path.is_none() {
                let place = format!("files/{index}/previous_path");
                return Err(ToolError::argument(&place, "a move needs the old path"));
            }
        }
        Ok(())
    }

    /// Folders where something is to be created, when that may replace what is there.
    fn folders_to_read(&self) -> BTreeSet<&str> {
        self.files
            .iter()
            .filter(|file| self.overwrite == Some(true) && file.action() == FileAction::Create)
            .map(|file| folder_of(&file.file_path))
            .collect()
    }

    /// The commit, with `create` turned into `update` for the files that are there already.
    fn request(&self, existing: &BTreeSet<String>) -> Result<ApiRequest, RequestError> {
        let action = |file: &FileChange| match file.action() {
            FileAction::Create if existing.contains(&file.file_path) => FileAction::Update,
            other => other,
        };
        let actions: Vec<Value> = self
            .files
            .iter()
            .map(|file| {
                let mut member = json!(file);
                if let Some(members) = member.as_object_mut() {
                    members.insert("action".to_owned(), json!(action(file)));
                    members.retain(|_, value| !value.is_null());
                }
                member
            })
            .collect();
        let optional: BTreeMap<&str, &String> = [
            ("start_branch", self.start_branch.as_ref()),
            ("author_email", self.author_email.as_ref()),
            ("author_name", self.author_name.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        let mut body = json!({
            "branch": self.branch,
            "commit_message": self.commit_message,
            "actions": actions,
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(
                optional
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.as_str().into())),
            );
        }
        let segments = [("project_id", self.project_id.as_str())];
        let path = ApiPath::fill("projects/{project_id}/repository/commits", &segments)?;
        Ok(ApiRequest::new(Method::Post, path).json(body))
    }

    /// The paths in one folder; a folder that is not there holds none.
    async fn paths_in(&self, folder: &str, context: &Context) -> Result<Vec<String>, ToolError> {
        let base = self.start_branch.as_ref().unwrap_or(&self.branch);
        let tree = GetRepositoryTree::of(&self.project_id, folder, Some(base));
        match context.all_pages(tree.request()?).await {
            Ok(entries) => Ok(entries
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|entry| text_of(entry, "path").map(str::to_owned))
                .collect()),
            Err(error) if error.status == Some(404) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Tool for PushFiles {
    const NAME: &'static str = "push_files";
    type Set = Repositories;
    const FACTS: Facts = Facts::write().destructive().deletes_when(deletes);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        self.check()?;
        let mut existing = BTreeSet::new();
        for folder in self.folders_to_read() {
            existing.extend(self.paths_in(folder, context).await?);
        }
        let answer = context.send(self.request(&existing)?).await?;
        context.envelope(&answer, &Self::FACTS, &Map::new())
    }
}

register_tool!(PushFiles);

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(files: &Value) -> PushFiles {
        serde_json::from_value(json!({
            "project_id": 7.to_string(), "branch": "main", "commit_message": "m",
            "overwrite": true, "author_name": "Kim", "files": files,
        }))
        .unwrap()
    }

    #[test]
    fn a_create_of_a_file_that_is_there_becomes_an_update() {
        let tool = tool(&json!([
            { "file_path": "src/a.rs", "content": "1" },
            { "file_path": "b.rs", "content": "2" },
            { "file_path": "c.rs", "action": "delete" },
        ]));
        tool.check().unwrap();
        assert_eq!(tool.folders_to_read(), BTreeSet::from(["src", ""]));
        assert_eq!(
            tool.request(&BTreeSet::from(["src/a.rs".to_owned()]))
                .unwrap()
                .to_string(),
            r#"POST projects/7/repository/commits {"branch":"main","commit_message":"m","actions":[{"file_path":"src/a.rs","action":"update","content":"1"},{"file_path":"b.rs","action":"create","content":"2"},{"file_path":"c.rs","action":"delete"}],"author_name":"Kim"}"#
        );
    }

    #[test]
    fn incomplete_changes_are_refused_with_their_place() {
        for (files, place) in [
            (json!([]), "/files:"),
            (json!([{ "file_path": "a" }]), "/files/0/content"),
            (
                json!([{ "file_path": "a", "action": "move" }]),
                "/files/0/previous_path",
            ),
        ] {
            let error = tool(&files).check().unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
        }
    }

    #[test]
    fn removing_and_moving_count_as_deleting() {
        for (action, expected) in [
            ("delete", true),
            ("Move", true),
            ("update", false),
            ("chmod", false),
        ] {
            let arguments = json!({ "files": [{ "file_path": "x" }, { "action": action }] });
            assert_eq!(
                deletes(arguments.as_object().unwrap()),
                expected,
                "{action}"
            );
        }
    }
}
