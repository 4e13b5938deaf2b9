//! Reading and writing files: <https://docs.gitlab.com/api/repository_files/>

use serde_json::{Map, Value, json};

use super::Repositories;
use crate::prelude::*;

const FILE: &str = "projects/{project_id}/repository/files/{file_path}";
const RAW: &str = "projects/{project_id}/repository/files/{file_path}/raw";

/// Read one file as text.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetFileContents {
    /// Project ID or path.
    project_id: ProjectId,
    /// Path of the file from the root of the repository.
    #[schemars(extend("x-aliases" = ["path"]))]
    file_path: String,
    /// Branch, tag or commit (the default branch).
    r#ref: Option<String>,
    /// First line to show, counted from 0.
    #[schemars(range(min = 0))]
    start: Option<u32>,
    /// Lines to show.
    #[schemars(range(min = 1))]
    limit: Option<u32>,
}

#[async_trait]
impl Tool for GetFileContents {
    const NAME: &'static str = "get_file_contents";
    type Set = Repositories;
    const FACTS: Facts = Facts::read().answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", &self.file_path),
        ];
        let request = ApiRequest::get(RAW, &segments)?;
        let request = request.query("ref", self.r#ref.as_deref().unwrap_or("HEAD"));
        let answer = context.send(request).await?;
        let mut about = Map::new();
        about.insert("file_path".to_owned(), self.file_path.into());
        for (header, member) in [
            ("x-gitlab-size", "size"),
            ("x-gitlab-ref", "ref"),
            ("x-gitlab-last-commit-id", "last_commit_id"),
            ("x-gitlab-content-sha256", "content_sha256"),
        ] {
            if let Some(value) = answer.header(header) {
                about.insert(member.to_owned(), value.into());
            }
        }
        if answer.body.contains(&0) {
            about.insert("binary".to_owned(), true.into());
            about.insert("bytes".to_owned(), answer.body.len().into());
            return Ok(ToolOutput::json(json!({ "item": about })));
        }
        let start = i64::from(self.start.unwrap_or_default());
        let count = self.limit.map_or(usize::MAX, |limit| limit as usize);
        Ok(context.window(about, &answer.text(), start, count))
    }
}

register_tool!(GetFileContents);

/// How the content of a file is given.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Encoding {
    Text,
    Base64,
}

/// Create a file, or replace its content, in one commit.
#[derive(Debug, Deserialize, JsonSchema)]
struct CreateOrUpdateFile {
    /// Project ID or path.
    project_id: ProjectId,
    /// Path of the file from the root of the repository.
    file_path: String,
    /// The whole new content.
    content: String,
    /// Message of the commit.
    commit_message: String,
    /// Branch to commit to.
    branch: String,
    /// Create `branch` from this one if it does not exist.
    start_branch: Option<String>,
    /// Refuse if the file has changed since this commit.
    last_commit_id: Option<String>,
    /// Form of `content` (text).
    encoding: Option<Encoding>,
    /// Set to false to refuse replacing an existing file.
    overwrite: Option<bool>,
    /// Author of the commit.
    author_name: Option<String>,
    /// E-mail of the author.
    author_email: Option<String>,
    /// Make the file executable.
    execute_filemode: Option<bool>,
}

impl CreateOrUpdateFile {
    fn body(&self, context: &Context) -> Value {
        let encoding = self.encoding.map_or_else(
            || json!(context.settings.file_encoding),
            |given| json!(given),
        );
        let mut body = json!({
            "branch": self.branch,
            "content": self.content,
            "commit_message": self.commit_message,
            "encoding": encoding,
            "start_branch": self.start_branch,
            "last_commit_id": self.last_commit_id,
            "author_name": self.author_name,
            "author_email": self.author_email,
            "execute_filemode": self.execute_filemode,
        });
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, member| !member.is_null());
        }
        body
    }

    /// Whether the file is there, on the branch that will hold the commit.
    async fn exists(&self, context: &Context) -> Result<bool, ToolError> {
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", &self.file_path),
        ];
        let base = self.start_branch.as_ref().unwrap_or(&self.branch);
        match context
            .send(ApiRequest::get(FILE, &segments)?.query("ref", base))
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.status == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Tool for CreateOrUpdateFile {
    const NAME: &'static str = "create_or_update_file";
    type Set = Repositories;
    const FACTS: Facts = Facts::write();

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        let exists = self.exists(context).await?;
        if exists && self.overwrite == Some(false) {
            return Err(ToolError::argument(
                "file_path",
                "the file exists and overwrite is false; choose another path",
            ));
        }
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("file_path", &self.file_path),
        ];
        let method = if exists { Method::Put } else { Method::Post };
        let request =
            ApiRequest::new(method, ApiPath::fill(FILE, &segments)?).json(self.body(context));
        let answer = context.send(request).await?;
        let mut output = context.envelope(&answer, &Self::FACTS, &Map::new())?;
        if let Some(members) = output.structured.as_mut().and_then(Value::as_object_mut) {
            members.insert("created".to_owned(), (!exists).into());
        }
        Ok(output)
    }
}

register_tool!(CreateOrUpdateFile);
